// The page: a search, its results, and either all in figures or one object. Where one is stands behind the address's #.

const byId = (id) => document.getElementById(id);
const [searchField, list, page] = [byId("search"), byId("list"), byId("page")];
const ROWS = 100;
const state = { text: "", kind: null, id: null, shown: ROWS, trail: [] };
const TITLES = ["Accounts", "Users", "Groups", "Other members"];

const account = objects.findIndex((object) => object[0] === ACCOUNT);
const tenant = account < 0 ? about.tenantId : nameOf(account);
document.title = `${tenant}: directory`;
byId("home").textContent = tenant;
byId("read").textContent = `Tenant ${about.tenantId} · read ${about.readAt} (run ${about.run}) · ${about.findings.length === 0 ? "complete" : counted(about.findings.length, "gap", "gaps")}`;

const totals = [0, 0, 0, 0];
let bare = 0;
for (const object of objects) {
  if (object[5]) bare += 1; else totals[object[0]] += 1;
}

const kinds = [null, USER, GROUP, MEMBER].filter((kind) => kind === null || objects.some((object) => object[0] === kind));
for (const kind of kinds) {
  const chosen = () => { state.kind = kind; go({ id: null }); };
  byId("kinds").append(el("button", { type: "button", "data-kind": String(kind), onclick: chosen }));
}

/** Goes where the state says, changed by this; the page follows the address. */
function go(change, replaces = false) {
  Object.assign(state, change);
  const hash = `#${address()}`;
  try {
    if (replaces) history.replaceState(null, "", hash); else history.pushState(null, "", hash);
  } catch {
    // Some hosts of a page allow neither.
  }
  show();
}

function address() {
  const at = new URLSearchParams();
  if (state.text) at.set("q", state.text);
  if (state.kind !== null) at.set("kind", KIND[state.kind]);
  if (state.id !== null) at.set("id", state.id);
  return at;
}

function fromAddress() {
  const at = new URLSearchParams(location.hash.slice(1));
  const kind = KIND.indexOf(at.get("kind"));
  const id = at.get("id");
  // A link to an object keeps the search beside it.
  if (id === null || at.has("q") || at.has("kind")) {
    state.text = at.get("q") ?? "";
    state.kind = kind < 0 ? null : kind;
    searchField.value = state.text;
  }
  state.id = id;
  show();
}

function show() {
  const at = state.id !== null ? "object" : state.text.trim() || state.kind !== null ? "list" : "home";
  document.body.className = `at-${at}`;
  state.shown = ROWS;
  results();
  if (state.id === null) home(); else object(state.id);
}

function results() {
  const { found, counts } = search(state.text, state.kind);
  const all = counts.reduce((sum, count) => sum + count, 0);
  for (const button of byId("kinds").children) {
    const kind = button.dataset.kind === "null" ? null : Number(button.dataset.kind);
    button.textContent = `${kind === null ? "All" : TITLES[kind]} ${number.format(kind === null ? all : counts[kind])}`;
    button.setAttribute("aria-pressed", kind === state.kind);
  }
  const words = found.length === 0 ? "Nothing found." : state.text.trim() ? `${counted(found.length, "object", "objects")} found` : counted(found.length, "object", "objects");
  byId("count").textContent = words;
  const fill = () => {
    list.replaceChildren(...found.slice(0, state.shown).map((n) => row(n)));
    for (const a of list.querySelectorAll("a")) if (state.id !== null && a.hash === link(numberOf(state.id) ?? 0)) a.setAttribute("aria-current", "true");
    byId("more").hidden = found.length <= state.shown;
    byId("more").textContent = `Show more (${number.format(Math.max(0, found.length - state.shown))} left)`;
  };
  byId("more").onclick = () => {
    const before = state.shown;
    state.shown += 2 * ROWS;
    fill();
    list.children[before]?.querySelector("a").focus();
  };
  fill();
}

/** A list with its own beginning, and more of it on demand; `all` are [number, steps]. */
function rows(all) {
  const ol = el("ol", {}), box = el("div", { className: "rows" }, ol);
  const more = el("button", { type: "button" });
  let shown = 0;
  const fill = () => {
    for (const [n, steps] of all.slice(shown, shown + ROWS)) ol.append(row(n, steps > 1 ? `over ${steps - 1}` : null));
    shown = Math.min(all.length, shown + ROWS);
    more.hidden = shown === all.length;
    more.textContent = `Show more (${number.format(all.length - shown)} left)`;
  };
  more.onclick = fill;
  fill();
  return [box, more];
}

function panel(title, ...children) {
  return el("section", { className: "panel" }, el("h3", {}, title), ...children);
}

function home() {
  state.trail = [];
  const figure = (count, words, hash) => el(hash ? "a" : "div", { className: "card", href: hash }, el("b", {}, number.format(count)), el("span", {}, words));
  const to = (q, kind) => `#${new URLSearchParams({ ...(q ? { q } : {}), kind: KIND[kind] })}`;
  const of = (kind, test) => objects.reduce((sum, object, n) => sum + (object[0] === kind && !object[5] && test(n) ? 1 : 0), 0);
  const has = (tag) => (n) => tagsOf(n).includes(tag);
  const cards = el("div", { className: "cards" },
    figure(totals[USER], "users", to("", USER)),
    figure(totals[GROUP], "groups", to("", GROUP)),
    totals[MEMBER] > 0 ? figure(totals[MEMBER], "other members", to("", MEMBER)) : null,
    figure(about.relationships, "relationships"),
    bare > 0 ? figure(bare, "members without an entity") : null);
  const worth = el("div", { className: "cards" },
    figure(of(USER, has("guest")), "guests", to("guest", USER)),
    figure(of(USER, has("disabled")), "disabled users", to("disabled", USER)),
    figure(of(GROUP, SPECIAL.get("no:members")), "groups without members", to("no:members", GROUP)),
    figure(of(USER, SPECIAL.get("no:groups")), "users in no group", to("no:groups", USER)));
  const largest = (kind, next) => {
    const all = [];
    objects.forEach((object, n) => { if (object[0] === kind && next(n).length > 0) all.push(n); });
    return all.sort((a, b) => next(b).length - next(a).length || a - b).slice(0, 8);
  };
  const top = (title, kind, next) => {
    const all = largest(kind, next);
    return all.length === 0 ? null : panel(title, el("ol", { className: "rows" }, ...all.map((n) => row(n, number.format(next(n).length)))));
  };
  const type = ([name, count]) => [el("dt", {}, name), el("dd", {}, number.format(count))];
  page.replaceChildren(el("h2", { className: "heard" }, "All in figures"), ...gaps(), cards, worth,
    el("div", { className: "two" }, ...[top("Largest groups", GROUP, members), top("Users in most groups", USER, groups)].filter(Boolean)),
    panel("As JupiterOne gets it", el("dl", { className: "properties" }, ...Object.entries(about.counts).flatMap(type)),
      el("p", { className: "quiet small" }, `Written by ${about.by}, under the names of ${about.naming}. This page loads nothing and sends nothing.`)));
}

/** What is not in here, and what that means. */
function gaps() {
  if (about.findings.length === 0) return [el("div", { className: "note good" }, el("p", {}, "Complete: everything that was asked for was read."))];
  const FIRST = 5;
  const note = (gap) => el("div", { className: "note" }, el("p", {}, el("b", {}, el("bdi", {}, gap.about)), `: ${gap.what}`), gap.means ? el("p", { className: "quiet" }, gap.means) : null);
  const all = about.findings.map(note);
  if (all.length <= FIRST) return all;
  const rest = el("details", { className: "panel" }, el("summary", {}, `${number.format(all.length - FIRST)} more gaps`), ...all.slice(FIRST));
  return [...all.slice(0, FIRST), rest];
}

function object(id) {
  const n = numberOf(id);
  if (n === undefined) {
    page.replaceChildren(el("div", { className: "note" }, el("p", {}, "No object of this key is in this page.")), el("p", {}, el("a", { href: "#" }, "All in figures")));
    return;
  }
  const seen = state.trail.indexOf(n);
  state.trail = seen >= 0 ? state.trail.slice(0, seen + 1) : [...state.trail, n].slice(-7);
  const tags = tagsOf(n).map((tag) => el("span", { className: /guest|disabled|hidden/.test(tag) ? "tag loud" : "tag" }, tag));
  const head = el("div", { className: "panel" },
    el("div", { className: "head" }, mark(n), el("div", {},
      el("h2", { className: "name" }, nameOf(n)),
      secondOf(n) ? el("p", { className: "quiet" }, el("bdi", {}, secondOf(n))) : null,
      el("p", {}, el("span", { className: "tags" }, el("span", { className: "tag" }, WORD[kindOf(n)]), ...tags)))),
    isBare(n) ? el("p", { className: "note" }, "It is no entity here: it could not be read, or is not sent under these names. What is known of it comes from its memberships.") : null,
    el("p", { className: "quiet small" }, "Key ", el("code", {}, keyOf(n))));
  const parts = [trail(), head];
  const around = kindOf(n) === ACCOUNT || members(n).length + groups(n).length === 0 ? null : new Around(n);
  if (around) {
    const words = ["← groups that it is in", "members →"].map((text) => el("span", {}, text));
    parts.push(panel("Around it", around.element, el("p", { className: "legend" }, ...words, el("span", {}, "a number opens more"), el("span", {}, "dashed: a cycle, or a second way"))));
  }
  const lists = [];
  if (kindOf(n) === GROUP) lists.push(related("Members", n, members, "direct", "all, over member groups"));
  if (kindOf(n) !== ACCOUNT) lists.push(related("In groups", n, groups, "direct", "all, over other groups"));
  else lists.push(panel("Everything", el("p", {}, "All users and groups of this page belong to this account.")));
  parts.push(el("div", { className: "two" }, ...lists), properties(n));
  page.replaceChildren(...parts);
  around?.settle();
}

function trail() {
  const all = [el("a", { href: "#" }, "All")];
  for (const n of state.trail) all.push(el("span", { "aria-hidden": "true" }, "›"), n === state.trail.at(-1) ? el("bdi", { "aria-current": "page" }, nameOf(n)) : el("a", { href: link(n) }, el("bdi", {}, nameOf(n))));
  return el("nav", { id: "trail", "aria-label": "The way here" }, ...all);
}

/** Members or groups: direct ones, or over others too; filtered by a word. */
function related(title, n, next, direct, nested) {
  const ways = [[...next(n)].map((one) => [one, 1]), null];
  let [way, word] = [0, ""];
  const body = el("div", {}), buttons = [direct, nested].map((words, at) => el("button", { type: "button", onclick: () => { way = at; fill(); } }, words));
  const field = el("input", { type: "search", placeholder: "Filter", "aria-label": `Filter: ${title}`, oninput: () => { word = folded(field.value.trim()); fill(); } });
  const count = el("span", { className: "quiet small", role: "status" });
  const fill = () => {
    ways[way] ??= reached(n, next);
    const { names, texts } = index();
    const all = ways[way].filter(([one]) => word === "" || texts[one].includes(word));
    all.sort((a, b) => a[1] - b[1] || (names[a[0]] < names[b[0]] ? -1 : names[a[0]] > names[b[0]] ? 1 : 0));
    buttons.forEach((button, at) => button.setAttribute("aria-pressed", at === way));
    count.textContent = number.format(all.length);
    body.replaceChildren(...(all.length === 0 ? [el("p", { className: "quiet" }, word ? "Nothing found." : "None.")] : rows(all)));
  };
  fill();
  const tools = ways[0].length > 0 ? el("div", { className: "tools" }, ...buttons, field, count) : null;
  return panel(title, tools, body);
}

function properties(n) {
  const all = propertiesOf(n);
  if (all === null) {
    const why = isBare(n) ? "None are known: it is no entity here." : `A page of more than ${number.format(about.mostProperties)} objects has none, or it would be too large to open. tenantry show ${keyOf(n)} tells them.`;
    return panel("Properties", el("p", { className: "quiet" }, why));
  }
  const words = (value) => (value === true ? "yes" : value === false ? "no" : Array.isArray(value) ? value.map(words).join("\n") : typeof value === "object" ? JSON.stringify(value) : String(value));
  const known = Object.entries(all).filter(([, value]) => value !== null && value !== "" && !(Array.isArray(value) && value.length === 0));
  return panel("Properties", el("dl", { className: "properties" }, ...known.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, el("bdi", {}, words(value)))])));
}

let waiting = 0;
searchField.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => go({ text: searchField.value, id: null }, true), objects.length > 20000 ? 150 : 0);
});
byId("form").addEventListener("submit", (event) => { event.preventDefault(); list.querySelector("a")?.focus(); });
addEventListener("hashchange", fromAddress);
addEventListener("popstate", fromAddress);
document.addEventListener("click", (event) => {
  const a = event.target.closest?.("a[href^='#']");
  if (!a || a.className === "skip") return;
  event.preventDefault();
  const at = new URLSearchParams(a.hash.slice(1)), id = at.get("id"), kind = KIND.indexOf(at.get("kind"));
  if (id !== null) {
    go({ id });
    scrollTo(0, 0);
    page.focus({ preventScroll: true });
  } else {
    searchField.value = at.get("q") ?? "";
    go({ id: null, text: searchField.value, kind: kind < 0 ? null : kind });
  }
});
document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLInputElement;
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    searchField.focus();
    searchField.select();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const all = [...list.querySelectorAll("a")], at = all.indexOf(document.activeElement);
    if (at < 0 && event.target !== searchField) return;
    event.preventDefault();
    const next = at + (event.key === "ArrowDown" ? 1 : -1);
    (next < 0 ? searchField : all[Math.min(next, all.length - 1)])?.focus();
  }
});

fromAddress();
