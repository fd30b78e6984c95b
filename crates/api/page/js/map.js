// The drawing of the service map. Elements are kept as long as what they stand for: figures change in place, and what has
// the focus keeps it.

import { attributes, svg } from "./dom.js";
import { OTHERS, topologyOf } from "./graph.js";
import { layOut } from "./layout.js";
import { arrows, edgeElements, nodeElements, updateEdge, updateNode } from "./shapes.js";
import { Viewport } from "./viewport.js";

/** Callers stand left of callees in a frame of the usual height, unless that is drawn smaller than this. */
const TIGHT = 0.62;
/** They stand above callees where they are so much larger then: there, names have less room. */
const GAIN_OF_TURNING = 1.4;
/** The frame is taller where that makes them so much larger: it pushes the table down. */
const GAIN_OF_HEIGHT = 1.15;
/** How long it takes for a node to come to its new place. */
const GLIDE_MS = 450;

export class ServiceMapView {
  #frame;
  #edges = svg("g", { class: "edges" });
  #nodes = svg("g", { class: "nodes" });
  #viewport;
  #graph = { nodes: new Map(), edges: new Map() };
  #drawn = new Map();
  #layout = null;
  #layouts = new Map();
  #choice = "";
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
    new ResizeObserver(() => this.#choice.startsWith(`${innerWidth} `) || on.turn()).observe(frame);
  }

  /** What is drawn. */
  get graph() {
    return this.#graph;
  }

  fit() {
    this.#viewport.fit();
  }

  zoom(factor) {
    this.#viewport.zoom(factor);
  }

  /** Draws a graph of `graphOf`: `graphFor(isNarrow)` gives it for little room and for more. */
  draw(graphFor) {
    const wasNarrow = this.#isNarrow;
    const graph = this.#suiting(graphFor);
    this.#graph = graph;
    if (this.#isNarrow !== wasNarrow) {
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

  /** The graph that suits the room. It stays as long as the topology and the window do: a panel that opens beside the map does not turn it around. */
  #suiting(graphFor) {
    const [wide, narrow] = [false, true].map(graphFor);
    const choice = `${innerWidth} ${topologyOf(wide)}`;
    // While it is not shown, it has no size to choose by.
    if (choice !== this.#choice && this.#frame.clientWidth && wide.nodes.size) {
      this.#choice = choice;
      const before = this.#layouts;
      this.#layouts = new Map();
      this.#turnTo(
        (graph, isNarrow) => this.#viewport.scaleOf(this.#layOut(graph, isNarrow, before)),
        wide,
        narrow,
      );
    }
    return this.#isNarrow ? narrow : wide;
  }

  #turnTo(scale, wide, narrow) {
    const setTall = (isTall) => this.#frame.classList.toggle("tall", isTall);
    const tried = () => {
      const [asWide, asNarrow] = [scale(wide, false), scale(narrow, true) / GAIN_OF_TURNING];
      return { isNarrow: asNarrow > asWide, scale: Math.max(asWide, asNarrow) };
    };
    setTall(false);
    this.#isNarrow = false;
    if (scale(wide, false) >= TIGHT) return;
    const usual = tried();
    setTall(true);
    const tall = tried();
    const isWorthIt = tall.scale > GAIN_OF_HEIGHT * usual.scale;
    if (!isWorthIt) setTall(false);
    this.#isNarrow = (isWorthIt ? tall : usual).isNarrow;
  }

  /** Places a graph, or finds it placed. */
  #layOut(graph, isNarrow, before = this.#layouts) {
    const key = `${isNarrow} ${topologyOf(graph)}`;
    const known = this.#layouts.get(key) ?? before.get(key) ?? layOut(graph, isNarrow);
    this.#layouts.set(key, known);
    return known;
  }

  #arrange() {
    if (!this.#graph.nodes.size) return;
    const layout = this.#layOut(this.#graph, this.#isNarrow);
    if (layout === this.#layout) return;
    this.#subject = "";
    const before = this.#layout;
    this.#layout = layout;
    for (const [id, { x, y, width, height }] of this.#layout.nodes) {
      this.#drawn.get(id).group.setAttribute("transform", `translate(${x - width / 2} ${y - height / 2})`);
    }
    for (const [id, { path, label }] of this.#layout.edges) {
      const { hit, line, words } = this.#drawn.get(id);
      for (const element of [hit, line]) element.setAttribute("d", path);
      words.setAttribute("transform", `translate(${label.x} ${label.y})`);
    }
    this.#viewport.resize(this.#layout.width, this.#layout.height);
    if (before) this.#glide(before.nodes);
  }

  /** Lets the eye follow what has moved. */
  #glide(before) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    for (const [id, { x, y, width, height }] of this.#layout.nodes) {
      const old = before.get(id);
      if (!old || (old.x === x && old.y === y)) continue;
      const at = (place) => `translate(${place.x - width / 2}px, ${place.y - height / 2}px)`;
      const moves = [{ transform: at(old) }, { transform: at({ x, y }) }];
      this.#drawn.get(id).group.animate(moves, { duration: GLIDE_MS, easing: "ease-in-out" });
    }
    this.#edges.animate([{ opacity: 0 }, { opacity: 0, offset: 0.7 }, { opacity: 1 }], GLIDE_MS * 1.4);
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
