// A small drawing of figures over time.

import { el, svg } from "./dom.js";

const WIDTH = 320;
const HEIGHT = 48;
/** Room above the largest value, for the line's own width. */
const TOP = 3;

/**
 * `points` are `{ at, value }` with milliseconds, oldest first; a null breaks the line. `from` and `to` are the ends of the
 * time axis. `format` says a value in words.
 */
export function sparkline({ title, points, from, to, step, format }) {
  const values = points.map((point) => point.value).filter((value) => value !== null);
  const most = Math.max(...values, 0);
  const latest = points.findLast((point) => point.value !== null)?.value ?? null;
  const x = (at) => (((at - from) / Math.max(to - from, 1)) * WIDTH).toFixed(1);
  const y = (value) => (HEIGHT - 1 - (value / (most || 1)) * (HEIGHT - 1 - TOP)).toFixed(1);

  // Each step is as wide as it lasts: a bar that is level says what was measured, and nothing about the time in between.
  const runs = split(points);
  const line = runs.map(
    (run) => `M${run.map(({ at, value }) => `${x(at)} ${y(value)}H${x(Math.min(at + step, to))}`).join("L")}`,
  );
  const area = runs.map((run) => {
    const top = run.map(({ at, value }) => `${x(at)} ${y(value)}H${x(Math.min(at + step, to))}`).join("L");
    return `M${x(run[0].at)} ${HEIGHT}L${top}V${HEIGHT}z`;
  });
  const words = values.length ? `at most ${format(most)}, at last ${format(latest)}` : "nothing was measured";
  return el(
    "figure",
    { class: "sparkline" },
    el("figcaption", {}, el("span", {}, title), el("span", { class: "note" }, words)),
    svg(
      "svg",
      {
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": `${title} over time: ${words}`,
      },
      svg("path", { class: "area", d: area.join("") }),
      svg("path", { class: "line", d: line.join(""), "vector-effect": "non-scaling-stroke" }),
    ),
  );
}

function split(points) {
  const runs = [[]];
  for (const point of points) {
    if (point.value === null) runs.push([]);
    else runs.at(-1).push(point);
  }
  return runs.filter((run) => run.length);
}
