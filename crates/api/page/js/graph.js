// From the API's map to what is drawn: not more than a person can read, and said so.

/** More edges than this are a ball of wool. */
const MAX_EDGES = 150;

/** External clients that are drawn, of which the last stands for all others: a public server has thousands. */
const MAX_EXTERNAL_CLIENTS = { wide: 8, narrow: 3 };

/** The id of the node that stands for the other external clients. No service can have it: theirs have a kind and a `~`. */
export const OTHERS = "others";

const SEVERITY = { failing: 3, degraded: 2, healthy: 1, unknown: 0 };

/** The server's figures where there are some, else the client's: never both added. */
export function figuresOf(edge) {
  return edge.server ?? edge.client;
}

/**
 * What to draw of a map: `{ nodes, edges, left_out }`, nodes and edges by id. What is selected is drawn in any case.
 * `isNarrow` is whether there is little room. `edge.id` is `source>target`.
 */
export function graphOf(map, selected, isNarrow) {
  const folded = foldClients(map, selected, MAX_EXTERNAL_CLIENTS[isNarrow ? "narrow" : "wide"]);
  const touches = (edge) => edge.source === selected || edge.target === selected;
  const ranked = [...folded.edges].sort(
    (a, b) =>
      touches(b) - touches(a) ||
      SEVERITY[b.health] - SEVERITY[a.health] ||
      figuresOf(b).rate_per_second - figuresOf(a).rate_per_second,
  );
  const edges = ranked.slice(0, MAX_EDGES);
  const ends = new Set(edges.flatMap((edge) => [edge.source, edge.target]));
  const nodes = folded.nodes.filter((node) => ends.has(node.id) || folded.edges.length <= MAX_EDGES);
  const byId = (a, b) => (a.id < b.id ? -1 : 1);
  return {
    nodes: new Map(nodes.sort(byId).map((node) => [node.id, node])),
    edges: new Map(edges.sort(byId).map((edge) => [edge.id, edge])),
    left_out: ranked.length - edges.length,
  };
}

/** Whether an edge is about names alone: nearly everybody has one to a name server, and it says little about who works with whom. */
export function isLookup(edge, nodes) {
  return nodes.get(edge.target)?.role === "name_server";
}

/** The same for graphs that have the same place for everything. */
export function topologyOf(graph) {
  return [...graph.nodes.keys(), ...graph.edges.keys()].join(" ");
}

function foldClients(map, selected, most) {
  const edges = map.edges.map((edge) => ({ ...edge, id: `${edge.source}>${edge.target}` }));
  const clients = map.nodes.filter((node) => node.kind === "external_client");
  if (clients.length <= most) return { nodes: [...map.nodes], edges };

  // By name where they ask equally much: the same ones are drawn at every look.
  const asked = (node) => node.outbound?.requests ?? 0;
  const ranked = clients.sort(
    (a, b) => (b.id === selected) - (a.id === selected) || asked(b) - asked(a) || (a.id < b.id ? -1 : 1),
  );
  const others = new Set(ranked.slice(most - 1).map((node) => node.id));
  const kept = edges.filter((edge) => !others.has(edge.source));
  const sums = new Map();
  for (const edge of edges.filter((edge) => others.has(edge.source))) {
    sums.set(edge.target, sum(sums.get(edge.target), edge));
  }
  const nodes = map.nodes.filter((node) => !others.has(node.id));
  return { nodes: [...nodes, otherClients(others.size)], edges: [...kept, ...sums.values()] };
}

function otherClients(number) {
  const name = `${number} other clients`;
  return {
    id: OTHERS,
    name,
    kind: "external_client",
    namespace: null,
    health: "unknown",
    reason: "",
    inbound: null,
    outbound: null,
  };
}

/** Counts of different clients at one server add up; quantiles don't, and are left out. */
function sum(so_far, edge) {
  const figures = figuresOf(edge);
  const before = so_far?.server ?? { requests: 0, errors: 0, client_errors: 0, rate_per_second: 0 };
  const total = { view: figures.view, duration_seconds: null };
  for (const name of Object.keys(before)) {
    if (typeof before[name] === "number") total[name] = before[name] + figures[name];
  }
  total.error_ratio = total.requests ? total.errors / total.requests : 0;
  const worst = so_far && SEVERITY[so_far.health] >= SEVERITY[edge.health] ? so_far : edge;
  return {
    id: `${OTHERS}>${edge.target}`,
    source: OTHERS,
    target: edge.target,
    health: worst.health,
    reason: `the worst of them: ${worst.reason.replace("the worst of them: ", "")}`,
    client: null,
    server: total,
    same_point: false,
    network_time_seconds: null,
  };
}
