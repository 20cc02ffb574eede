"use strict";
// The directory, as it lies in the page: objects have numbers, and edges are two lists of numbers, once by either end.
// Nothing of it ever becomes HTML: text goes into text nodes only.

const [ACCOUNT, USER, GROUP, MEMBER] = [0, 1, 2, 3];
const KIND = ["account", "user", "group", "member"];

const blocks = (of) => document.querySelectorAll(`script[data-of="${of}"]`);
const about = JSON.parse(blocks("about")[0].textContent);

/** What each object is: [kind, key, name, second line, tags, 1 where it is no entity and known by memberships only]. */
const objects = [];
for (const block of blocks("objects")) {
  for (const object of JSON.parse(block.textContent)) objects.push(object);
  block.remove();
}
const kindOf = (n) => objects[n][0];
const keyOf = (n) => objects[n][1];
const nameOf = (n) => objects[n][2];
const secondOf = (n) => objects[n][3];
const tagsOf = (n) => (objects[n][4] ? objects[n][4].split(", ") : []);
const isBare = (n) => objects[n][5] === 1;

/** By key, made when first asked for. */
const numberOf = (() => {
  let numbers = null;
  return (key) => {
    numbers ??= new Map(objects.map((object, n) => [object[1], n]));
    return numbers.get(key);
  };
})();

// What the account has is everything, and says nothing: its edges are counted and not walked.
const [members, groups] = (() => {
  let from = new Uint32Array(1024), to = new Uint32Array(1024), count = 0;
  for (const block of blocks("edges")) {
    for (const [group, all] of JSON.parse(block.textContent)) {
      if (kindOf(group) === ACCOUNT) continue;
      if (count + all.length > from.length) {
        const size = Math.max(from.length * 2, count + all.length);
        const grown = (old) => { const bigger = new Uint32Array(size); bigger.set(old); return bigger; };
        [from, to] = [grown(from), grown(to)];
      }
      for (const member of all) { from[count] = group; to[count] = member; count += 1; }
    }
    block.remove();
  }
  const sorted = (by, other) => {
    const at = new Uint32Array(objects.length + 1);
    for (let n = 0; n < count; n += 1) at[by[n] + 1] += 1;
    for (let n = 0; n < objects.length; n += 1) at[n + 1] += at[n];
    const next = at.slice(), ends = new Uint32Array(count);
    for (let n = 0; n < count; n += 1) ends[next[by[n]]++] = other[n];
    return (n) => ends.subarray(at[n], at[n + 1]);
  };
  return [sorted(from, to), sorted(to, from)];
})();

/** Everything that is reached by `next`, the nearest first: [number, steps]. What it begins with is not in it. */
function reached(n, next) {
  const seen = new Set([n]), all = [];
  let level = [n];
  for (let steps = 1; level.length > 0; steps += 1) {
    const further = [];
    for (const one of level) {
      for (const other of next(one)) {
        if (seen.has(other)) continue;
        seen.add(other);
        all.push([other, steps]);
        further.push(other);
      }
    }
    level = further;
  }
  return all;
}

/** An object's properties; null where the page has none. Read when they are looked at. */
function propertiesOf(n) {
  const block = blocks("properties")[Math.floor(n / about.propertiesInBlock)];
  if (!about.withProperties || !block || isBare(n)) return null;
  return JSON.parse(block.textContent)[n % about.propertiesInBlock];
}

/** Text as it is compared: no case, no accents. */
function folded(text) {
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase();
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/** What is searched of each object, and the objects by name; made when first needed. */
const index = (() => {
  let made = null;
  return () => {
    if (made) return made;
    const names = objects.map((object) => folded(object[2]));
    const texts = objects.map((object, n) => `${names[n]}\n${folded(object[3])}\n${object[1].toLowerCase()}\n${object[4]}`);
    const order = Uint32Array.from(objects.keys());
    order.sort((a, b) => (names[a] < names[b] ? -1 : names[a] > names[b] ? 1 : a - b));
    made = { names, texts, order };
    return made;
  };
})();

// A map, since every word is looked up in it, `constructor` too.
const SPECIAL = new Map([
  ["no:members", (n) => kindOf(n) === GROUP && members(n).length === 0 && !isBare(n)],
  ["no:groups", (n) => kindOf(n) !== ACCOUNT && groups(n).length === 0],
]);

/** The numbers of what has all of the words, names that begin with them first; and how many of each kind. */
function search(text, kind) {
  const { names, texts, order } = index();
  const words = text.trim().split(/\s+/).filter(Boolean);
  const tests = words.map((word) => SPECIAL.get(word.toLowerCase())).filter(Boolean);
  const plain = words.filter((word) => !SPECIAL.has(word.toLowerCase())).map(folded);
  const begins = plain.join(" ");
  const first = [], rest = [], counts = [0, 0, 0, 0];
  for (const n of order) {
    if (!plain.every((word) => texts[n].includes(word)) || !tests.every((test) => test(n))) continue;
    counts[kindOf(n)] += 1;
    if (kind !== null && kindOf(n) !== kind) continue;
    (begins && names[n].startsWith(begins) ? first : rest).push(n);
  }
  return { found: first.concat(rest), counts };
}
