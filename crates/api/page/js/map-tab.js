// The tab with the map, the table below it, and the panel beside it.

import * as api from "./api.js";
import { Card } from "./card.js";
import { Details } from "./details.js";
import { write } from "./dom.js";
import { showEmpty } from "./empty.js";
import { count } from "./format.js";
import { graphOf } from "./graph.js";
import { kindIcon, picture } from "./icons.js";
import { ServiceMapView } from "./map.js";
import { change, onChange, state } from "./state.js";
import { ServicesTable } from "./table.js";

const byId = (id) => document.getElementById(id);

export class MapTab {
  #map = { nodes: [], edges: [] };
  #legend = document.querySelectorAll(".legend [data-role]");
  #services = [];
  #asked = new Map();
  #details = new Details(byId("details"));
  #card = new Card(byId("card"), (id) => this.#detailOf(id));
  #table = new ServicesTable(byId("services"), byId("services-note"));
  #view = new ServiceMapView(byId("map"), {
    select: (id) => change({ selected: id === state().selected && !state().caller ? "" : id, caller: "" }),
    selectEdge: ({ source, target }) => change({ selected: target, caller: source }),
    clear: () => change({ selected: "", caller: "" }),
    show: (item, element) => this.#card.show(item, element, this.#view.graph.nodes),
    hide: () => this.#card.hide(),
    turn: () => this.#show(),
  });

  constructor() {
    for (const entry of this.#legend) entry.prepend(picture(kindIcon(entry.dataset), "kind"));
    byId("fit").addEventListener("click", () => this.#view.fit());
    byId("zoom-in").addEventListener("click", () => this.#view.zoom(1.3));
    byId("zoom-out").addEventListener("click", () => this.#view.zoom(1 / 1.3));
    const search = byId("search");
    search.value = state().search;
    search.addEventListener("input", () => change({ search: search.value }, { replace: true }));
    onChange((now, before) => {
      if (search !== document.activeElement) search.value = now.search;
      if (now.search !== before.search || now.sort !== before.sort) this.#table.refresh();
      if (now.selected !== before.selected || now.caller !== before.caller) this.#select();
    });
  }

  /** Asks, and shows the answers. `books` is what the ledger says, or null. */
  async load(signal, books) {
    const [map, { services }, known] = await Promise.all([api.serviceMap(signal), api.services(signal), books]);
    this.#map = map;
    this.#services = services;
    this.#asked.clear();
    const isEmpty = map.nodes.length === 0;
    byId("map-part").hidden = isEmpty;
    showEmpty(byId("map-empty"), isEmpty, known);
    this.#show();
    for (const entry of this.#legend) entry.hidden = !map.nodes.some(({ role }) => role === entry.dataset.role);
    const { nodes, edges } = this.#view.graph;
    this.#card.renew((id) => nodes.get(id) ?? edges.get(id), nodes);
    await this.#showDetails();
    return {
      from: new Date(map.start_seconds * 1000).toISOString(),
      to: new Date((map.start_seconds + map.length_seconds) * 1000).toISOString(),
    };
  }

  #show() {
    const { selected, caller } = state();
    byId("map-part").classList.toggle("with-details", Boolean(selected));
    this.#view.draw((isNarrow) => graphOf(this.#map, selected, isNarrow));
    this.#view.highlight(selected, caller);
    this.#table.show(this.#services, this.#near());
    const { left_out: left } = this.#view.graph;
    write(
      byId("map-note"),
      left
        ? `${count(left)} more calls are not drawn: what fails and what is busy comes first. Filter, or select a service in the table.`
        : "",
    );
  }

  #select() {
    this.#card.hide();
    this.#show();
    this.#showDetails();
  }

  /** What is selected and whom it talks to; null where nothing is. */
  #near() {
    const { selected, caller } = state();
    if (!selected || !this.#services.some((service) => service.id === selected)) return null;
    if (caller) return new Set([selected, caller]);
    const touching = this.#map.edges.filter((edge) => edge.source === selected || edge.target === selected);
    return new Set([selected, ...touching.flatMap((edge) => [edge.source, edge.target])]);
  }

  async #showDetails() {
    const { selected, caller } = state();
    if (!selected) return this.#details.hide();
    const nameOf = (id) => this.#map.nodes.find((node) => node.id === id)?.name ?? id;
    this.#details.wait(selected, caller, nameOf(selected));
    const isStill = () => state().selected === selected && state().caller === caller;
    try {
      const detail = await this.#detailOf(selected);
      if (isStill()) this.#details.show(detail, caller, nameOf);
    } catch (problem) {
      if (isStill()) this.#details.fail(problem, nameOf(selected));
    }
  }

  /** Asks for a service once between two looks at the map. */
  #detailOf(id) {
    if (!this.#asked.has(id)) this.#asked.set(id, api.service(id));
    return this.#asked.get(id);
  }
}
