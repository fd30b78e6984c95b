// Puts the parts together: one state, three tabs, and a look at the API whenever either changes.

import { doubt, isKnown, isOver, learn, recording } from "./about.js";
import * as api from "./api.js";
import { ExchangesTab } from "./exchanges-tab.js";
import { Filters } from "./filters.js";
import { showBooks, showFollowing, showMeasured, showProblem } from "./header.js";
import { showEvents, showLedger } from "./ledger.js";
import { follow } from "./live.js";
import { MapTab } from "./map-tab.js";
import { go, link, onChange, state, TABS } from "./state.js";

/** Changes of these ask nothing of the API. */
const SHOWN_ONLY = ["selected", "caller", "search", "sort"];

/** How often to try again where nobody answers and nothing is followed. */
const RETRY_MS = 10_000;

const byId = (id) => document.getElementById(id);

// What is offered is all that there is, whatever the filters let through now. Without an answer, one can still type.
const filters = new Filters(byId("filters"), () =>
  api.directory().then(
    ({ services }) => services,
    () => [],
  ),
);
const tabs = {
  map: new MapTab(),
  exchanges: new ExchangesTab((problem) => showProblem(problem)),
  ledger: { load: loadLedger },
};

let following = "connecting";
let lastAnswer = null;
let running = null;
let retry = 0;
let isAgain = false;

/** Asks for what the present tab shows. A look for news waits for the one that is under way; a new question does not. */
async function look({ isNews = false } = {}) {
  if (running && isNews) {
    isAgain = true;
    return;
  }
  running?.abort();
  clearTimeout(retry);
  const mine = new AbortController();
  running = mine;
  document.body.classList.add("loading");
  const books = api.ledger(mine.signal);
  // Its failure is for those who await it. How far figures can be trusted is shown whatever else fails.
  books.then(showBooks, () => null);
  try {
    if (await learn(mine.signal)) {
      filters.show();
      showTitle();
      turn();
    }
    const measured = await tabs[state().tab].load(mine.signal, books);
    lastAnswer = new Date().toISOString();
    arrived(measured);
  } catch (problem) {
    if (!mine.signal.aborted) failed(problem);
  }
  if (running !== mine) return;
  running = null;
  document.body.classList.remove("loading", "first");
  if (isAgain) {
    isAgain = false;
    look({ isNews: true });
  }
}

function arrived(measured) {
  showProblem(null);
  filters.blame(null);
  byId("content").classList.remove("stale");
  showFollowing(isOver() ? "fixed" : following);
  if (!measured) return;
  showMeasured(measured, isOver());
  filters.measured(measured);
}

function failed(problem) {
  const known =
    problem instanceof api.Problem
      ? problem
      : new api.Problem({ title: "The page failed", detail: String(problem), status: 1 });
  if (known !== problem) console.error(problem);
  showProblem(known, lastAnswer);
  filters.blame(known);
  byId("content").classList.add("stale");
  if (!known.isOffline) return;
  showFollowing("offline");
  doubt();
  // Where nothing is followed, nobody else asks again.
  if (isOver()) retry = setTimeout(() => look({ isNews: true }), RETRY_MS);
}

async function loadLedger(signal, books) {
  const [body, events] = await Promise.all([books, api.events(signal)]);
  showLedger(byId("ledger"), body);
  showEvents(byId("events"), events);
  return body.range;
}

function showTab() {
  for (const tab of TABS) {
    byId(`${tab}-tab`).hidden = tab !== state().tab;
    const entry = document.querySelector(`nav a[data-tab="${tab}"]`);
    entry.toggleAttribute("aria-current", tab === state().tab);
    if (tab === state().tab) entry.setAttribute("aria-current", "page");
  }
  showTitle();
}

function showTitle() {
  const tab = document.querySelector("nav [aria-current]").textContent;
  document.title = [tab, recording()?.name, "Geophone"].filter(Boolean).join(" · ");
}

/** Links that keep the rest of the state are made anew with it; what belongs to one tab stays with it. */
function showLinks() {
  for (const entry of document.querySelectorAll("a[data-tab]")) entry.href = link({ tab: entry.dataset.tab });
}

const turn = follow(
  () => look({ isNews: true }),
  (how) => {
    following = how;
    showFollowing(how);
  },
  () => isKnown() && !isOver(),
);

onChange((now, before) => {
  turn();
  showLinks();
  filters.show();
  if (now.tab !== before.tab) {
    showTab();
    scrollTo(0, 0);
  }
  const changed = Object.keys(now).filter((name) => now[name] !== before[name]);
  if (changed.some((name) => !SHOWN_ONLY.includes(name))) look();
});

// A link to another state of the page needs no new page.
addEventListener("click", (event) => {
  const target = event.target.closest?.("a[data-tab], a[data-state]");
  if (!target || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(target.href);
});

showTab();
showLinks();
look();
