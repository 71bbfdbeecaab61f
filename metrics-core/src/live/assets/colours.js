// Colours. A name has the same colour in every chart. The palette can be told apart with every common colour blindness.

// Wong's palette, adjusted for contrast on light and on dark surfaces.
const palette = {
  light: ["#0072b2", "#d55e00", "#009e73", "#a9599a", "#b07d00", "#2b9fd9", "#7a5c3e", "#5b5fc7", "#8a8f98", "#00838f", "#b23a68", "#5d7f00"],
  dark: ["#4aa8e8", "#f2803a", "#2fc79a", "#d58cc5", "#e3b341", "#7fd0ff", "#c2a07d", "#9a9dff", "#9aa2ad", "#3cc4cf", "#f07aa4", "#a6c84a"],
};

// Names with a meaning: places in the palette.
const meaning = {
  success: 2, hit: 2, failure: 1, error: 1, panicked: 3, timeout: 4, cancelled: 8, miss: 8, "(other)": 8,
  rate_limited: 5, unavailable: 10, rejected: 6, context_overflow: 7, content_filtered: 9,
  input: 0, output: 4, tool: 2, p50: 5, p95: 0, p99: 7, tasks: 0, "LLM calls": 4, tools: 2,
  "per task": 0, "per successful task": 4, "1h": 5, "24h": 0, "7d": 7,
};

const dark = matchMedia("(prefers-color-scheme: dark)");
const given = new Map();
let next = 0;
const free = [0, 4, 2, 3, 5, 1, 7, 9, 6, 10, 11];

export function colour(name) {
  let place = meaning[name] ?? (/^[45]\d\d$/.test(name) ? (name[0] === "5" ? 1 : 4) : /^2\d\d$/.test(name) ? 2 : given.get(name));
  if (place === undefined) {
    place = free[next++ % free.length];
    given.set(name, place);
  }
  return palette[dark.matches ? "dark" : "light"][place];
}

export function theme() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return { text: read("--muted"), grid: read("--line"), surface: read("--surface"), accent: read("--accent"), bad: read("--bad") };
}

export function onThemeChange(call) {
  dark.addEventListener("change", call);
}

const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

// A colour on a surface, as opaque as `share`.
export function blend(front, back, share) {
  const [a, b] = [channels(front), channels(back)];
  return `rgb(${a.map((value, at) => Math.round(value * share + b[at] * (1 - share))).join(" ")})`;
}
