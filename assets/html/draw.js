// Elements, and the map of what is around an object: groups that it is in to the left, members to the right.

const number = new Intl.NumberFormat("en-US");
const counted = (n, one, many) => `${number.format(n)} ${n === 1 ? one : many}`;

/** An element with properties, attributes (`aria-…`, `data-…`) and children; strings become text. */
function el(tag, given = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined) continue;
    if (name.includes("-")) made.setAttribute(name, value);
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made[name] = value;
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const LETTER = ["A", "U", "G", "O"];
const WORD = ["account", "user", "group", "other member"];

function mark(n) {
  return el("span", { className: `mark ${KIND[kindOf(n)]}${isBare(n) ? " bare" : ""}`, title: WORD[kindOf(n)], "aria-hidden": "true" }, LETTER[kindOf(n)]);
}

/** A link within this page and to nowhere else. */
const link = (n) => `#${new URLSearchParams({ id: keyOf(n) })}`;

function row(n, far = null) {
  const words = el("span", { className: "words" }, el("span", { className: "name", title: nameOf(n) }, nameOf(n)));
  const second = [...tagsOf(n), isBare(n) ? "no entity of its own" : "", secondOf(n)].filter(Boolean).join(" · ");
  if (second) words.append(el("span", { className: "second" }, second));
  const kind = el("span", { className: "heard" }, `${WORD[kindOf(n)]}: `);
  return el("li", {}, el("a", { className: "row", href: link(n) }, kind, mark(n), words, far && el("span", { className: "far" }, far)));
}

const isNarrow = innerWidth <= 820;
const [WIDE, HIGH, GAP_X, GAP_Y] = isNarrow ? [140, 34, 34, 10] : [188, 34, 72, 10];
const [MOST_AT_ONCE, MOST] = [10, 400];

/** What is around an object. A person opens more of it, in either direction. */
class Around {
  constructor(n) {
    this.here = n;
    /** By number the column; that of the object is 0. */
    this.column = new Map([[n, 0]]);
    /** Of which objects what is shown, and how many: `up` are groups, `down` members. */
    this.open = new Map();
    this.element = el("div", { className: "map", tabIndex: 0, role: "group", "aria-label": "What is around it" });
    this.more(n, "up");
    this.more(n, "down");
    this.draw();
  }

  next(n, way) { return way === "up" ? groups(n) : members(n); }

  /** Shows what is next of an object, or more of it. */
  more(n, way) {
    const id = `${way} ${n}`, shown = this.open.get(id) ?? 0;
    const all = [...this.next(n, way)];
    // Groups first, and among those the large ones: they lead on.
    all.sort((a, b) => (kindOf(b) === GROUP) - (kindOf(a) === GROUP) || members(b).length - members(a).length || a - b);
    const upTo = shown + (shown === 0 ? MOST_AT_ONCE : 3 * MOST_AT_ONCE);
    const column = this.column.get(n) + (way === "up" ? -1 : 1);
    for (const other of all.slice(shown, upTo)) {
      if (this.column.size < MOST && !this.column.has(other)) this.column.set(other, column);
    }
    this.open.set(id, Math.min(upTo, all.length));
  }

  columns() {
    const all = new Map();
    for (const [n, column] of this.column) {
      if (!all.has(column)) all.set(column, []);
      all.get(column).push(n);
    }
    return [...all.entries()].sort(([a], [b]) => a - b);
  }

  draw() {
    const columns = this.columns(), first = columns[0][0];
    const rests = (list, column) => [...this.open].filter(([id, shown]) => {
      const [way, n] = id.split(" ");
      return this.column.get(+n) + (way === "up" ? -1 : 1) === column && shown < this.next(+n, way).length;
    });
    const cells = new Map(columns.map(([column, list]) => [column, [...list, ...rests(list, column).map(([id]) => id)]]));
    const rows = Math.max(...[...cells.values()].map((list) => list.length));
    const width = columns.length * (WIDE + GAP_X) - GAP_X + 24, height = rows * (HIGH + GAP_Y) + 14;
    const place = new Map();
    const plane = el("div", { className: "plane" });
    plane.style.width = `${width}px`;
    plane.style.height = `${height}px`;
    for (const [column, list] of cells) {
      const top = (height - list.length * (HIGH + GAP_Y) + GAP_Y) / 2;
      list.forEach((one, at) => {
        const [x, y] = [12 + (column - first) * (WIDE + GAP_X), top + at * (HIGH + GAP_Y)];
        const made = typeof one === "number" ? this.node(one) : this.rest(one);
        made.style.left = `${x}px`;
        made.style.top = `${y}px`;
        made.style.width = `${WIDE}px`;
        plane.append(made);
        place.set(one, [x, y + HIGH / 2, column]);
      });
    }
    plane.prepend(this.lines(place, width, height));
    this.element.replaceChildren(plane);
    this.at = place.get(this.here);
  }

  node(n) {
    const here = n === this.here, kind = `node ${KIND[kindOf(n)]}${isBare(n) ? " bare" : ""}${here ? " here" : ""}`;
    const name = here ? el("span", { title: nameOf(n) }, nameOf(n)) : el("a", { href: link(n), title: nameOf(n) }, nameOf(n));
    const made = el("div", { className: kind }, name);
    for (const way of ["up", "down"]) {
      const count = this.next(n, way).length, leads = way === "up" ? this.column.get(n) <= 0 : this.column.get(n) >= 0;
      if (count === 0 || !leads || this.open.has(`${way} ${n}`)) continue;
      const words = way === "up" ? `Show the ${counted(count, "group", "groups")} that it is in` : `Show its ${counted(count, "member", "members")}`;
      made.append(el("button", { type: "button", className: way, title: words, "aria-label": `${words}: ${nameOf(n)}`, onclick: () => this.opened(n, way) }, `+${number.format(count)}`));
    }
    return made;
  }

  /** What of an object is not shown. */
  rest(id) {
    const [way, n] = id.split(" ");
    const left = this.next(+n, way).length - this.open.get(id);
    const words = this.column.size < MOST ? `… and ${number.format(left)} more` : `… and ${number.format(left)} more, in the list`;
    const button = el("button", { type: "button", disabled: this.column.size >= MOST, onclick: () => this.opened(+n, way) }, words);
    return el("div", { className: "node rest" }, button);
  }

  opened(n, way) {
    const before = this.at, [left, top] = [this.element.scrollLeft, this.element.scrollTop];
    this.more(n, way);
    this.draw();
    // What was looked at stays where it was.
    this.element.scrollTo(left + this.at[0] - before[0], top + this.at[1] - before[1]);
    this.element.focus({ preventScroll: true });
  }

  /** All edges between what is shown. */
  lines(place, width, height) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("width", width);
    svg.setAttribute("height", height);
    svg.setAttribute("aria-hidden", "true");
    const line = (from, to) => {
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      const forward = from[2] < to[2], [x1, x2] = [from[0] + WIDE, forward ? to[0] : to[0] + WIDE];
      const bend = forward ? Math.max(30, (x2 - x1) / 2) : 46;
      path.setAttribute("d", `M${x1} ${from[1]} C${x1 + bend} ${from[1]} ${forward ? x2 - bend : x2 + bend} ${to[1]} ${x2} ${to[1]}`);
      // A group that is its own member.
      if (from === to) path.setAttribute("d", `M${x1} ${from[1] - 7} C${x1 + 40} ${from[1] - 24} ${x1 + 40} ${from[1] + 24} ${x1} ${from[1] + 7}`);
      if (!forward) path.setAttribute("class", "back");
      svg.append(path);
    };
    for (const n of this.column.keys()) {
      if (members(n).length > 5000) {
        for (const other of this.column.keys()) if (groups(other).includes(n)) line(place.get(n), place.get(other));
      } else {
        for (const member of members(n)) if (this.column.has(member)) line(place.get(n), place.get(member));
      }
    }
    for (const [one, at] of place) {
      if (typeof one === "number") continue;
      const [way, n] = one.split(" "), of = place.get(+n);
      if (way === "up") line(at, of); else line(of, at);
    }
    return svg;
  }

  /** Once it is in the page: the object in the middle. */
  settle() {
    const box = this.element;
    box.scrollTo(this.at[0] + WIDE / 2 - box.clientWidth / 2, this.at[1] - box.clientHeight / 2);
  }
}
