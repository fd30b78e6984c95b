// Figures of requests in tables: in one column for each end that measured.

import { el, unseen } from "./dom.js";
import { bytes, count, duration, NONE, percent, rate, shortRate, words } from "./format.js";
import { healthIcon, isSpecial } from "./icons.js";

const quantile = (name) => (figures) => duration(figures.duration_seconds?.[name]);

const ROWS = [
  ["Rate", (figures) => rate(figures.rate_per_second)],
  ["Requests", (figures) => count(figures.requests)],
  ["Errors", (figures) => withShare(figures.errors, figures.error_ratio)],
  ["Client errors", (figures) => withShare(figures.client_errors, share(figures))],
  ["p50", quantile("p50")],
  ["p95", quantile("p95")],
  ["p99", quantile("p99")],
];

const MORE_ROWS = [
  ["p99.9", quantile("p999")],
  ["Slowest", quantile("max")],
  ["Request bytes", (figures) => bytes(figures.request_bytes)],
  ["Response bytes", (figures) => bytes(figures.response_bytes)],
];

/** Requests that the server says the client got wrong, over all. */
export function share(figures) {
  return figures.requests ? figures.client_errors / figures.requests : 0;
}

function withShare(number, ratio) {
  return number ? `${count(number)} (${percent(ratio)})` : "0";
}

/** A health in words, with its shape. */
export function healthLabel(health) {
  return el("span", { class: `health ${health}` }, healthIcon(health), health);
}

/**
 * What both ends measured, side by side. `views` has `client` and `server`, either of which may be null.
 * `more` adds what there is room for in a panel.
 */
export function viewTable(views, { more = false } = {}) {
  const seen = ["client", "server"].filter((view) => views[view]);
  const head = el(
    "tr",
    {},
    el("td"),
    seen.map((view) => el("th", { scope: "col" }, `${view} view`)),
  );
  const row = ([name, text]) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, name),
      seen.map((view) => el("td", {}, text(views[view]))),
    );
  return el(
    "table",
    { class: "views" },
    el("thead", {}, head),
    el("tbody", {}, [...ROWS, ...(more ? MORE_ROWS : [])].map(row)),
  );
}

/** What the difference of the two views is, where it can be told. */
export function networkNote(edge) {
  if (edge.same_point) return el("p", { class: "note" }, "Both views are of one measurement: no network time.");
  const time = edge.network_time_seconds;
  if (!time) return null;
  const figures = `${duration(time.median)} between the medians, ${duration(time.mean)} between the means`;
  return el("p", { class: "note" }, el("strong", {}, "Network and queues: "), figures);
}

/** Rate, errors and durations by operation; `operations` have `name` and `figures`. */
export function operationTable(operations, { most = Infinity } = {}) {
  if (!operations.length) return el("p", { class: "note" }, "None was measured.");
  const sorted = [...operations].sort((a, b) => b.figures.requests - a.figures.requests);
  const head = ["Rate", "Errors", "Client errors", "p50", "p95", "p99"];
  // The name has a row of its own: there is little room, and names are long.
  const group = ({ name, figures }) => {
    const rate = el("td", { class: "number" }, shortRate(figures.rate_per_second));
    const cells = [
      rate,
      errorCell(figures),
      clientErrorCell(figures),
      ...["p50", "p95", "p99"].map((of) => quantileCell(figures, of)),
    ];
    const title = el("div", { class: "path", title: name }, name);
    const over = el("th", { scope: "rowgroup", colspan: head.length }, title);
    return el("tbody", {}, el("tr", {}, over), el("tr", {}, cells));
  };
  const rest = sorted.length - most;
  return [
    el(
      "div",
      { class: "scroll", tabindex: "0", role: "group", "aria-label": "Operations" },
      el(
        "table",
        { class: "operations" },
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            head.map((name) => el("th", { scope: "col", class: "number" }, name)),
          ),
        ),
        sorted.slice(0, most).map(group),
      ),
    ),
    rest > 0 ? el("p", { class: "note" }, `and ${rest} more`) : null,
  ];
}

/** Cells of a table. */
export function rateCell(figures) {
  return el("td", { class: "number" }, figures ? rate(figures.rate_per_second) : NONE);
}

export function errorCell(figures) {
  return alarmingCell(figures?.errors, figures?.error_ratio);
}

export function clientErrorCell(figures) {
  return alarmingCell(figures?.client_errors, figures && share(figures), "");
}

export function quantileCell(figures, name) {
  return el("td", { class: "number" }, duration(figures?.duration_seconds?.[name]));
}

/** What the client got wrong alarms nobody by itself: whether it is too much is in the health. */
function alarmingCell(number, ratio, how = "alarming") {
  if (number === undefined) return el("td", { class: "number" }, NONE);
  const title = number ? count(number) : null;
  return el(
    "td",
    { class: number && how ? `number ${how}` : "number", title },
    percent(ratio),
    number ? unseen(` (${title})`) : null,
  );
}

/** The kind of a service in words: `database (postgres), container in shop`. */
export function kindWords(service) {
  const kind = service.namespace ? `${words(service.kind)} in ${service.namespace}` : words(service.kind);
  return isSpecial(service) ? `${roleWords(service)} (${service.protocols.join(", ")}), ${kind}` : kind;
}

/** What a service is in few words: `database`, or `container` for one that is a program like others. */
export function roleWords(service) {
  return words(isSpecial(service) ? service.role : service.kind);
}
