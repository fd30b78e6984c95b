// Following what happens: the API's stream while it lasts, asking now and then while it does not.

import { streamUrl } from "./api.js";

/** Without a stream, how often to look. Windows are 10 seconds long. */
const POLL_MS = 10_000;
/** With a stream, how often to look all the same: on an idle machine no window is closed, yet the range moves on. */
const HEARTBEAT_MS = 60_000;
/** After the API has refused the stream (too many follow it), when to try again. */
const RETRY_MS = 30_000;
/** Windows of several sources close together: one look is enough for them. */
const GATHER_MS = 300;

/**
 * Calls `look` when there may be something new, and `tell` with "live", "polling" or "connecting". Nothing is followed
 * while the page is hidden, or while `isWanted` says no: a browser has few connections for a host, and other tabs want some.
 * The answer is a function to call when `isWanted` may say something else.
 */
export function follow(look, tell, isWanted) {
  let stream = null;
  let gathered = 0;
  let lastLook = Date.now();

  const soon = () => {
    gathered ||= setTimeout(() => {
      gathered = 0;
      lastLook = Date.now();
      look();
    }, GATHER_MS);
  };

  const isOn = () => !document.hidden && isWanted();

  const open = () => {
    if (stream || !isOn()) return;
    tell("connecting");
    const opened = new EventSource(streamUrl());
    stream = opened;
    opened.onopen = () => {
      tell("live");
      // What happened before is not told again.
      soon();
    };
    for (const type of ["window", "event", "skipped"]) opened.addEventListener(type, soon);
    opened.onerror = () => {
      tell("polling");
      // The browser tries again by itself, unless the answer was no stream.
      if (opened.readyState !== EventSource.CLOSED) return;
      close();
      setTimeout(open, RETRY_MS);
    };
  };

  const close = () => {
    stream?.close();
    stream = null;
  };

  setInterval(() => {
    const isLive = stream?.readyState === EventSource.OPEN;
    const wait = isLive ? HEARTBEAT_MS : POLL_MS;
    if (isOn() && Date.now() - lastLook >= wait) soon();
  }, 1000);

  const turn = () => {
    if (!isOn()) return close();
    open();
  };
  document.addEventListener("visibilitychange", turn);
  turn();
  return turn;
}
