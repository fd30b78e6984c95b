// Where nodes are and how edges run. Depends on who calls whom alone, and not on figures: it stays as long as they do.

import { Graph, layout as place } from "../vendor/dagre/dagre.esm.js";
import { isLookup } from "./graph.js";

/** Room for the words on an edge: one line above it and one below; on a narrow map one on it, where it alarms. */
const LABEL = { wide: { width: 64, height: 30 }, narrow: { width: 56, height: 18 } };

/** More nodes than this are first seen from afar, where edges have no words: there is less room for them then. */
const DENSE = 40;
const DENSE_LABEL = { width: 40, height: 6 };

/** How far apart edges arrive at a node, at most. */
const PORT_GAP = 13;

/** Whether somebody is known by their traffic alone. */
export function isOutside(node) {
  return node.kind.startsWith("external_");
}

/** Services have room for their health, clients outside have none; on a narrow map nothing has room for a picture. */
export function sizeOf(node, isNarrow) {
  const isClient = node.kind === "external_client";
  if (isNarrow) return { width: isClient ? 132 : 156, height: isOutside(node) ? 44 : 52 };
  return { width: isClient ? 168 : 212, height: isClient ? 44 : isOutside(node) ? 48 : 58 };
}

/**
 * Places a graph: `{ nodes: id → { x, y, width, height }, edges: id → { path, label: { x, y } }, width, height }`.
 * `down` is for a narrow map: callers are above callees rather than left of them.
 */
export function layOut(graph, down) {
  const isDense = graph.nodes.size > DENSE;
  const dagre = new Graph().setGraph({
    rankdir: down ? "TB" : "LR",
    nodesep: down || isDense ? 14 : 20,
    edgesep: isDense ? 8 : 16,
    ranksep: down ? 22 : 50,
    marginx: 8,
    marginy: 8,
  });
  // Short names of our own: nobody outside chooses what the library uses as keys.
  const names = new Map([...graph.nodes.keys()].map((id, index) => [id, `n${index}`]));
  for (const [id, node] of graph.nodes) dagre.setNode(names.get(id), sizeOf(node, down));
  for (const edge of graph.edges.values()) {
    dagre.setEdge(names.get(edge.source), names.get(edge.target), {
      ...(isDense ? DENSE_LABEL : LABEL[down ? "narrow" : "wide"]),
      // Beside an edge that runs down, which would strike words on it through.
      labelpos: down ? "r" : "c",
      // Who works with whom stands together; who asks for names may ask from afar.
      weight: isLookup(edge, graph.nodes) ? 1 : 4,
    });
  }
  place(dagre);

  const nodes = new Map([...names].map(([id, name]) => [id, dagre.node(name)]));
  const routes = [...graph.edges].map(([id, edge]) => {
    const { points, x, y } = dagre.edge(names.get(edge.source), names.get(edge.target));
    return { id, source: nodes.get(edge.source), target: nodes.get(edge.target), points, label: { x, y } };
  });
  const { width, height } = dagre.graph();
  return { nodes, edges: new Map(route(routes, down)), width, height };
}

/** Lets every edge leave and arrive at a place of its own, and bends it softly. */
function route(routes, down) {
  const across = down ? "x" : "y";
  const loops = routes.filter((one) => one.source === one.target);
  const others = routes.filter((one) => one.source !== one.target);
  const ends = others.flatMap((one) => {
    const from = { one, at: "from", node: one.source, towards: one.points[1] };
    const to = { one, at: "to", node: one.target, towards: one.points.at(-2) };
    return [from, to];
  });
  const sides = Map.groupBy(ends, ({ node }) => node).values();
  for (const atNode of sides) {
    for (const [ahead, members] of Map.groupBy(atNode, ({ node, towards }) => isAhead(node, towards, down))) {
      members.sort((a, b) => a.towards[across] - b.towards[across]);
      members.forEach((end, index) => (end.one[end.at] = port(end.node, ahead, index, members.length, down)));
    }
  }
  return [
    ...others.map(({ id, from, to, points, label }) => {
      const inner = points
        .slice(1, -1)
        .flatMap((point) => (isAt(point, label) ? level(point, from, to, down) : [point]));
      return [id, { path: bend([from, ...inner, to], down), label }];
    }),
    ...loops.map(({ id, source, label }) => [id, { path: loop(source, label, down), label }]),
  ];
}

function isAhead(node, point, down) {
  return down ? point.y > node.y : point.x > node.x;
}

function port(node, ahead, index, number, down) {
  const [along, across] = down ? [node.height, node.width] : [node.width, node.height];
  const gap = Math.min(PORT_GAP, (across - 24) / Math.max(number - 1, 1));
  const offset = (index - (number - 1) / 2) * gap;
  const reach = ((ahead ? 1 : -1) * along) / 2;
  return down ? { x: node.x + offset, y: node.y + reach } : { x: node.x + reach, y: node.y + offset };
}

function isAt(point, label) {
  return Math.hypot(point.x - label.x, point.y - label.y) < 1;
}

/** A level piece for words to stand on, where edges run sideways. */
function level(point, from, to, down) {
  if (down) return [point];
  const reach = Math.sign(to.x - from.x) * LABEL.wide.width * 0.42;
  return [
    { x: point.x - reach, y: point.y },
    { x: point.x + reach, y: point.y },
  ];
}

/** Through all points, straight on at each. */
function bend(points, down) {
  const round = (value) => Math.round(value * 10) / 10;
  const to = ({ x, y }) => `${round(x)} ${round(y)}`;
  const curve = (a, b) => {
    const middle = down ? (a.y + b.y) / 2 : (a.x + b.x) / 2;
    const [first, second] = down
      ? [
          { x: a.x, y: middle },
          { x: b.x, y: middle },
        ]
      : [
          { x: middle, y: a.y },
          { x: middle, y: b.y },
        ];
    return `C${to(first)} ${to(second)} ${to(b)}`;
  };
  return `M${to(points[0])}${points
    .slice(1)
    .map((point, index) => curve(points[index], point))
    .join("")}`;
}

/** Who asks itself: out and in again at the side where its words are. */
function loop(node, label, down) {
  const [half, reach] = down
    ? [node.height / 4, (label.x - node.x - node.width / 2) / 0.75]
    : [node.width / 4, (label.y - node.y - node.height / 2) / 0.75];
  const at = (along, out) =>
    down ? `${node.x + node.width / 2 + out} ${node.y + along}` : `${node.x + along} ${node.y + node.height / 2 + out}`;
  return `M${at(-half, 0)}C${at(-half, reach)} ${at(half, reach)} ${at(half, 0)}`;
}
