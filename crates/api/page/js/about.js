// What is served: traffic as it happens, or a recording. It stays the same as long as the program that answers does.

import * as api from "./api.js";
import { isPast } from "./state.js";

let known = null;
let isCurrent = false;

/** Learns it, unless it is known already. Resolves to whether there was something to learn. */
export async function learn(signal) {
  if (isCurrent) return false;
  known = await api.about(signal);
  isCurrent = true;
  return true;
}

/** Has it asked again: who answers next may be another program. */
export function doubt() {
  isCurrent = false;
}

/** Whether it has been learnt. */
export function isKnown() {
  return known !== null;
}

/** The recording that is served, `{ name, range }`, or null. */
export function recording() {
  return known?.recording ?? null;
}

/** Whether it is traffic as it happens. */
export function isLive() {
  return known?.serves === "live";
}

/** What is not seen, in words. */
export function notSeen() {
  return known?.not_seen ?? [];
}

/** Whether what is shown has ended: what was measured no longer changes. */
export function isOver() {
  return recording() !== null || isPast();
}
