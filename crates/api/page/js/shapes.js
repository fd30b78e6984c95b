// How a node and an edge of the map look, and what they say.

import { attributes, fill, svg, write } from "./dom.js";
import { andP95, NONE, percent, rate, shortRate } from "./format.js";
import { kindWords } from "./figures.js";
import { figuresOf, isLookup } from "./graph.js";
import { healthPath, isSpecial, kindIcon } from "./icons.js";
import { isOutside, sizeOf } from "./layout.js";

/** Where the words of a node begin, and what they leave free at its end: for the health, or for the rounding. */
const WORDS_AT = { wide: 38, narrow: 14 };
const WORDS_END = { judged: 30, client: 12 };

/** From afar, a name is all that a node says, as large as there is room. */
const AFAR = { font: 22, x: 13, end: { judged: 42, client: 14 } };
const NEAR_FONT = 13;

/** The elements of a node: `group` is all of it. */
export function nodeElements(node, isNarrow) {
  const { width, height } = sizeOf(node, isNarrow);
  const x = WORDS_AT[isNarrow ? "narrow" : "wide"];
  const round = isOutside(node) ? height / 2 : 9;
  const middle = height / 2;
  const name = svg("text", { class: "name", x, y: middle - 4 });
  // Where there is little room, a picture is for those who are more than a program, in front of their figures.
  const isSmall = isNarrow && isSpecial(node);
  const line = svg("text", { class: "figures", x: isSmall ? x + 17 : x, y: middle + 13 });
  const icon = isSmall ? `translate(${x} ${middle + 2.5}) scale(.8)` : isNarrow ? null : `translate(14 ${middle - 8})`;
  const afar = svg("text", { class: "afar", x: AFAR.x, y: middle + AFAR.font * 0.35 });
  const badge = svg("path", { class: "badge" });
  const corner = `translate(${width - (isNarrow ? 23 : 27)} ${middle - (isNarrow ? 19 : 17)})`;
  const group = svg(
    "g",
    { role: "button" },
    svg("rect", { class: "halo", x: -4, y: -4, width: width + 8, height: height + 8, rx: round + 4 }),
    svg("rect", { class: "box", width, height, rx: round }),
    ...(icon ? [kindIcon(node, { transform: icon })] : []),
    svg("g", { transform: corner }, badge),
    name,
    line,
    afar,
  );
  const kind = node.kind === "external_client" ? "client" : "judged";
  const room = { near: width - x - WORDS_END[kind] + (isNarrow ? 6 : 0), afar: width - AFAR.x - AFAR.end[kind] };
  return { group, name, line, afar, badge, room };
}

/** Shows the figures of a node. */
export function updateNode({ group, name, line, afar, badge, room }, node) {
  const { inbound, outbound } = node;
  const figures = inbound
    ? shortRate(inbound.rate_per_second) + andP95(inbound)
    : outbound
      ? `asks ${shortRate(outbound.rate_per_second)}`
      : "";
  write(name, fitting(node, room.near, NEAR_FONT));
  write(afar, fitting(node, room.afar, AFAR.font));
  write(line, figures);
  const judged = inbound !== null;
  attributes(badge, { d: judged ? healthPath(node.health) : null });
  const health = judged ? `, ${node.health}: ${node.reason}` : "";
  attributes(group, {
    class: `node ${isOutside(node) ? "outside" : "own"} ${judged ? node.health : "caller"}${kept(group)}`,
    "data-id": node.id,
    "data-health": judged ? node.health : null,
    "aria-label": `${node.name}, ${kindWords(node)}${health}. ${figures}`,
  });
}

/** The elements of an edge: `group` is all of it, `words` what stands on it. */
export function edgeElements() {
  const hit = svg("path", { class: "hit" });
  const line = svg("path", { class: "line" });
  const text = svg("text", { class: "rate", y: -6 });
  const share = svg("text", { class: "share", x: -11, y: 16 });
  const badge = svg("path", { class: "badge", transform: "translate(-28 5.5) scale(.8)" });
  const words = svg("g", { class: "words" }, text, share, badge);
  return { group: svg("g", { role: "button" }, hit, line, words), hit, line, text, share, badge, words };
}

/** Shows the figures of an edge between two of `nodes`. */
export function updateEdge({ group, line, text, share, badge }, edge, nodes) {
  const figures = figuresOf(edge);
  const isAlarming = edge.health === "degraded" || edge.health === "failing";
  const refused = figures.requests ? figures.client_errors / figures.requests : 0;
  // What alarms is errors, unless there are none: then it is that the server refuses so much.
  const alarm = figures.error_ratio ? percent(figures.error_ratio) : refused ? `${percent(refused)} client err.` : "";
  write(text, shortRate(figures.rate_per_second));
  write(share, isAlarming ? alarm : "");
  attributes(badge, { d: isAlarming ? healthPath(edge.health) : null });
  attributes(line, { "stroke-width": thickness(figures.rate_per_second), "marker-end": `url(#arrow-${edge.health})` });
  const name = (id) => nodes.get(id)?.name ?? NONE;
  attributes(group, {
    class: `edge ${edge.health}${isLookup(edge, nodes) ? " lookup" : ""}${kept(group)}`,
    "data-source": edge.source,
    "data-target": edge.target,
    "data-health": edge.health,
    "aria-label": `${name(edge.source)} calls ${name(edge.target)}, ${edge.health}: ${edge.reason}. ${rate(figures.rate_per_second)}`,
  });
}

const measure = document.createElement("canvas").getContext("2d");

/** What the names of most units end with; systemd's own commands take them without it. */
const SUFFIX = ".service";

/** A name cut to a width: of units first the end that they share, then the middle, as what tells names apart is at their ends. */
function fitting({ name: whole, kind }, width, size) {
  measure.font = `620 ${size}px ${getComputedStyle(document.body).fontFamily}`;
  const isWide = (text) => measure.measureText(text).width > width;
  if (!isWide(whole)) return whole;
  const name = kind === "unit" && whole.endsWith(SUFFIX) ? whole.slice(0, -SUFFIX.length) : whole;
  if (!isWide(name)) return name;
  let kept = Math.min(name.length, 60);
  const cut = () => `${name.slice(0, Math.ceil(kept / 2))}…${name.slice(-Math.floor(kept / 2))}`;
  while (kept > 4 && isWide(cut())) kept -= 1;
  return cut();
}

/** What `highlight` has set. */
function kept(group) {
  return ["dim", "selected"]
    .filter((name) => group.classList.contains(name))
    .map((name) => ` ${name}`)
    .join("");
}

/** By the logarithm of the rate, and not by what others have: a width means the same on every map. */
function thickness(perSecond) {
  return Math.min(Math.max(2.4 + 1.3 * Math.log10(perSecond || 0.001), 1.2), 7.5).toFixed(1);
}

/** The heads of edges, one for each health. */
export function arrows() {
  const arrow = (health) =>
    svg(
      "marker",
      {
        id: `arrow-${health}`,
        class: health,
        viewBox: "0 0 10 12",
        refX: 9,
        refY: 6,
        markerWidth: 9,
        markerHeight: 10,
        markerUnits: "userSpaceOnUse",
        orient: "auto",
      },
      svg("path", { d: "M0 .5 10 6 0 11.5z" }),
    );
  const defs = svg("defs");
  fill(defs, ["healthy", "degraded", "failing", "unknown"].map(arrow));
  return defs;
}
