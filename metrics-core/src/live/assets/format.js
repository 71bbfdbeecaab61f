// Numbers and times as people read them.

const NONE = "–";
const plain = [0, 1, 2, 3, 4].map((digits) => new Intl.NumberFormat("en-US", { maximumFractionDigits: digits }));

// Three significant digits, with separators between thousands.
function digits(value) {
  const size = Math.abs(value);
  return plain[size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.01 ? 3 : 4].format(value);
}

function short(value) {
  const size = Math.abs(value);
  if (size >= 1e12) return `${digits(value / 1e12)} T`;
  if (size >= 1e9) return `${digits(value / 1e9)} B`;
  if (size >= 1e6) return `${digits(value / 1e6)} M`;
  if (size >= 1e5) return `${digits(value / 1e3)} k`;
  return digits(value);
}

function seconds(value) {
  const size = Math.abs(value);
  if (size === 0) return "0 s";
  if (size < 1e-3) return `${digits(value * 1e6)} µs`;
  if (size < 1) return `${digits(value * 1e3)} ms`;
  if (size < 120) return `${digits(value)} s`;
  if (size < 7200) return `${digits(value / 60)} min`;
  if (size < 172800) return `${digits(value / 3600)} h`;
  return `${digits(value / 86400)} days`;
}

function usd(value) {
  const size = Math.abs(value);
  if (size === 0) return "$0";
  if (size >= 1e5) return `$${short(value)}`;
  const places = size >= 1 ? 2 : Math.min(8, 2 - Math.floor(Math.log10(size)));
  return `$${value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: places })}`;
}

function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  while (Math.abs(value) >= 1024 && at < units.length - 1) {
    value /= 1024;
    at += 1;
  }
  return `${digits(value)} ${units[at]}`;
}

const units = {
  number: short,
  per_minute: (value) => `${short(value)} /min`,
  seconds,
  share: (value) => `${plain[Math.abs(value) < 0.1 ? 2 : 1].format(value * 100)} %`,
  usd,
  usd_per_hour: (value) => `${usd(value)} /h`,
  tokens: short,
  tokens_per_minute: (value) => `${short(value)} tok/min`,
  bytes,
};

export function format(value, unit) {
  return value == null || !Number.isFinite(value) ? NONE : (units[unit] ?? short)(value);
}

// The label of an axis, which has less room.
export function axis(value, unit) {
  const text = format(value, unit);
  return text.replace(/ (\/min|\/h|tok\/min)$/, "");
}

const two = (number) => String(number).padStart(2, "0");

export function time(second) {
  const at = new Date(second * 1000);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

// The label of a time axis whose labels are `increment` seconds apart.
export function tick(second, increment) {
  const at = new Date(second * 1000);
  if (increment < 60) return time(second);
  if (increment < 86400 && !(at.getHours() === 0 && at.getMinutes() === 0)) return `${two(at.getHours())}:${two(at.getMinutes())}`;
  return `${at.getDate()} ${months[at.getMonth()]}`;
}

export function moment(second, step) {
  const at = new Date(second * 1000);
  const day = step >= 60 ? `${at.getDate()} ${months[at.getMonth()]}, ` : "";
  return day + time(second);
}
