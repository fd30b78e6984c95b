// Figures in words. A figure and its unit are joined by a narrow no-break space, so that they stay on one line.

const GAP = "\u202f";
/** What stands where there is no figure. */
export const NONE = "–";

/** Three significant digits, without an exponent. */
function significant(value) {
  const digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return value.toFixed(digits);
}

function scaled(value, units) {
  const unit = units.find(([size]) => value >= size * 0.9995) ?? units.at(-1);
  return significant(value / unit[0]) + GAP + unit[1];
}

/** A count, with its thousands apart. */
export function count(value) {
  return Math.round(value).toLocaleString("en").replaceAll(",", GAP);
}

/** A duration in seconds: µs, ms, s or minutes. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return NONE;
  if (seconds < 0) return "−" + duration(-seconds);
  if (seconds === 0) return "0" + GAP + "µs";
  if (seconds >= 120) return `${Math.floor(seconds / 60)}${GAP}min ${Math.round(seconds % 60)}${GAP}s`;
  return scaled(seconds, [
    [1, "s"],
    [1e-3, "ms"],
    [1e-6, "µs"],
  ]);
}

/** Requests a second. */
export function rate(perSecond) {
  return perSecond === null || perSecond === undefined ? NONE : amount(perSecond) + GAP + "req/s";
}

/** Requests a second where there is little room. */
export function shortRate(perSecond) {
  return perSecond === null || perSecond === undefined ? NONE : amount(perSecond) + "/s";
}

function amount(value) {
  if (value === 0) return "0";
  if (value < 0.01) return "<" + GAP + "0.01";
  if (value >= 999_500) return significant(value / 1e6) + GAP + "M";
  return value >= 9995 ? significant(value / 1e3) + GAP + "k" : significant(value);
}

/** A ratio in percent, rounded down as in the API's own words. What is not nothing never reads as 0 %. */
export function percent(ratio) {
  if (ratio === null || ratio === undefined) return NONE;
  if (ratio === 0 || ratio === 1) return ratio * 100 + GAP + "%";
  if (ratio < 0.001) return "<" + GAP + "0.1" + GAP + "%";
  // 0.29 * 1000 is a little less than 290 in binary: what is that close to the next step has reached it.
  return (Math.floor(ratio * 1000 + 1e-9) / 10).toFixed(1) + GAP + "%";
}

/** A coverage in percent, rounded down: the last loss must show. */
export function coverage(ratio) {
  return (ratio >= 1 ? "100" : (Math.floor(ratio * 1e4) / 100).toFixed(2)) + GAP + "%";
}

/** A size. */
export function bytes(value) {
  if (value === null || value === undefined) return NONE;
  return value < 1000
    ? value + GAP + "B"
    : scaled(value, [
        [1e9, "GB"],
        [1e6, "MB"],
        [1e3, "kB"],
      ]);
}

/** A time of day in the reader's zone, with its date unless that is today. */
export function time(text, { milliseconds = false } = {}) {
  const at = new Date(text);
  const two = (value) => String(value).padStart(2, "0");
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const fraction = milliseconds ? `.${String(at.getMilliseconds()).padStart(3, "0")}` : "";
  const today = new Date().toDateString() === at.toDateString();
  return (today ? "" : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} `) + clock + fraction;
}

/** From one time to another, with the date of the second one only where it is another day. */
export function span({ from, to }) {
  const [start, end] = [time(from), time(to)];
  const isSameDay = new Date(from).toDateString() === new Date(to).toDateString();
  return `${start}–${isSameDay ? end.split(" ").at(-1) : end}`;
}

/** The p95 behind other figures; nothing where none has a duration, as of messages that nobody answers. */
export function andP95(figures) {
  return figures.duration_seconds ? ` · p95 ${duration(figures.duration_seconds.p95)}` : "";
}

/** A word of the API for people: `external_client` is an external client. */
export function words(name) {
  return name.replaceAll("_", " ");
}

/** `1 request`, `2 requests`. */
export function plural(number, one, many = one + "s") {
  return `${count(number)}${GAP}${number === 1 ? one : many}`;
}
