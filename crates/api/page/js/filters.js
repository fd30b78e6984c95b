// The conditions above each tab: fields of a form on one side, the state on the other.

import { recording } from "./about.js";
import { attributes, el, fill, write } from "./dom.js";
import { change, conditions, DEFAULT_LAST, FILTERS, state, unconditioned } from "./state.js";

/** Parameters of the API that are called otherwise here. */
const FIELD_OF = { exchanges: { path: "url_path" } };

/** The range that is all of a recording. */
const ALL = "all";

const SECONDS = { m: 60, h: 3600 };

export class Filters {
  #form;
  #folded;
  #measured = null;

  /** `directory` resolves to the services that there are. */
  constructor(form, directory) {
    this.#form = form;
    this.#folded = form.querySelector("details");
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", (event) => this.#take(event.target));
    form.addEventListener("focusin", async ({ target }) => target.list && this.#offer(await directory()));
    form.querySelector("#clear").addEventListener("click", () => change(unconditioned()));
    // Where there is room, they are open; where there is little, one asks for them.
    const wide = matchMedia("(min-width: 900px)");
    const unfold = () => (this.#folded.open = wide.matches);
    wide.addEventListener("change", unfold);
    unfold();
    this.show();
  }

  /** Shows the state. */
  show() {
    const { tab, last, from, to } = state();
    for (const field of this.#form.querySelectorAll("[data-field]")) {
      field.hidden = !FILTERS[tab].includes(field.dataset.field);
    }
    for (const input of this.#form.querySelectorAll("[data-field] :is(input, select)")) {
      if (input.type === "checkbox") input.checked = state()[input.name] === "true";
      else if (input !== document.activeElement || input.value !== state()[input.name])
        choose(input, state()[input.name]);
    }
    const isCustom = Boolean(from || to);
    const { range } = this.#form.elements;
    for (const option of range.options) option.hidden = !isOffered(option.value);
    choose(range, isCustom ? "custom" : last || defaultRange());
    this.#form.querySelector("#custom").hidden = !isCustom;
    this.#form.elements.from.value = local(from);
    this.#form.elements.to.value = local(to);
    const set = conditions().length;
    this.#folded.hidden = FILTERS[tab].length === 0;
    write(this.#form.querySelector("#conditions"), set ? `Filters (${set})` : "Filters");
    this.#form.querySelector("#clear").hidden = set === 0;
    this.blame(null);
  }

  /** Marks the field that a problem is about. */
  blame(problem) {
    const name = problem?.parameter && (FIELD_OF[state().tab]?.[problem.parameter] ?? problem.parameter);
    for (const input of this.#form.querySelectorAll("input, select")) {
      attributes(input, {
        "aria-invalid": input.name === name ? "true" : null,
        "aria-describedby": input.name === name ? "problem" : null,
      });
    }
  }

  /** Keeps the range that was measured, to start a range of one's own from. */
  measured(range) {
    this.#measured = range;
  }

  #offer(services) {
    const option = (value) => el("option", { value });
    const names = new Set(services.map(({ name, namespace }) => (namespace ? `${namespace}/${name}` : name)));
    fill(document.getElementById("services-known"), [...names].map(option));
    fill(
      document.getElementById("namespaces-known"),
      [...new Set(services.map((one) => one.namespace).filter(Boolean))].map(option),
    );
  }

  #take(input) {
    if (input.name === "range") return this.#takeRange(input.value);
    if (input.name === "from" || input.name === "to") {
      const at = input.value ? new Date(input.value).toISOString() : "";
      return change({ [input.name]: at, last: "" });
    }
    if (input.closest("[data-field]"))
      change({ [input.name]: input.type === "checkbox" ? (input.checked ? "true" : "") : input.value.trim() });
  }

  #takeRange(value) {
    if (value !== "custom") return change({ last: value === defaultRange() ? "" : value, from: "", to: "" });
    // Starts from what is shown, so that one has to change a digit and not to type a date.
    const whole = (text) => new Date(Math.floor(Date.parse(text) / 1000) * 1000).toISOString();
    const now = new Date().toISOString();
    const { from, to } = this.#measured ?? { from: now, to: now };
    change({ last: "", from: whole(from), to: whole(to) });
  }
}

/** What the API takes where the URL has no range. */
function defaultRange() {
  return recording() ? ALL : DEFAULT_LAST;
}

/** Whether a range of the list makes sense: of a recording, all of it and what is shorter. */
function isOffered(value) {
  if (value === ALL) return recording() !== null;
  const seconds = parseInt(value) * (SECONDS[value.at(-1)] ?? NaN);
  return !(seconds >= recording()?.range.length_seconds);
}

/** A value that a link brought along and that the list does not have is added to it: what applies must show. */
function choose(input, value) {
  if (input.tagName === "SELECT" && ![...input.options].some((option) => option.value === value)) {
    input.append(el("option", { value }, value));
  }
  input.value = value;
}

/** For a field of the type `datetime-local`, in the reader's zone. */
function local(text) {
  const at = new Date(text);
  if (!text || Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
