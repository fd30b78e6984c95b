// The card beside a node or an edge that somebody points at.

import { el, fill } from "./dom.js";
import { healthLabel, kindWords, networkNote, operationTable, viewTable } from "./figures.js";
import { OTHERS } from "./graph.js";

/** Pointing in passing asks nothing of the API. */
const LOOK_MS = 180;
const TOP_OPERATIONS = 4;
const GAP_PX = 12;

export class Card {
  #element;
  #detailOf;
  #timer = 0;
  #shown = null;
  #anchor = null;

  /** `detailOf(id)` resolves to what `api.service` does. */
  constructor(element, detailOf) {
    this.#element = element;
    this.#detailOf = detailOf;
    addEventListener("scroll", () => this.hide(), { passive: true });
    addEventListener("keydown", (event) => event.key === "Escape" && this.hide());
  }

  /** Shows a node or an edge of a graph beside its element. */
  show(item, anchor, nodes) {
    this.hide();
    [this.#shown, this.#anchor] = [item, anchor];
    const operations = el("div", { class: "card-operations" });
    fill(this.#element, item.source ? edgeCard(item, nodes) : nodeCard(item), operations);
    this.#element.hidden = false;
    this.#place(anchor);
    if (item.id === OTHERS || item.source === OTHERS || (!item.source && !item.inbound)) return;
    this.#timer = setTimeout(() => this.#fillIn(item, anchor, operations), LOOK_MS);
  }

  /** Shows what has become of what is shown; `now` finds it by its id. */
  renew(now, nodes) {
    if (!this.#shown) return;
    const item = now(this.#shown.id);
    if (item) this.show(item, this.#anchor, nodes);
    else this.hide();
  }

  hide() {
    clearTimeout(this.#timer);
    this.#shown = null;
    this.#element.hidden = true;
  }

  async #fillIn(item, anchor, place) {
    const detail = await this.#detailOf(item.target ?? item.id).catch(() => null);
    if (!detail || this.#shown !== item) return;
    const operations = item.source ? edgeOperations(detail, item.source) : detail.operations;
    if (!operations.length) return;
    fill(place, el("h4", {}, "Top operations"), operationTable(operations, { most: TOP_OPERATIONS }));
    this.#place(anchor);
  }

  /** Right of it, or left, above or below: wherever it hides nothing of it. */
  #place(anchor) {
    const at = (anchor.querySelector(".box, .words") ?? anchor).getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.#element;
    const [roomX, roomY] = [document.documentElement.clientWidth - width - 8, innerHeight - height - 8];
    const middle = at.top + at.height / 2 - height / 2;
    let [left, top] = [at.right + GAP_PX, middle];
    if (left > roomX) left = at.left - GAP_PX - width;
    if (left < 8) {
      left = at.left + at.width / 2 - width / 2;
      top = at.bottom + GAP_PX > roomY ? at.top - GAP_PX - height : at.bottom + GAP_PX;
    }
    const within = (value, room) => Math.max(Math.min(value, room), 8);
    this.#element.style.transform = `translate(${within(left, roomX)}px, ${within(top, roomY)}px)`;
  }
}

/** The operations of one caller, in the server's view where it has one. */
export function edgeOperations(detail, caller) {
  const edge = detail.inbound.find((one) => one.source === caller);
  return (edge?.operations ?? []).map(({ name, client, server }) => ({ name, figures: server ?? client }));
}

function nodeCard(node) {
  const { inbound, outbound } = node;
  const asked = inbound ? [viewTable({ [inbound.view]: inbound })] : [];
  const asks =
    !inbound && outbound
      ? [el("p", { class: "note" }, "What it asks of others:"), viewTable({ [outbound.view]: outbound })]
      : [];
  return [
    el("h3", {}, node.name),
    el("p", { class: "note" }, kindWords(node)),
    inbound ? el("p", {}, healthLabel(node.health), ` ${node.reason}`) : null,
    asked,
    asks,
  ];
}

function edgeCard(edge, nodes) {
  const name = (id) => nodes.get(id)?.name ?? id;
  return [
    el("h3", {}, `${name(edge.source)} → ${name(edge.target)}`),
    el("p", {}, healthLabel(edge.health), ` ${edge.reason}`),
    viewTable(edge),
    networkNote(edge),
  ];
}
