// Zooming and panning a drawing. A plain wheel goes on scrolling the page.

const MIN_SCALE = 0.15;
const MAX_SCALE = 3;
/** A small drawing is not blown up. */
const MAX_FIT = 1.15;
const MARGIN = 14;
/** Room at the bottom for the legend and the buttons. */
const FOOT = 30;
/** Smaller than this, only the largest words can be read. */
const READABLE = 0.58;
/** A pointer that moves less than this has clicked. */
const CLICK_PX = 4;

/** Lets `layer`, a group in the SVG element `frame`, be moved. `fit` shows all until somebody has moved it. */
export class Viewport {
  #frame;
  #layer;
  #content = { width: 1, height: 1 };
  #at = { x: 0, y: 0, scale: 1 };
  #isMoved = false;
  #pointers = new Map();
  #travelled = 0;

  constructor(frame, layer) {
    this.#frame = frame;
    this.#layer = layer;
    frame.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    frame.addEventListener("pointerdown", (event) => this.#down(event));
    frame.addEventListener("pointermove", (event) => this.#move(event));
    for (const type of ["pointerup", "pointercancel", "pointerleave"]) {
      frame.addEventListener(type, (event) => this.#pointers.delete(event.pointerId));
    }
    // What was a drag is no click on what happens to be under the pointer.
    frame.addEventListener("click", (event) => this.#travelled > CLICK_PX && event.stopPropagation(), {
      capture: true,
    });
    new ResizeObserver(() => this.#isMoved || this.fit()).observe(frame);
  }

  /** The size of the drawing. It is fitted in, unless somebody has chosen what to look at. */
  resize(width, height) {
    this.#content = { width, height };
    if (!this.#isMoved) this.fit();
  }

  /** How large a drawing of this size is when all of it is shown. */
  scaleOf({ width, height }) {
    const { clientWidth, clientHeight } = this.#frame;
    const room = { width: clientWidth - 2 * MARGIN, height: clientHeight - 2 * MARGIN - FOOT };
    return Math.max(Math.min(room.width / width, room.height / height, MAX_FIT), MIN_SCALE);
  }

  /** Shows all of it. */
  fit() {
    const { clientWidth, clientHeight } = this.#frame;
    if (!clientWidth || !clientHeight) return;
    const { width, height } = this.#content;
    const scale = this.scaleOf(this.#content);
    this.#isMoved = false;
    this.#moveTo({ scale, x: (clientWidth - width * scale) / 2, y: (clientHeight - FOOT - height * scale) / 2 });
  }

  /** Makes sure that a part of the drawing, from one corner to the other, is seen in a size that can be read. */
  show(from, to) {
    const { clientWidth: width, clientHeight: height } = this.#frame;
    const { x, y, scale } = this.#at;
    const isSeen =
      from.x * scale + x >= 0 && from.y * scale + y >= 0 && to.x * scale + x <= width && to.y * scale + y <= height;
    if (!width || (isSeen && scale >= READABLE)) return;
    const fitting = Math.min((width - 2 * MARGIN) / (to.x - from.x), (height - 2 * MARGIN - FOOT) / (to.y - from.y));
    const next = Math.min(Math.max(fitting, READABLE), Math.max(scale, 0.9));
    this.#isMoved = true;
    this.#moveTo({
      scale: next,
      x: (width - (from.x + to.x) * next) / 2,
      y: (height - FOOT - (from.y + to.y) * next) / 2,
    });
  }

  /** Zooms by a factor, around the middle or a point of the frame. */
  zoom(factor, point = { x: this.#frame.clientWidth / 2, y: this.#frame.clientHeight / 2 }) {
    const { x, y, scale } = this.#at;
    const next = Math.min(Math.max(scale * factor, MIN_SCALE), MAX_SCALE);
    this.#isMoved = true;
    this.#moveTo({
      scale: next,
      x: point.x - ((point.x - x) * next) / scale,
      y: point.y - ((point.y - y) * next) / scale,
    });
  }

  /** Moves as little as needed for a place of the drawing to be seen. */
  reveal({ x, y }, room = 60) {
    const { clientWidth, clientHeight } = this.#frame;
    const seen = { x: x * this.#at.scale + this.#at.x, y: y * this.#at.scale + this.#at.y };
    const nearest = (value, size) =>
      Math.min(Math.max(value, Math.min(room, size / 2)), Math.max(size - room, size / 2));
    const [dx, dy] = [nearest(seen.x, clientWidth) - seen.x, nearest(seen.y, clientHeight) - seen.y];
    if (dx || dy) this.#moveTo({ ...this.#at, x: this.#at.x + dx, y: this.#at.y + dy });
  }

  #moveTo(at) {
    this.#at = at;
    this.#frame.classList.toggle("far", at.scale < READABLE);
    this.#layer.setAttribute("transform", `translate(${at.x} ${at.y}) scale(${at.scale})`);
  }

  #wheel(event) {
    // Pinching on a touch pad comes as a wheel with the control key.
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY / 300), this.#inFrame(event));
  }

  #down(event) {
    if (event.button !== 0) return;
    if (this.#pointers.size === 0) this.#travelled = 0;
    this.#pointers.set(event.pointerId, this.#inFrame(event));
  }

  #move(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = this.#inFrame(event);
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.#pointers.set(event.pointerId, now);
    this.#travelled += Math.hypot(now.x - before.x, now.y - before.y);
    if (other) {
      const apart = (point) => Math.max(Math.hypot(point.x - other.x, point.y - other.y), 1);
      this.zoom(apart(now) / apart(before), other);
    } else if (this.#travelled > CLICK_PX) {
      this.#isMoved = true;
      this.#moveTo({ ...this.#at, x: this.#at.x + now.x - before.x, y: this.#at.y + now.y - before.y });
    }
  }

  #inFrame(event) {
    const { left, top } = this.#frame.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }
}
