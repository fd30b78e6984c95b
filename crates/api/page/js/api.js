// Questions to the API, and its problems (RFC 9457) as errors.

import { FILTERS, conditions, state } from "./state.js";

// Relative to this file: the page may be mounted below another program's path.
const BASE = new URL("../api/v1/", import.meta.url);

/** Longer than the API lets a query run, so that its own words arrive. */
const TIMEOUT_MS = 20_000;

/** Most rows of a page that the API gives. */
const MAX_LIMIT = 1000;

/** Most services that are asked for: more than that, nobody reads in a table. */
const MAX_SERVICES = 5000;

const NO_ANSWER = {
  title: "No answer",
  detail: "Geophone does not answer. Is it still running? The page goes on trying.",
};

/** Why there is no answer. `status` is 0 where nobody answered at all. */
export class Problem extends Error {
  constructor({ title, detail, status = 0, parameter = null, type = "" }) {
    super(detail);
    Object.assign(this, { title, detail, status, parameter, type });
  }

  /** Whether it is the connection, and not the question: nobody answers, or something in between that found nobody. */
  get isOffline() {
    return this.status === 0 || ((this.status === 502 || this.status === 504) && !this.type);
  }
}

/** Asks; `parameters` are pairs. Throws a `Problem`, or an `AbortError` where `signal` says so. */
export async function ask(path, parameters = [], signal = undefined) {
  const url = new URL(path, BASE);
  for (const [name, value] of parameters) url.searchParams.append(name, value);
  const signals = [AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])];
  let response;
  try {
    response = await fetch(url, { signal: AbortSignal.any(signals) });
    if (response.ok) return await response.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(NO_ANSWER);
  }
  const why = new Problem(await problem(response));
  throw why.isOffline ? new Problem(NO_ANSWER) : why;
}

async function problem(response) {
  const plain = {
    title: "Not answered",
    detail: `the answer was ${response.status} ${response.statusText}`,
    status: response.status,
  };
  return response.json().then(
    (body) => ({ ...plain, ...body }),
    () => plain,
  );
}

/** What is served. */
export function about(signal) {
  return ask("about", [], signal);
}

/** The address of the stream. */
export function streamUrl() {
  return new URL("stream", BASE);
}

/** The range of time, as parameters. */
export function range() {
  const { last, from, to } = state();
  return Object.entries({ last: from ? "" : last, from, to }).filter(([, value]) => value !== "");
}

/** Conditions that are called the same here and in the API. A value may be several, parted by commas. */
function conditioned(names) {
  const values = (name) => (SEVERAL.includes(name) ? state()[name].split(",") : [state()[name]]);
  return conditions()
    .filter((name) => names.includes(name))
    .flatMap((name) => values(name).map((value) => [name, value]));
}

const SEVERAL = ["health", "status", "protocol"];

/** The map, without the operations: those are asked for when somebody looks. */
export function serviceMap(signal) {
  return ask("service-map", [...range(), ...conditioned(FILTERS.map)], signal);
}

/** All services that match: `{ services, total, measured }`. */
export function services(signal) {
  return pages([...range(), ...conditioned(FILTERS.map)], signal);
}

/** All services of the range, whatever the conditions are. */
export function directory(signal) {
  return pages(range(), signal);
}

async function pages(parameters, signal) {
  const services = [];
  let body;
  do {
    const cursor = body ? [["cursor", body.cursor]] : [];
    body = await ask("services", [...parameters, ["limit", MAX_LIMIT], ...cursor], signal);
    services.push(...body.services);
  } while (body.cursor && services.length < MAX_SERVICES);
  return { ...body, services };
}

/** One service, with its operations, callers, callees and figures over time. */
export function service(id, signal) {
  return ask(
    `services/${encodeURIComponent(id)}`,
    [...range(), ...conditioned(["path", "protocol", "hide_externals"])],
    signal,
  );
}

/** A page of exchanges. `ids` are the services that the condition `service` means. */
export function exchanges(ids, cursor, signal) {
  const { url_path: path } = state();
  const own = [
    ...ids.map((id) => ["service", id]),
    ...(path ? [["path", path]] : []),
    ...(cursor ? [["cursor", cursor]] : []),
  ];
  return ask(
    "exchanges",
    [...range(), ...conditioned(["protocol", "status", "min_duration", "trace_id"]), ...own],
    signal,
  );
}

/** The books; `limit` is the number of rows of their history, which the page does not show. */
export function ledger(signal) {
  return ask("ledger", [...range(), ["limit", 1]], signal);
}

/** Notable things, the newest. */
export function events(signal) {
  return ask("events", [...range(), ["limit", 200]], signal);
}
