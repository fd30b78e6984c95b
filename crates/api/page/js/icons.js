// Small drawings, 16 units wide. They come with words wherever they mean something.

import { svg } from "./dom.js";

const KINDS = {
  container: "M8 1.5 14 4.6v6.8L8 14.5 2 11.4V4.6zM2 4.6l6 3.1 6-3.1M8 7.7v6.8",
  unit: "M8 5.4a2.6 2.6 0 1 0 0 5.2 2.6 2.6 0 0 0 0-5.2M8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4M11.2 11.2l1.4 1.4M12.6 3.4l-1.4 1.4M4.8 11.2l-1.4 1.4",
  process: "M2 3h12v10H2zM4.6 6l2.2 2-2.2 2M8.4 10.2h3",
  external_client: "M8 2.2a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4M2.8 14c.3-3 2.4-4.6 5.2-4.6s4.9 1.6 5.2 4.6",
  external_service: "M4.6 12.5a3.1 3.1 0 0 1-.3-6.2 4 4 0 0 1 7.7.7 2.8 2.8 0 0 1-.2 5.5z",
  unknown: "M5.6 6.2a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.2.9-1.2 1.7M8 12.7v.1",
};

const ROLES = {
  database:
    "M2.5 3.9c0-1.2 2.5-2.1 5.5-2.1s5.5.9 5.5 2.1S11 6 8 6 2.5 5.1 2.5 3.9zM2.5 3.9v8.2c0 1.2 2.5 2.1 5.5 2.1s5.5-.9 5.5-2.1V3.9M2.5 8c0 1.2 2.5 2.1 5.5 2.1s5.5-.9 5.5-2.1",
  cache: "M9 1.5 3.2 9h4L6.6 14.5 12.8 7h-4z",
  queue: "M1.5 4h13v8h-13zM5 4v8M8 4v8M11 4v8",
  name_server: "M3 2h8.5A1.5 1.5 0 0 1 13 3.5v11H4.5A1.5 1.5 0 0 1 3 13zM6 6h4M6 9h4",
};

/** Whether a service is more than a program that answers calls. */
export function isSpecial({ role }) {
  return Object.hasOwn(ROLES, role ?? "");
}

/** What kind of server a service is, and where it is just a program, what it was found by. */
export function kindIcon(service, properties = {}) {
  const d = isSpecial(service) ? ROLES[service.role] : (KINDS[service.kind] ?? KINDS.unknown);
  return svg("path", { class: isSpecial(service) ? "kind-icon special" : "kind-icon", d, ...properties });
}

const HEALTHS = {
  healthy: "M3.5 8.3l3 3 6-6.6",
  degraded: "M8 2.2 14.6 13.6H1.4zM8 6.4v3.3M8 11.5v.1",
  failing: "M5 1.8h6L14.2 5v6L11 14.2H5L1.8 11V5zM5.7 5.7l4.6 4.6M10.3 5.7l-4.6 4.6",
  unknown: "M5.6 6.2a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.2.9-1.2 1.7M8 12.7v.1",
};

/** A health, which differs by its shape and not by its colour alone. */
export function healthPath(health) {
  return HEALTHS[health] ?? HEALTHS.unknown;
}

/** The same as a picture of its own, for text. */
export function healthIcon(health) {
  return picture(svg("path", { d: healthPath(health) }), `health-icon ${health}`);
}

/** A picture among words, which say what it shows. */
export function picture(drawing, className) {
  return svg("svg", { class: className, viewBox: "0 0 16 16", "aria-hidden": "true" }, drawing);
}
