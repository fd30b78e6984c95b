// The books: what was seen, kept and lost, and what else one should know.

import { el, fill } from "./dom.js";
import { bytes, count, coverage, NONE, plural, time, words } from "./format.js";
import { healthIcon } from "./icons.js";

/** What was delivered, in a word for the head of the page; `isWhole` is false where one should look. */
export function verdict({ coverage: { ratio, lost_records: lost, desyncs }, latest }) {
  const unbalanced = latest.flatMap((record) => record.rows).filter((row) => row.imbalance !== 0).length;
  const doubts = [
    ratio < 1 ? "some bytes did not reach a parser" : null,
    lost ? `the kernel could not hand over ${plural(lost, "record")}` : null,
    desyncs ? `a parser lost its place ${plural(desyncs, "time")}` : null,
    unbalanced ? `${plural(unbalanced, "account")} ${unbalanced === 1 ? "does" : "do"} not balance` : null,
  ].filter(Boolean);
  return { text: `${coverage(ratio)} covered`, isWhole: doubts.length === 0, doubts };
}

/** Shows the books. */
export function showLedger(element, body) {
  fill(element, summary(body), body.latest.map(account), held(body.store));
}

/** Shows what happened. */
export function showEvents(element, { events, cursor }) {
  if (!events.length) return fill(element, el("p", { class: "note" }, "Nothing notable in this range."));
  const item = (event) =>
    el(
      "tr",
      {},
      el("td", {}, time(event.at)),
      el("td", {}, words(event.kind)),
      el("td", {}, event.source),
      el("td", { class: "number" }, event.count ? count(event.count) : NONE),
      el("td", { class: "wide" }, event.detail),
    );
  const head = ["Time", "What", "Source", "Count", "Details"].map((name) =>
    el("th", { scope: "col", class: name === "Count" ? "number" : null }, name),
  );
  fill(
    element,
    scrolling("Events", el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, events.map(item)))),
    cursor ? el("p", { class: "note" }, "Older ones are left out: choose an earlier range.") : null,
  );
}

function summary(body) {
  const { coverage: covered } = body;
  const { isWhole, doubts } = verdict(body);
  const figures = [
    ["Coverage", coverage(covered.ratio)],
    ["Wanted by parsers", bytes(covered.wanted_bytes)],
    ["Delivered to them", bytes(covered.delivered_bytes)],
    ["Unpaired messages", count(covered.unpaired_messages)],
    ["Desyncs of parsers", count(covered.desyncs)],
    ["Records lost in the kernel", count(covered.lost_records)],
  ];
  const said = isWhole
    ? "All that parsers wanted has reached them, and all accounts balance."
    : `Figures may be short of the truth: ${doubts.join("; ")}.`;
  return [
    el(
      "p",
      { class: `verdict health ${isWhole ? "healthy" : "degraded"}` },
      healthIcon(isWhole ? "healthy" : "degraded"),
      said,
    ),
    el(
      "dl",
      { class: "tiles" },
      figures.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
    ),
  ];
}

function account({ source, at, rows }) {
  const head = ["Stage", "Unit", "Seen", "Passed on", "Not passed on, and why", "Balanced"];
  const isFigure = (name) => name === "Seen" || name === "Passed on";
  return el(
    "section",
    {},
    el("h3", {}, `Accounts of ${source}`, el("span", { class: "note" }, ` at ${time(at)}`)),
    scrolling(
      `Accounts of ${source}`,
      el(
        "table",
        { class: "accounts" },
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            head.map((name) => el("th", { scope: "col", class: isFigure(name) ? "number" : null }, name)),
          ),
        ),
        el("tbody", {}, rows.map(accountRow)),
      ),
    ),
  );
}

function accountRow({ stage, unit, seen, passed, withheld, imbalance }) {
  const applied = withheld.filter((one) => one.count > 0);
  const silent = withheld.filter((one) => one.count === 0).map((one) => words(one.reason));
  const reasons = applied.map((one) =>
    el("span", { class: "reason" }, words(one.reason), " ", el("b", {}, count(one.count))),
  );
  if (!withheld.length) reasons.push(el("span", { class: "note" }, "nothing"));
  const others = silent.length
    ? el(
        "span",
        { class: "note", title: silent.join(", ") },
        `${applied.length ? "; " : "nothing; "}${plural(silent.length, "other reason")}: 0`,
      )
    : null;
  const balanced =
    imbalance === 0
      ? el("span", { class: "health healthy" }, healthIcon("healthy"), "yes")
      : el(
          "span",
          { class: "health failing" },
          healthIcon("failing"),
          `${count(Math.abs(imbalance))} ${imbalance > 0 ? "vanished" : "too many"}`,
        );
  return el(
    "tr",
    { "data-stage": stage },
    el("th", { scope: "row" }, stage),
    el("td", {}, unit),
    el("td", { class: "number" }, count(seen)),
    el("td", { class: "number" }, count(passed)),
    el("td", { class: "wide" }, reasons, others),
    el("td", {}, balanced),
  );
}

function held(store) {
  const head = ["Rows", "Kept", "Bytes, at most", "Budget", "Dropped for room", "Oldest", "Newest"];
  const isFigure = (name) => !["Rows", "Oldest", "Newest"].includes(name);
  const row = (name) => {
    const { rows, bytes: size, budget_bytes: budget, evicted, oldest, newest } = store[name];
    const figures = [count(rows), bytes(size), budget === null ? "no limit" : bytes(budget), count(evicted)];
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, name),
      figures.map((text) => el("td", { class: "number" }, text)),
      [oldest, newest].map((at) => el("td", {}, at ? time(at) : NONE)),
    );
  };
  const said =
    store.durability === "memory"
      ? "Kept in memory only: a restart loses all of it."
      : "Kept on disk: a restart loses nothing.";
  return el(
    "section",
    {},
    el("h3", {}, "What is kept"),
    el("p", { class: "note" }, said),
    scrolling(
      "What is kept",
      el(
        "table",
        {},
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            head.map((name) => el("th", { scope: "col", class: isFigure(name) ? "number" : null }, name)),
          ),
        ),
        el("tbody", {}, ["points", "exchanges", "ledger", "events"].map(row)),
      ),
    ),
  );
}

/** A table that scrolls sideways where there is no room for it, also by the keyboard. */
function scrolling(name, table) {
  return el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": name }, table);
}
