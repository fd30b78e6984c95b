// The head and foot of the page: whether it follows, up to when figures go, how far they can be trusted.

import { isLive, recording } from "./about.js";
import { attributes, el, fill, write } from "./dom.js";
import { span, time } from "./format.js";
import { healthIcon } from "./icons.js";
import { verdict } from "./ledger.js";

const byId = (id) => document.getElementById(id);

/** How the page follows, in words. */
const FOLLOWING = {
  connecting: ["Connecting", "The page asks to be told of new windows."],
  live: ["Live", "New figures come as soon as a window of ten seconds is closed."],
  connected: ["Connected", "New figures come as soon as somebody writes them."],
  polling: ["Polling", "The stream of news is broken, so the page asks every ten seconds."],
  fixed: ["Fixed range", "The range has ended: nothing in it changes any more."],
  offline: ["Disconnected", "Geophone does not answer; the page goes on trying."],
};

/** Says how the page follows. */
export function showFollowing(how) {
  const [word, title] = following(how);
  attributes(byId("following"), { class: `pill ${how}`, title });
  write(byId("following").querySelector("span"), word);
}

function following(how) {
  if (how === "fixed" && recording()) return replay(recording());
  return FOLLOWING[how === "live" && !isLive() ? "connected" : how];
}

function replay({ name, range }) {
  const when = range.length_seconds ? ` of ${span(range)}` : "";
  return [`Replay of ${name}`, `A recording${when}: nothing in it changes any more.`];
}

/** Says of when the figures are: up to when, where they go on, else from when too. An empty recording is of no time. */
export function showMeasured(range, isOver) {
  const said = range.from === range.to ? "" : span(range);
  write(byId("measured"), isOver ? said : `up to ${time(range.to)}, in steps of 10 s`);
  const title = "Figures come in windows of ten seconds, some seconds after each has ended.";
  attributes(byId("measured"), { datetime: range.to, title: isOver ? null : title });
}

/** Says how much of the traffic the figures are of. */
export function showBooks(body) {
  const { text, isWhole, doubts } = verdict(body);
  const chip = byId("coverage");
  chip.hidden = false;
  attributes(chip, {
    class: `pill health ${isWhole ? "healthy" : "degraded"}`,
    title: isWhole ? "All that parsers wanted has reached them." : doubts.join("; "),
  });
  fill(chip, healthIcon(isWhole ? "healthy" : "degraded"), el("span", {}, text));
  byId("memory").hidden = body.store.durability !== "memory";
}

/** Says in words what went wrong, until it is called with null. */
export function showProblem(problem, lastAnswer) {
  const place = byId("problem");
  place.hidden = !problem;
  if (!problem) return fill(place);
  const since = problem.isOffline && lastAnswer ? ` What is shown is of ${time(lastAnswer)}.` : "";
  const detail = problem.detail.charAt(0).toUpperCase() + problem.detail.slice(1);
  fill(place, el("strong", {}, `${problem.title}. `), detail.replace(/([^.?!])$/, "$1."), since);
}
