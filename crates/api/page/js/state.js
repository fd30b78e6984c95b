// What the page shows, as the query of its URL: a link shows the same to somebody else, and "back" goes back.

/** Every part of the state, and its value where the URL has none. */
const DEFAULTS = {
  tab: "map",
  last: "",
  from: "",
  to: "",
  service: "",
  namespace: "",
  path: "",
  protocol: "",
  health: "",
  min_rate: "",
  hide_externals: "",
  selected: "",
  caller: "",
  search: "",
  sort: "-rate",
  status: "",
  url_path: "",
  min_duration: "",
  trace_id: "",
};

/** The tabs. */
export const TABS = ["map", "exchanges", "ledger"];

/** The range where the URL has none. It is the API's own. */
export const DEFAULT_LAST = "15m";

/** The conditions that each tab has; the range of time apart. */
export const FILTERS = {
  map: ["service", "namespace", "path", "protocol", "health", "min_rate", "hide_externals"],
  exchanges: ["service", "protocol", "status", "url_path", "min_duration", "trace_id"],
  ledger: [],
};

let current = read();
const listeners = new Set();

/** The state as it is. */
export function state() {
  return current;
}

/** Calls back with (state, state before) whenever it changes. */
export function onChange(listener) {
  listeners.add(listener);
}

/** Changes parts of the state. `replace` keeps what was before out of the history: for what is typed letter by letter. */
export function change(parts, { replace = false } = {}) {
  const url = link(parts);
  if (url === link({})) return;
  history[replace ? "replaceState" : "pushState"](null, "", url);
  arrive();
}

/** The URL of the state with parts of it changed. */
export function link(parts) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...current, ...parts })) {
    if (value !== DEFAULTS[name]) query.set(name, value);
  }
  const text = query.toString();
  return text ? `?${text}` : location.pathname;
}

/** Goes where a link of `link` points to. */
export function go(href) {
  if (new URL(href, location.href).search === location.search) return;
  history.pushState(null, "", href);
  arrive();
}

/** The conditions of the present tab that are set. */
export function conditions() {
  return FILTERS[current.tab].filter((name) => current[name] !== "");
}

/** What takes all conditions of the present tab away. */
export function unconditioned() {
  return Object.fromEntries(FILTERS[current.tab].map((name) => [name, ""]));
}

/** Whether the range has a fixed end: what was measured in it no longer changes. */
export function isPast() {
  return current.to !== "" && Date.parse(current.to) < Date.now() - 60_000;
}

function read() {
  const query = new URLSearchParams(location.search);
  const found = Object.fromEntries(Object.entries(DEFAULTS).map(([name, value]) => [name, query.get(name) ?? value]));
  if (!TABS.includes(found.tab)) found.tab = DEFAULTS.tab;
  return found;
}

function arrive() {
  const before = current;
  current = read();
  listeners.forEach((listener) => listener(current, before));
}

addEventListener("popstate", arrive);
