// What stands where there is nothing to show: why, and what to do about it.

import { el, fill } from "./dom.js";
import { time } from "./format.js";
import { conditions, link, state, unconditioned } from "./state.js";

/** As the design has it, and as the program prints at its start. */
const NOT_SEEN = [
  "what is said inside TLS (https), for now",
  "protocols other than HTTP/1, for now",
  "Unix sockets, raw sockets, SCTP and AF_XDP",
  "traffic that this machine forwards, and that of virtual machines",
  "what runs outside the cgroup2 tree that is observed",
  "this page's own requests",
];

/** How much time before the newest exchange to offer. */
const OFFER_MS = 15 * 60_000;

/** Shows, or with `isEmpty` false hides, why there is nothing. `books` is what the ledger says, or null. */
export function showEmpty(element, isEmpty, books) {
  element.hidden = !isEmpty;
  if (!isEmpty) return fill(element);
  const newest = books?.store.exchanges.newest;
  const { from, to, last } = state();
  if (conditions().length) {
    fill(
      element,
      el("h2", {}, "Nothing matches"),
      el("p", {}, "There may be exchanges in this range, but none that all filters let through."),
      el("p", {}, internal("Take the filters away", unconditioned())),
    );
  } else if (newest && (from || to || last || Date.parse(newest) < Date.now() - OFFER_MS)) {
    const end = Date.parse(newest) + 10_000;
    const range = { last: "", from: new Date(end - OFFER_MS).toISOString(), to: new Date(end).toISOString() };
    fill(
      element,
      el("h2", {}, "Nothing in this range"),
      el("p", {}, `The newest exchange that is kept ended at ${time(newest)}.`),
      el("p", {}, internal("Show the time before it", range)),
    );
  } else {
    fill(
      element,
      el("h2", {}, "No exchange yet"),
      el(
        "p",
        {},
        "Geophone listens, and shows whoever talks HTTP on this machine, about ten seconds after they do. Make an exchange:",
      ),
      el("pre", {}, "python3 -m http.server 8000 &\ncurl http://127.0.0.1:8000/"),
      el("p", {}, "It does not see:"),
      el(
        "ul",
        {},
        NOT_SEEN.map((one) => el("li", {}, one)),
      ),
    );
  }
}

function internal(text, parts) {
  return el("a", { class: "button", href: link(parts), "data-state": true }, text);
}
