// The panel about what is selected: a service, or a caller and the service that it calls.

import { el, fill } from "./dom.js";
import { healthLabel, kindWords, networkNote, operationTable, viewTable } from "./figures.js";
import { andP95, duration, percent, shortRate, rate } from "./format.js";
import { figuresOf } from "./graph.js";
import { edgeOperations } from "./card.js";
import { healthIcon } from "./icons.js";
import { sparkline } from "./sparkline.js";
import { change, link } from "./state.js";

/** Callers and callees of which are listed. */
const MAX_PEERS = 30;

export class Details {
  #element;
  #subject = "";

  constructor(element) {
    this.#element = element;
  }

  /** Shows an answer of `api.service`; `nameOf` gives the name of a service by its id. */
  show(detail, caller, nameOf) {
    const edge = caller ? detail.inbound.find((one) => one.source === caller) : null;
    const subject = `${detail.service.id} ${caller}`;
    const scrolled = subject === this.#subject ? this.#element.scrollTop : 0;
    this.#subject = subject;
    this.#element.hidden = false;
    fill(this.#element, caller ? edgePanel(detail, edge, caller, nameOf) : servicePanel(detail, nameOf));
    this.#element.scrollTop = scrolled;
  }

  /** Says that it is on its way, where something else was shown before. */
  wait(id, caller, name) {
    if (this.#subject === `${id} ${caller}`) return;
    this.#subject = "";
    this.#element.hidden = false;
    fill(this.#element, head(name), el("p", { class: "note" }, "Loading …"));
  }

  /** Says why there is nothing to show. */
  fail(problem, name) {
    this.#subject = "";
    this.#element.hidden = false;
    fill(this.#element, head(name), el("p", { class: "problem", role: "alert" }, problem.detail));
  }

  hide() {
    this.#subject = "";
    this.#element.hidden = true;
    fill(this.#element);
  }
}

function head(name, ...more) {
  const close = () => change({ selected: "", caller: "" });
  return el(
    "header",
    {},
    el("h2", {}, name),
    el("button", { type: "button", class: "close", "aria-label": "Close the details", on: { click: close } }, "×"),
    more,
  );
}

function servicePanel(detail, nameOf) {
  const { service } = detail;
  const figures = service.view ? { [service.view]: service } : {};
  return [
    head(service.name, el("p", { class: "note" }, kindWords(service))),
    service.view
      ? el("p", {}, healthLabel(service.health), ` ${service.reason}`)
      : el("p", { class: "note" }, "Nobody here calls it: it only asks."),
    el(
      "p",
      { class: "actions" },
      internal("Exchanges", { tab: "exchanges", service: service.id, selected: "", caller: "" }),
      internal("Only this on the map", { service: service.id }),
    ),
    service.view ? [overTime(detail), viewTable(figures, { more: true })] : null,
    section("Operations", detail.operations.length, operationTable(detail.operations)),
    section("Called by", detail.inbound.length, peers(detail.inbound, "source", nameOf)),
    section("Calls", detail.outbound.length, peers(detail.outbound, "target", nameOf)),
  ];
}

function edgePanel(detail, edge, caller, nameOf) {
  const { service } = detail;
  const names = `${nameOf(caller)} → ${service.name}`;
  if (!edge)
    return [
      head(names),
      el("p", { class: "note" }, "The one does not call the other in this range, as far as the filters go."),
    ];
  return [
    head(names),
    el("p", {}, healthLabel(edge.health), ` ${edge.reason}`),
    el(
      "p",
      { class: "actions" },
      internal(`About ${nameOf(caller)}`, { selected: caller, caller: "" }),
      internal(`About ${service.name}`, { selected: service.id, caller: "" }),
    ),
    viewTable(edge, { more: true }),
    networkNote(edge),
    section("Operations", edge.operations.length, operationTable(edgeOperations(detail, caller))),
  ];
}

function section(title, number, ...content) {
  return number ? el("section", {}, el("h3", {}, title, el("span", { class: "count" }, number)), content) : null;
}

function overTime({ measured, series, step_seconds: length }) {
  const step = length * 1000;
  const [from, to] = [Date.parse(measured.from), Date.parse(measured.to)];
  const known = new Map(series.map((one) => [Date.parse(one.at), one]));
  // A step without requests is left out of the answer: it has the rate 0, and no duration.
  const steps = [];
  for (let at = Math.floor(from / step) * step; at < to; at += step) steps.push([at, known.get(at)]);
  const points = (value) => steps.map(([at, one]) => ({ at: Math.max(at, from), value: value(one) }));
  const common = { from, to, step };
  return el(
    "div",
    { class: "over-time" },
    sparkline({ ...common, title: "Rate", points: points((one) => one?.rate_per_second ?? 0), format: rate }),
    sparkline({
      ...common,
      title: "p95",
      points: points((one) => one?.duration_seconds?.p95 ?? null),
      format: duration,
    }),
  );
}

/** Edges as a list: whom, how often, how often in vain, how long. */
function peers(edges, end, nameOf) {
  const sorted = [...edges].sort((a, b) => figuresOf(b).requests - figuresOf(a).requests);
  const item = (edge) => {
    const figures = figuresOf(edge);
    const errors = figures.errors ? ` · ${percent(figures.error_ratio)} errors` : "";
    const said = shortRate(figures.rate_per_second) + errors + andP95(figures);
    return el(
      "li",
      { class: edge.health, title: edge.reason },
      healthIcon(edge.health),
      internal(nameOf(edge[end]), { selected: edge.target, caller: edge.source }),
      el("span", { class: "note" }, said),
    );
  };
  const rest = edges.length - MAX_PEERS;
  return el(
    "ul",
    { class: "peers" },
    sorted.slice(0, MAX_PEERS).map(item),
    rest > 0 ? el("li", { class: "note" }, `and ${rest} more`) : null,
  );
}

/** A link to another state of the page. */
function internal(text, parts) {
  return el("a", { href: link(parts), "data-state": true }, text);
}
