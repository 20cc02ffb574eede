-- One tenant's directory over time. A row is valid in the runs [from_run, to_run); to_run = 9223372036854775807 while it
-- still holds. Three indexes are not here, but built when a run first finishes (late.rs): from a text to its number
-- (key_by_text), the order of lists (object_in_order), and from a member to its groups (edge_by_member).

CREATE TABLE store (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    tenant     TEXT NOT NULL,
    created_at INTEGER NOT NULL                 -- milliseconds since 1970, as every time in here
);

CREATE TABLE run (
    id             INTEGER PRIMARY KEY,
    status         TEXT NOT NULL,               -- running, complete, partial, failed, interrupted, scoped
    leftover       INTEGER NOT NULL DEFAULT 1,  -- 1 while rows may carry a number of this run that never finished
    started_at     INTEGER NOT NULL,
    finished_at    INTEGER,
    requests       INTEGER NOT NULL DEFAULT 0,
    resource_units INTEGER NOT NULL DEFAULT 0,
    seconds        REAL NOT NULL DEFAULT 0,
    gaps           TEXT NOT NULL DEFAULT '[]',  -- JSON, as reports list them
    counts         TEXT,                        -- JSON of what it holds, by kind; null until it is finished
    kind           TEXT NOT NULL DEFAULT 'full',-- full, gentle, delta, scoped
    plan           TEXT NOT NULL DEFAULT '',    -- a fingerprint of what it asks for
    last_at        INTEGER,                     -- when its last page was written
    last_full      INTEGER,                     -- when everything was last read in full, as of this run
    sp_as_of       INTEGER,                     -- the same of service principals in groups, where changes leave them out
    longest        INTEGER,                     -- the most members that an expansion showed
    sign_ins       INTEGER NOT NULL DEFAULT 0   -- whether it also asks when users last signed in
);

CREATE TABLE checkpoint (
    run        INTEGER NOT NULL,
    collection TEXT NOT NULL,
    next_link  TEXT,
    done       INTEGER NOT NULL,
    total      INTEGER,
    state      TEXT,                            -- null until the collection ended
    code       TEXT,
    request_id TEXT,
    reason     TEXT,
    delta      INTEGER NOT NULL DEFAULT 0,      -- 1 where what it did not name is as it was
    PRIMARY KEY (run, collection)
) WITHOUT ROWID;

-- Where delta queries go on: taken by a run in progress, and, once it has finished, for the next one.
CREATE TABLE delta_link (
    run        INTEGER NOT NULL,
    collection TEXT NOT NULL,
    link       TEXT NOT NULL,
    PRIMARY KEY (run, collection)
) WITHOUT ROWID;

-- What runs found out about the tenant.
CREATE TABLE learned (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), json TEXT NOT NULL);

-- Ids, `_key`s and type names, by small numbers.
CREATE TABLE key (
    num  INTEGER PRIMARY KEY,
    text TEXT NOT NULL                         -- no two alike
);

-- What lists need of an object. `entity` is 0 for a member that is known to exist and could not be read.
CREATE TABLE object (
    version  INTEGER PRIMARY KEY,
    num      INTEGER NOT NULL,
    from_run INTEGER NOT NULL,
    to_run   INTEGER NOT NULL,
    kind     INTEGER NOT NULL,
    entity   INTEGER NOT NULL,
    odata    TEXT NOT NULL,                     -- as the membership or the object named it; may be empty
    sort     TEXT NOT NULL,                     -- the name without case, then the id: the order of every list
    name     TEXT NOT NULL,
    second   TEXT NOT NULL,
    label    TEXT NOT NULL,
    search   TEXT NOT NULL,                     -- name, login name, mail and id in lower case
    traits   INTEGER NOT NULL DEFAULT 0,        -- bits of domain::traits
    created  INTEGER,
    mail     TEXT NOT NULL DEFAULT '',          -- this and what follows: for filters and orders; empty where there is none
    department TEXT NOT NULL DEFAULT '',
    title    TEXT NOT NULL DEFAULT '',          -- jobTitle
    company  TEXT NOT NULL DEFAULT '',
    country  TEXT NOT NULL DEFAULT ''           -- usageLocation
);
CREATE UNIQUE INDEX object_by_num ON object (num, from_run, to_run);
-- What is over, so that it is found without looking at all that is not.
CREATE INDEX object_over ON object (to_run) WHERE to_run < 9223372036854775807;

-- An object's JSON as received, apart from what lists read.
CREATE TABLE raw (
    version INTEGER PRIMARY KEY,
    json    TEXT NOT NULL
);

CREATE TABLE edge (
    grp      INTEGER NOT NULL,
    member   INTEGER NOT NULL,
    from_run INTEGER NOT NULL,
    to_run   INTEGER NOT NULL,
    odata    INTEGER NOT NULL,                  -- key.num of the member's type as the membership named it
    PRIMARY KEY (grp, member, from_run)
) WITHOUT ROWID;
CREATE INDEX edge_over ON edge (to_run) WHERE to_run < 9223372036854775807;

-- Members that are gone and that their group still lists, as it does with users in the recycle bin: no edges, but when
-- such a member comes back, its groups are to be read again, because no delta query names them.
CREATE TABLE ghost_edge (
    grp      INTEGER NOT NULL,
    member   INTEGER NOT NULL,
    from_run INTEGER NOT NULL,
    to_run   INTEGER NOT NULL,
    odata    INTEGER NOT NULL,
    PRIMARY KEY (grp, member, from_run)
) WITHOUT ROWID;

-- A user's `signInActivity` as received.
CREATE TABLE sign_in (
    num      INTEGER NOT NULL,
    from_run INTEGER NOT NULL,
    to_run   INTEGER NOT NULL,
    json     TEXT NOT NULL,
    PRIMARY KEY (num, from_run)
) WITHOUT ROWID;

-- How each group's list ended. Of a finished run only what is not complete is kept.
CREATE TABLE group_state (
    run        INTEGER NOT NULL,
    grp        INTEGER NOT NULL,
    state      TEXT NOT NULL,
    code       TEXT,
    request_id TEXT,
    reason     TEXT,
    via        INTEGER,                         -- null: by the list itself; n: by an expansion that showed n
    PRIMARY KEY (run, grp)
) WITHOUT ROWID;

-- When a finished run last read it completely.
CREATE TABLE whole_group (grp INTEGER PRIMARY KEY, at INTEGER NOT NULL);
CREATE TABLE whole_collection (collection TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;

-- The run that is being written: what it saw unchanged, and what it learned of single ids.
CREATE TABLE seen_object (num INTEGER PRIMARY KEY);
CREATE TABLE seen_edge (grp INTEGER NOT NULL, member INTEGER NOT NULL, PRIMARY KEY (grp, member)) WITHOUT ROWID;
CREATE TABLE resolution (num INTEGER PRIMARY KEY, gone INTEGER NOT NULL, odata INTEGER NOT NULL);
CREATE TABLE reborn (num INTEGER PRIMARY KEY); -- was said to be gone, and came back in the same run

-- What each target is believed to hold. Every upload writes a generation of its own; the last finished one is the belief,
-- those in doubt may be there as well. A mapped edge that tells of its far end has a fingerprint of that in `mapped`.
CREATE TABLE target (num INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
CREATE TABLE upload (
    id          INTEGER PRIMARY KEY,
    target      INTEGER NOT NULL,
    naming      TEXT NOT NULL,
    run         INTEGER NOT NULL,
    state       TEXT NOT NULL,                  -- open, in_doubt, finished, superseded, dropped
    started_at  INTEGER NOT NULL,
    finished_at INTEGER,
    job_id      TEXT,
    partial     TEXT NOT NULL                   -- JSON list of the types exempt from deletion
);
CREATE TABLE belief_entity (
    target INTEGER NOT NULL,
    num    INTEGER NOT NULL,
    upload INTEGER NOT NULL,
    type   INTEGER NOT NULL,
    print  BLOB NOT NULL,
    PRIMARY KEY (target, num, upload)
) WITHOUT ROWID;
CREATE TABLE belief_edge (
    target   INTEGER NOT NULL,
    from_num INTEGER NOT NULL,
    to_num   INTEGER NOT NULL,
    upload   INTEGER NOT NULL,
    type     INTEGER NOT NULL,
    mapped   INTEGER NOT NULL,                  -- 0 direct, 1 mapped, 2 one or the other
    PRIMARY KEY (target, from_num, to_num, upload)
) WITHOUT ROWID;
