// What stands where there is nothing to show: why, and what to do about it.

import { notSeen, recording } from "./about.js";
import { el, fill } from "./dom.js";
import { time } from "./format.js";
import { conditions, link, state, unconditioned } from "./state.js";

/** How much time before the newest exchange to offer. */
const OFFER_MS = 15 * 60_000;

/** Shows, or with `isEmpty` false hides, why there is nothing. `books` is what the ledger says, or null. */
export function showEmpty(element, isEmpty, books) {
  element.hidden = !isEmpty;
  fill(element, isEmpty ? reason(books?.store.exchanges.newest ?? null) : []);
}

/** `newest` is when the newest exchange that is kept ended, or null. */
function reason(newest) {
  const { from, to, last } = state();
  const hasRange = Boolean(from || to || last);
  if (conditions().length) return nothingMatches();
  if (!newest) return recording() ? nothingRecorded() : nothingYet();
  if (recording()) return hasRange ? nothingThen(newest, { last: "", from: "", to: "" }, "Show the whole recording") : [];
  if (!hasRange && Date.parse(newest) >= Date.now() - OFFER_MS) return nothingYet();
  const end = Date.parse(newest) + 10_000;
  const range = { last: "", from: new Date(end - OFFER_MS).toISOString(), to: new Date(end).toISOString() };
  return nothingThen(newest, range, "Show the time before it");
}

function nothingMatches() {
  return [
    el("h2", {}, "Nothing matches"),
    el("p", {}, "There may be exchanges in this range, but none that all filters let through."),
    el("p", {}, internal("Take the filters away", unconditioned())),
  ];
}

function nothingThen(newest, range, offer) {
  return [
    el("h2", {}, "Nothing in this range"),
    el("p", {}, `The newest exchange that is kept ended at ${time(newest)}.`),
    el("p", {}, internal(offer, range)),
  ];
}

function nothingYet() {
  return [
    el("h2", {}, "No exchange yet"),
    el(
      "p",
      {},
      "Geophone listens, and shows whoever talks HTTP on this machine, about ten seconds after they do. Make an exchange:",
    ),
    el("pre", {}, "python3 -m http.server 8000 &\ncurl http://127.0.0.1:8000/"),
    ...notSeenList("It does not see:"),
  ];
}

function nothingRecorded() {
  return [
    el("h2", {}, "No exchange in this recording"),
    el(
      "p",
      {},
      "All of ",
      el("b", {}, recording().name),
      " was read, and nothing in it was an exchange of a protocol that is known. What there was instead is in the ",
      el("a", { href: link({ tab: "ledger" }), "data-state": true }, "ledger"),
      ".",
    ),
    ...notSeenList("It does not show:"),
  ];
}

function notSeenList(title) {
  const items = notSeen().map((one) => el("li", {}, one));
  return items.length ? [el("p", {}, title), el("ul", {}, items)] : [];
}

function internal(text, parts) {
  return el("a", { class: "button", href: link(parts), "data-state": true }, text);
}
