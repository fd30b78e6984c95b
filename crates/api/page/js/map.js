// The drawing of the service map. Elements are kept as long as what they stand for: figures change in place, and what has
// the focus keeps it.

import { attributes, svg } from "./dom.js";
import { OTHERS, topologyOf } from "./graph.js";
import { layOut } from "./layout.js";
import { arrows, edgeElements, nodeElements, updateEdge, updateNode } from "./shapes.js";
import { Viewport } from "./viewport.js";

/** Narrower than this, callers stand above callees. */
const NARROW_PX = 620;

export class ServiceMapView {
  #frame;
  #edges = svg("g", { class: "edges" });
  #nodes = svg("g", { class: "nodes" });
  #viewport;
  #graph = { nodes: new Map(), edges: new Map() };
  #drawn = new Map();
  #layout = null;
  #layoutKey = "";
  #current = null;
  #subject = "";
  #isNarrow = false;
  #on;

  /** `on` has `select(id)`, `selectEdge(edge)`, `clear()`, `show(item, element)`, `hide()` and `turn()`. */
  constructor(frame, on) {
    this.#frame = frame;
    this.#on = on;
    const layer = svg("g", {}, this.#edges, this.#nodes);
    frame.append(arrows(), layer);
    this.#viewport = new Viewport(frame, layer);
    frame.addEventListener("keydown", (event) => this.#key(event));
    frame.addEventListener("click", (event) => event.target === frame && on.clear());
    new ResizeObserver(() => this.isNarrow === this.#isNarrow || on.turn()).observe(frame);
  }

  /** Whether there is little room: `turn` is called when that changes, to have it drawn anew. */
  get isNarrow() {
    // While it is not shown, it has no width.
    const width = this.#frame.clientWidth;
    return width ? width < NARROW_PX : this.#isNarrow;
  }

  fit() {
    this.#viewport.fit();
  }

  zoom(factor) {
    this.#viewport.zoom(factor);
  }

  /** Draws a graph of `graphOf`. */
  draw(graph) {
    this.#graph = graph;
    if (this.isNarrow !== this.#isNarrow) {
      this.#isNarrow = this.isNarrow;
      this.#frame.classList.toggle("narrow", this.#isNarrow);
      for (const { group } of this.#drawn.values()) group.remove();
      this.#drawn.clear();
    }
    const items = [...graph.edges.values(), ...graph.nodes.values()];
    const gone = new Set(this.#drawn.keys());
    for (const item of items) {
      gone.delete(item.id);
      if (!this.#drawn.has(item.id)) this.#add(item);
    }
    for (const id of gone) {
      this.#drawn.get(id).group.remove();
      this.#drawn.delete(id);
    }
    for (const item of items) this.#update(item);
    this.#arrange();
    this.#rove(this.#drawn.get(this.#current?.id) ?? this.#drawn.get(this.#order()[0]?.id));
  }

  /** Shows what is selected: a service, or with `caller` the edge between the two. Everything else steps back. */
  highlight(selected, caller) {
    const { nodes, edges } = this.#graph;
    const isOn = nodes.has(selected);
    const edge = caller ? `${caller}>${selected}` : null;
    const near = new Set([selected]);
    for (const { id, source, target } of edges.values()) {
      const touches = edge ? id === edge : source === selected || target === selected;
      if (touches) [id, source, target].forEach((one) => near.add(one));
    }
    for (const [id, { group }] of this.#drawn) {
      group.classList.toggle("dim", isOn && !near.has(id));
      group.classList.toggle("selected", id === (edge ?? selected));
      attributes(group, { "aria-pressed": String(id === (edge ?? selected)) });
    }
    const subject = isOn ? `${edge} ${selected}` : "";
    if (subject && subject !== this.#subject)
      this.#lookAt(
        [...near].flatMap((id) => this.#layout?.nodes.get(id) ?? []),
        selected,
      );
    this.#subject = subject;
  }

  /** What is selected, with its neighbours where there is room for all of them. */
  #lookAt(places, selected) {
    const own = this.#layout.nodes.get(selected);
    const edge = (name, side, pick) =>
      pick(...places.map((place) => place[name] + (side * place[name === "x" ? "width" : "height"]) / 2));
    const corners = [
      { x: edge("x", -1, Math.min), y: edge("y", -1, Math.min) },
      { x: edge("x", 1, Math.max), y: edge("y", 1, Math.max) },
    ];
    const isWide =
      corners[1].x - corners[0].x > 2 * this.#frame.clientWidth ||
      corners[1].y - corners[0].y > 2 * this.#frame.clientHeight;
    const alone = [
      { x: own.x - own.width, y: own.y - own.height },
      { x: own.x + own.width, y: own.y + own.height },
    ];
    this.#viewport.show(...(isWide ? alone : corners));
  }

  /** The element of a node or an edge, for a card beside it. */
  elementOf(id) {
    return this.#drawn.get(id)?.group;
  }

  #add(item) {
    const drawn = item.source ? edgeElements() : nodeElements(item, this.#isNarrow);
    const { group } = drawn;
    this.#drawn.set(item.id, drawn);
    (item.source ? this.#edges : this.#nodes).append(group);
    const now = () => this.#graph.nodes.get(item.id) ?? this.#graph.edges.get(item.id);
    group.addEventListener("click", () => this.#choose(now()));
    group.addEventListener("pointerenter", (event) => event.buttons || this.#on.show(now(), group));
    group.addEventListener("pointerleave", () => this.#on.hide());
    group.addEventListener("focus", () => group.matches(":focus-visible") && this.#on.show(now(), group));
    group.addEventListener("blur", () => this.#on.hide());
  }

  #choose(item) {
    if (item.id === OTHERS || item.source === OTHERS) return;
    if (item.source) this.#on.selectEdge(item);
    else this.#on.select(item.id);
  }

  #update(item) {
    if (item.source) updateEdge(this.#drawn.get(item.id), item, this.#graph.nodes);
    else updateNode(this.#drawn.get(item.id), item);
  }

  #arrange() {
    const key = `${this.#isNarrow} ${topologyOf(this.#graph)}`;
    if (key === this.#layoutKey || !this.#graph.nodes.size) return;
    this.#layoutKey = key;
    this.#subject = "";
    this.#layout = layOut(this.#graph, this.#isNarrow);
    for (const [id, { x, y, width, height }] of this.#layout.nodes) {
      this.#drawn.get(id).group.setAttribute("transform", `translate(${x - width / 2} ${y - height / 2})`);
    }
    for (const [id, { path, label }] of this.#layout.edges) {
      const { hit, line, words } = this.#drawn.get(id);
      for (const element of [hit, line]) element.setAttribute("d", path);
      words.setAttribute("transform", `translate(${label.x} ${label.y})`);
    }
    this.#viewport.resize(this.#layout.width, this.#layout.height);
  }

  /** Nodes from left to right and top to bottom, each followed by the edges to whom it calls. */
  #order() {
    const at = (id) => this.#layout?.nodes.get(id) ?? { x: 0, y: 0 };
    const nodes = [...this.#graph.nodes.values()].sort((a, b) => at(a.id).x - at(b.id).x || at(a.id).y - at(b.id).y);
    const edges = Map.groupBy(this.#graph.edges.values(), (edge) => edge.source);
    return nodes.flatMap((node) => [node, ...(edges.get(node.id) ?? [])]);
  }

  #key(event) {
    const order = this.#order();
    const at = order.findIndex((item) => this.#drawn.get(item.id)?.group === document.activeElement);
    if (at < 0) return;
    const next = {
      ArrowRight: at + 1,
      ArrowDown: at + 1,
      ArrowLeft: at - 1,
      ArrowUp: at - 1,
      Home: 0,
      End: order.length - 1,
    }[event.key];
    if (event.key === "Escape") this.#on.clear();
    else if (event.key === "Enter" || event.key === " ") this.#choose(order[at]);
    else if (next === undefined) return;
    event.preventDefault();
    const item = order[next];
    if (!item) return;
    this.#current = item;
    this.#rove(this.#drawn.get(item.id));
    this.#drawn.get(item.id).group.focus({ preventScroll: true });
    this.#viewport.reveal(this.#layout.nodes.get(item.id) ?? this.#layout.edges.get(item.id).label);
  }

  /** One stop for the tab key; the arrows go on from there. */
  #rove(chosen) {
    for (const drawn of this.#drawn.values()) drawn.group.setAttribute("tabindex", drawn === chosen ? "0" : "-1");
  }
}
