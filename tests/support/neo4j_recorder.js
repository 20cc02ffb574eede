// Stands in for `neo4j-driver` in the official command line: each command that it would run is a line of the file that
// TENANTRY_RECORD names. Loaded with `node --require`.
'use strict';
const { appendFileSync } = require('fs');
const Module = require('module');

const driver = {
  auth: { basic: () => ({}) },
  session: { WRITE: 'WRITE' },
  driver: (uri) => ({
    session: () => ({
      run: async (command, parameters) => {
        appendFileSync(process.env.TENANTRY_RECORD, JSON.stringify({ uri, command, parameters }) + '\n');
        return {};
      },
      close: async () => {},
    }),
    close: async () => {},
  }),
};

const load = Module._load;
Module._load = (name, ...rest) => (name === 'neo4j-driver' ? driver : load(name, ...rest));
