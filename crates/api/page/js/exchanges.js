// The newest exchanges, one by one.

import { codeName } from "./codes.js";
import { el, fill, unseen } from "./dom.js";
import { bytes, duration, NONE, time, words } from "./format.js";
import { change } from "./state.js";
import { healthIcon } from "./icons.js";

/** How a way to end looks. */
const LOOKS = {
  ok: "healthy",
  client_error: "degraded",
  server_error: "failing",
  protocol_error: "failing",
  no_response: "failing",
};

const HEADS = ["Time", "Status", "Protocol", "Request", "Client → server", "Duration", "Trace"];

/** Figures of the table that is wide enough for them. */
const WIDTH = HEADS.length;

export class ExchangesTable {
  #body = el("tbody");
  #opened = new Set();
  #shown = new Set();

  constructor(table) {
    const head = HEADS.map((name) => el("th", { scope: "col", class: name === "Duration" ? "number" : null }, name));
    table.append(el("thead", {}, el("tr", {}, head)), this.#body);
  }

  /** Shows these exchanges instead of what was shown. */
  show(exchanges) {
    const focused = this.#body.contains(document.activeElement)
      ? document.activeElement.closest("tr").dataset.id
      : null;
    this.#shown = new Set();
    fill(this.#body);
    this.append(exchanges);
    if (focused)
      this.#body.querySelector(`tr[data-id="${CSS.escape(focused)}"] button`)?.focus({ preventScroll: true });
  }

  /** Shows older ones below. */
  append(exchanges) {
    for (const exchange of exchanges) {
      this.#shown.add(exchange.id);
      this.#body.append(...this.#rows(exchange));
    }
    this.#opened = this.#opened.intersection(this.#shown);
  }

  /** A row, and one below it with all the rest, for those who ask. */
  #rows(exchange) {
    const isOpen = this.#opened.has(exchange.id);
    const more = el("tr", { class: "more", hidden: !isOpen }, el("td", { colspan: WIDTH }, rest(exchange)));
    const toggle = ({ currentTarget }) => {
      more.hidden = !more.hidden;
      currentTarget.setAttribute("aria-expanded", String(!more.hidden));
      if (more.hidden) this.#opened.delete(exchange.id);
      else this.#opened.add(exchange.id);
    };
    const button = el(
      "button",
      { type: "button", class: "disclose", "aria-expanded": String(isOpen), on: { click: toggle } },
      time(exchange.end, { milliseconds: true }),
    );
    const request = [
      el("span", { class: "verb" }, exchange.verb),
      " ",
      el("span", { class: "path", title: exchange.path }, exchange.path),
    ];
    return [
      el(
        "tr",
        { "data-id": exchange.id, class: LOOKS[exchange.status] },
        el("td", {}, button),
        el("td", {}, status(exchange)),
        el("td", { class: "protocol" }, exchange.protocol),
        el("td", { class: "request" }, request),
        el("td", {}, who(exchange.client), " → ", who(exchange.server)),
        el("td", { class: "number" }, duration(exchange.duration_seconds)),
        el("td", {}, trace(exchange.trace_id)),
      ),
      more,
    ];
  }
}

function status({ status, code, protocol }) {
  const said = code ? [code, codeName(protocol, code)].filter(Boolean).join(" ") : words(status);
  return el(
    "span",
    { class: `health ${LOOKS[status] ?? "unknown"}`, title: words(status) },
    healthIcon(LOOKS[status]),
    said,
    code ? unseen(` ${words(status)}`) : null,
  );
}

function who(identity) {
  return el("span", { class: "who", title: identity.id }, identity.name);
}

function trace(id) {
  if (!id) return NONE;
  const only = () => change({ trace_id: id });
  return el(
    "button",
    { type: "button", class: "link code", title: `Only the trace ${id}`, on: { click: only } },
    `${id.slice(0, 8)}…`,
  );
}

/** What may take the room of two. */
const LONG = ["Client", "Server", "Counted as"];

function rest(exchange) {
  const { client, server } = exchange;
  const named = ({ id, name }) => `${name} (${id})`;
  const rows = [
    ["Client", `${named(client)} at ${exchange.client_address}`],
    ["Server", `${named(server)} at ${exchange.server_address}`],
    ["Host", exchange.authority || NONE],
    ["Counted as", exchange.operation],
    ["Protocol", `${exchange.protocol}, ${words(exchange.shape)}`],
    ["Began", time(exchange.start, { milliseconds: true })],
    ["First byte", duration(exchange.first_byte_seconds)],
    ["Request", bytes(exchange.request_bytes)],
    ["Response", bytes(exchange.response_bytes)],
    ["Measured at", exchange.observed === "same_point" ? "one point, for both views" : `the ${exchange.observed}`],
    ["Trace", exchange.trace_id ?? NONE],
    ["Span", exchange.span_id ?? NONE],
    ["Odd", exchange.flags.length ? exchange.flags.map(words).join(", ") : "nothing"],
  ];
  return el(
    "dl",
    {},
    rows.map(([name, value]) =>
      el("div", { class: LONG.includes(name) ? "long" : null }, el("dt", {}, name), el("dd", {}, value)),
    ),
  );
}
