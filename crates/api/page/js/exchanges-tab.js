// The tab with single exchanges.

import * as api from "./api.js";
import { showEmpty } from "./empty.js";
import { ExchangesTable } from "./exchanges.js";
import { plural } from "./format.js";
import { state } from "./state.js";
import { write } from "./dom.js";

const byId = (id) => document.getElementById(id);

export class ExchangesTab {
  #table = new ExchangesTable(byId("exchanges"));
  #question = "";
  #ids = [];
  #cursor = null;
  #shown = 0;
  #hasOlder = false;
  #report;

  /** `report` is told of a problem that comes up later. */
  constructor(report) {
    this.#report = report;
    byId("older").addEventListener("click", () => this.#loadOlder());
    byId("newest").addEventListener("click", () => this.#loadNewest());
  }

  /** Asks, and shows the answer. Who has gone on to older ones is told that there are newer ones, and stays there. */
  async load(signal, books) {
    const question = location.search;
    if (this.#hasOlder && question === this.#question) {
      byId("newest").hidden = false;
      return null;
    }
    const [ids, known] = await Promise.all([this.#services(signal), books]);
    const body = await api.exchanges(ids, null, signal);
    [this.#question, this.#ids, this.#hasOlder] = [question, ids, false];
    this.#table.show(body.exchanges);
    this.#shown = 0;
    this.#count(body);
    byId("newest").hidden = true;
    const isEmpty = !body.exchanges.length && !body.cursor;
    byId("exchanges-part").hidden = isEmpty;
    showEmpty(byId("exchanges-empty"), isEmpty, known);
    return body.range;
  }

  /** The ids of the services that the condition means: the API asks for ids here, people type names. */
  async #services(signal) {
    const { service: wanted } = state();
    if (!wanted || wanted.includes("~")) return wanted ? [wanted] : [];
    const { services } = await api.directory(signal);
    const ids = services
      .filter(({ name, namespace }) => name === wanted || `${namespace}/${name}` === wanted)
      .map(({ id }) => id);
    if (ids.length) return ids;
    throw new api.Problem({
      title: "Unknown service",
      detail: `no service is called “${wanted}” in this range`,
      status: 404,
      parameter: "service",
    });
  }

  async #loadOlder() {
    const question = this.#question;
    byId("older").disabled = true;
    try {
      const body = await api.exchanges(this.#ids, this.#cursor);
      if (question !== this.#question) return;
      this.#hasOlder = true;
      this.#table.append(body.exchanges);
      this.#count(body);
    } catch (problem) {
      this.#report(problem);
    } finally {
      byId("older").disabled = false;
    }
  }

  #loadNewest() {
    this.#hasOlder = false;
    this.load(undefined, null).catch(this.#report);
  }

  #count({ exchanges, cursor }) {
    this.#cursor = cursor;
    this.#shown += exchanges.length;
    byId("older").hidden = cursor === null;
    write(
      byId("exchanges-note"),
      `${plural(this.#shown, "exchange")}, newest first${cursor === null ? "; these are all" : ""}`,
    );
  }
}
