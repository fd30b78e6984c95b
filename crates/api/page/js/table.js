// The table of services.

import { attributes, el, fill, write } from "./dom.js";
import { clientErrorCell, errorCell, healthLabel, kindWords, quantileCell, rateCell, roleWords, share } from "./figures.js";
import { NONE, plural } from "./format.js";
import { change, state } from "./state.js";

/** More rows than this make a browser slow. */
const MAX_ROWS = 500;

const SEVERITY = { failing: 3, degraded: 2, healthy: 1, unknown: 0 };

/** What a column is called, what it is sorted by (null is always last), and its cell. Figures come largest first. */
const COLUMNS = [
  { key: "name", title: "Service", by: (service) => service.name.toLowerCase(), cell: nameCell, text: true },
  {
    key: "kind",
    title: "Kind",
    by: (service) => `${service.role} ${service.kind}`,
    cell: (service) => el("td", { title: kindWords(service) }, roleWords(service)),
    text: true,
  },
  {
    key: "health",
    title: "Health",
    by: (service) => service.view && SEVERITY[service.health],
    cell: healthCell,
    text: true,
    largestFirst: true,
  },
  {
    key: "rate",
    title: "Rate",
    by: (service) => service.view && service.rate_per_second,
    cell: (service) => rateCell(figured(service)),
  },
  {
    key: "errors",
    title: "Errors",
    by: (service) => service.view && service.error_ratio,
    cell: (service) => errorCell(figured(service)),
  },
  {
    key: "4xx",
    title: "Client errors",
    by: (service) => service.view && share(service),
    cell: (service) => clientErrorCell(figured(service)),
  },
  ...["p50", "p95", "p99"].map((name) => ({
    key: name,
    title: name,
    by: (service) => service.duration_seconds && service.duration_seconds[name],
    cell: (service) => quantileCell(figured(service), name),
  })),
  {
    key: "view",
    title: "View",
    by: (service) => service.view,
    cell: (service) => el("td", {}, service.view ?? NONE),
    text: true,
  },
];

/** Somebody whom nobody calls has no figures: zeros would say that somebody tried. */
function figured(service) {
  return service.view ? service : null;
}

function nameCell(service) {
  const choose = () => change({ selected: service.id, caller: "" });
  const button = el(
    "button",
    { type: "button", class: "link", title: service.name, on: { click: choose } },
    service.name,
  );
  const namespace = service.namespace ? el("span", { class: "namespace" }, service.namespace) : null;
  return el("th", { scope: "row" }, button, namespace);
}

function healthCell(service) {
  return service.view ? el("td", { title: service.reason }, healthLabel(service.health)) : el("td", {}, NONE);
}

export class ServicesTable {
  #head;
  #body;
  #note;
  #services = [];
  #near = null;

  /** `table` is the element, `note` an element for what is not shown. */
  constructor(table, note) {
    this.#note = note;
    this.#head = COLUMNS.map((column) => {
      const sort = () => change({ sort: nextSort(column) }, { replace: true });
      const button = el(
        "button",
        { type: "button", on: { click: sort } },
        column.title,
        el("span", { class: "sorted", "aria-hidden": "true" }),
      );
      return el("th", { scope: "col", class: column.text ? null : "number" }, button);
    });
    this.#body = el("tbody");
    table.append(el("thead", {}, el("tr", {}, this.#head)), this.#body);
  }

  /** Shows services: with `near`, a set of ids, only those. */
  show(services, near) {
    this.#services = services;
    this.#near = near;
    this.refresh();
  }

  /** Shows the same services as the state now says. */
  refresh() {
    const { search, selected } = state();
    const [column, sign] = sorting();
    const wanted = search.toLowerCase();
    const around = this.#services.filter((service) => !this.#near || this.#near.has(service.id));
    const found = around.filter(({ name, namespace }) => `${namespace ?? ""}/${name}`.toLowerCase().includes(wanted));
    found.sort((a, b) => compare(column.by(a), column.by(b), sign) || compare(a.name, b.name, 1));

    // Rows are made anew: the focus goes on to the new button of the same service.
    const focused = this.#body.contains(document.activeElement)
      ? document.activeElement.closest("tr").dataset.id
      : null;
    const rows = found.slice(0, MAX_ROWS).map((service) => {
      const attributes = { "data-id": service.id, class: service.id === selected ? "selected" : null };
      return el(
        "tr",
        attributes,
        COLUMNS.map((one) => one.cell(service)),
      );
    });
    fill(this.#body, rows);
    rows
      .find((row) => row.dataset.id === focused)
      ?.querySelector("button")
      .focus({ preventScroll: true });

    this.#head.forEach((cell, index) => {
      const isSorted = COLUMNS[index] === column;
      attributes(cell, { "aria-sort": isSorted ? (sign > 0 ? "ascending" : "descending") : null });
      write(cell.querySelector(".sorted"), isSorted ? (sign > 0 ? "▲" : "▼") : "");
    });
    write(this.#note, this.#said(found.length, around.length));
  }

  #said(found, around) {
    const all = this.#services.length;
    if (!all) return "";
    const cut = found > MAX_ROWS ? `, of which the first ${MAX_ROWS} are shown` : "";
    if (found < around) return `${found} of ${plural(around, "service")}: the search${cut}`;
    if (around < all) return `${around} of ${plural(all, "service")}: what is selected and its neighbours${cut}`;
    return plural(all, "service") + cut;
  }
}

/** The column that is sorted by, and 1 for the smallest first. */
function sorting() {
  const text = state().sort;
  const key = text.replace(/^-/, "");
  return [COLUMNS.find((column) => column.key === key) ?? COLUMNS[0], text.startsWith("-") ? -1 : 1];
}

function nextSort(column) {
  const [current, sign] = sorting();
  const largestFirst = current === column ? sign > 0 : !column.text || column.largestFirst;
  return (largestFirst ? "-" : "") + column.key;
}

/** What has no figure is last, whichever way. */
function compare(a, b, sign) {
  const none = (value) => value === null || value === undefined;
  if (none(a) || none(b)) return none(a) - none(b);
  return a < b ? -sign : a > b ? sign : 0;
}
