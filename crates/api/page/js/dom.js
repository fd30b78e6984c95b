// Making elements. Names, paths and reasons come from the network that is watched, so whoever sends traffic chooses them:
// they become text nodes and attribute values here, and the page has no other way to make elements.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element: `el("td", { class: "number", title: "…", on: { click } }, "text", child)`. */
export function el(name, properties = {}, ...children) {
  return furnish(document.createElement(name), properties, children);
}

/** An SVG element. */
export function svg(name, properties = {}, ...children) {
  return furnish(document.createElementNS(SVG, name), properties, children);
}

/** Sets attributes: `null`, `undefined` and `false` take one away, `true` sets it empty. */
export function attributes(element, values) {
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === undefined || value === false) {
      element.removeAttribute(name);
    } else {
      const text = value === true ? "" : String(value);
      if (element.getAttribute(name) !== text) element.setAttribute(name, text);
    }
  }
}

/** Puts these children, and no others, into an element. */
export function fill(element, ...children) {
  element.replaceChildren(...present(children));
}

/** Sets the text of an element, and leaves it alone where it is the same: a selection of text stays selected. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Words for a screen reader alone. */
export function unseen(text) {
  return el("span", { class: "unseen" }, text);
}

function furnish(element, { on = {}, ...rest }, children) {
  attributes(element, rest);
  for (const [type, listener] of Object.entries(on)) element.addEventListener(type, listener);
  element.append(...present(children));
  return element;
}

function present(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}
