// The page: loads the history, follows the program, and shows the board that the address names.

import { Chart, Stat, element, forgetAll, isBeyond, redrawAll, zooming } from "./charts.js";
import { Table } from "./tables.js";
import { format, time } from "./format.js";
import { onThemeChange } from "./colours.js";
import { Unauthorized, follow, forgetToken, history, keepToken } from "./connection.js";

const $ = (id) => document.getElementById(id);
const RANGES = { "15m": 900, "6h": 21600, "7d": 604800 };
// The steps of each range that a page keeps.
const MOST = 1100;
const LATE = 4;

// The state that a link restores.
const view = { board: "overview", range: "15m", filter: "", zoom: null };
// The data: times, lines by panel and name, current values.
let data = null;
let event = null;
let facts = null;
let ended = [];
let shown = [];
let isPaused = false;
let isLoading = false;
let restarted = null;

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  view.board = given.get("board") ?? "overview";
  view.range = given.get("range") in RANGES ? given.get("range") : "15m";
  view.filter = given.get("filter") ?? "";
  const zoom = (given.get("zoom") ?? "").split("-").map(Number);
  view.zoom = zoom.length === 2 && zoom.every(Number.isFinite) && zoom[0] < zoom[1] ? zoom : null;
}

function address(change = {}) {
  const next = { ...view, ...change };
  const text = new URLSearchParams({ board: next.board, range: next.range });
  if (next.filter) text.set("filter", next.filter);
  if (next.zoom) text.set("zoom", next.zoom.map(Math.round).join("-"));
  return `#${text}`;
}

function state(name, text) {
  $("state").dataset.state = name;
  if ($("state").lastElementChild.textContent !== text) $("state").lastElementChild.textContent = text;
}

function banner(text) {
  $("banner").hidden = !text;
  if ($("banner").textContent !== text) $("banner").textContent = text;
}

async function load() {
  if (isLoading) return;
  isLoading = true;
  try {
    const loaded = await history(view.range);
    facts = loaded;
    event = loaded.event;
    ended = loaded.ended;
    const { step, end, lines } = loaded.history;
    const length = Math.max(2, ...Object.values(lines).flatMap((panel) => Object.values(panel).map((values) => values.length)));
    const times = Array.from({ length }, (_, at) => end - (length - 1 - at) * step);
    for (const panel of Object.values(lines)) {
      for (const name of Object.keys(panel)) panel[name] = Array(length - panel[name].length).fill(null).concat(panel[name]);
    }
    data = { times, step, lines, current: event.values, range: view.range };
    $("login").hidden = true;
  } finally {
    isLoading = false;
  }
}

// Adds a tick to the data. Ranges with longer steps are loaded again when a step has passed.
async function take(next) {
  if (event && next.epoch !== event.epoch) {
    restarted = next.second;
    await load();
    build();
    return;
  }
  const isNew = next.families !== event.families;
  // Ticks that did not arrive are in the history of the program.
  const isMissed = next.tick > event.tick + 1;
  const gap = next.second - data.times.at(-1);
  event = next;
  data.current = next.values;
  const known = ended.at(-1)?.n ?? 0;
  ended = ended.concat(next.ended.filter((task) => task.n > known)).slice(-200);
  const isBehind = next.ended_count > (ended.at(-1)?.n ?? 0);
  if (isNew || isBehind || (isMissed && data.step === 1) || gap > 60 + data.step || gap < 0 || (data.step > 1 && gap >= 2 * data.step)) {
    await load();
    if (isNew) build();
    return;
  }
  if (data.step === 1) append(next, gap);
}

function append(next, gap) {
  const { times, lines } = data;
  for (let at = 0; at < gap; at += 1) times.push(times.at(-1) + 1);
  for (const [panel, values] of Object.entries(next.values)) {
    lines[panel] ??= {};
    for (const name of Object.keys(values)) lines[panel][name] ??= Array(times.length - gap).fill(null);
  }
  for (const [panel, byName] of Object.entries(lines)) {
    for (const [name, values] of Object.entries(byName)) {
      const value = next.values[panel]?.[name] ?? null;
      // A tick that is a few seconds late stands for those that it missed.
      for (let at = 1; at < gap; at += 1) values.push(gap <= LATE + 1 ? value : null);
      if (gap > 0) values.push(value);
    }
  }
  const extra = times.length - MOST;
  if (extra <= 0) return;
  times.splice(0, extra);
  for (const byName of Object.values(lines)) for (const values of Object.values(byName)) values.splice(0, extra);
}

// The shown range of time: the zoom, or the end of the range, from the first value on.
function span() {
  if (view.zoom) return { min: view.zoom[0], max: view.zoom[1] };
  const max = data.times.at(-1);
  const first = data.times.find((_, at) => Object.values(data.lines).some((panel) => Object.values(panel).some((values) => values[at] != null)));
  const min = Math.max(max - RANGES[view.range], Math.min(first ?? max, max - Math.max(60, data.step * 12)));
  return { min, max };
}

const BOARDS = [["functions", "Functions"], ["tasks", "Tasks"]];

function boards() {
  const listed = facts.boards.map((board) => [board.id, board.title]);
  return [listed[0], BOARDS[1], ...listed.slice(1), BOARDS[0]].filter(Boolean);
}

function build() {
  forgetAll();
  shown = [];
  const list = boards();
  if (!list.some(([id]) => id === view.board)) view.board = list[0][0];
  $("boards").replaceChildren(...list.map(([id, title]) => {
    const link = element("a", { href: address({ board: id }), textContent: title });
    if (id === view.board) link.setAttribute("aria-current", "page");
    return link;
  }));
  document.title = `${list.find(([id]) => id === view.board)[1]} · Agent metrics`;
  for (const button of $("ranges").children) button.setAttribute("aria-pressed", String(button.dataset.range === view.range));
  if ($("filter").value !== view.filter) $("filter").value = view.filter;
  const content = $("content");
  content.replaceChildren();
  if (view.board === "functions") buildFunctions(content);
  else if (view.board === "tasks") buildTasks(content);
  else buildBoard(content, facts.boards.find((board) => board.id === view.board));
  refresh();
}

function buildBoard(content, board) {
  if (board.id === "overview") content.append(health());
  if (board.stats.length) {
    const stats = board.stats.map((panel) => new Stat(panel));
    content.append(element("div", { className: "stats" }, ...stats.map((stat) => stat.node)));
    shown.push((range) => stats.forEach((stat) => stat.update(data, range)));
  }
  if (board.id === "overview") content.append(now());
  for (const table of board.tables) content.append(boardTable(table));
  if (board.id === "budgets") content.append(objectives());
  if (board.charts.length) {
    const charts = board.charts.map((panel) => new Chart(panel));
    content.append(element("div", { className: "charts" }, ...charts.map((chart) => chart.figure)));
    shown.push((range) => charts.forEach((chart) => chart.update(data, { ...range, filter: view.filter.toLowerCase() })));
  }
}

// One sentence: is anything beyond its limit?
function health() {
  const text = element("strong");
  const rest = element("span");
  const node = element("section", { className: "card health", "aria-live": "polite" }, text, rest);
  // The values of the whole program: one failed call of a rare tool is no reason for alarm.
  const whole = facts.boards.filter(({ id }) => id === "overview" || id === "budgets");
  const panels = whole.flatMap((board) => [...board.stats, ...board.charts]).filter((panel) => panel.above !== undefined || panel.below !== undefined);
  shown.push(() => {
    const bad = new Map();
    for (const panel of panels) {
      for (const [name, value] of Object.entries(data.current[panel.id] ?? {})) {
        // The tile shows the same ratio.
        if (panel.id === "errors" && name === "tasks") continue;
        if (isBeyond(panel, value)) bad.set(`${panel.title}${name ? ` (${name})` : ""}`, format(value, panel.unit));
      }
    }
    const tasks = data.current.tasks_per_minute?.[""] ?? 0;
    const active = data.current.active?.[""] ?? 0;
    const isIdle = bad.size === 0 && tasks === 0 && active === 0;
    node.classList.toggle("bad", bad.size > 0);
    node.classList.toggle("idle", isIdle);
    const title = bad.size > 0 ? `${bad.size} ${bad.size === 1 ? "value is" : "values are"} beyond the limit` : isIdle ? "Idle" : "Healthy";
    const list = [...bad].map(([name, value]) => `${name}: ${value}`);
    const more = list.length > 4 ? `${list.slice(0, 4).join(" · ")} · and ${list.length - 4} more` : list.join(" · ");
    const note = bad.size > 0 ? more : isIdle ? "No task has ended in the last minute, and none is running." : "Every value is within its limit.";
    if (text.textContent !== title) text.textContent = title;
    if (rest.textContent !== note) rest.textContent = note;
  });
  return node;
}

// The tasks in flight, the oldest first.
function now() {
  const list = element("ul");
  const none = element("p", { className: "empty", textContent: "No task is running." });
  const node = element("section", { className: "card now", "aria-label": "Running now" }, element("h3", { textContent: "Running now" }), list, none);
  shown.push(() => {
    const tasks = event.flight.tasks.slice(0, 5);
    none.hidden = tasks.length > 0;
    const chips = tasks.map((task) => element("li", {}, element("b", { textContent: task.type }),
      element("span", { textContent: `${format(task.seconds, "seconds")} · step ${task.steps} · ${format(task.in + task.out, "tokens")} tokens · ${format(task.cost, "usd")}` })));
    if (event.flight.count > tasks.length) chips.push(element("li", {}, element("a", { href: address({ board: "tasks" }), textContent: `${event.flight.count - tasks.length} more` })));
    list.replaceChildren(...chips);
  });
  return node;
}

function boardTable({ id, title, heading, empty, columns }) {
  const table = new Table({ id, title, empty, columns: [{ title: heading, isText: true }, ...columns] });
  shown.push(() => table.fill(event.tables[id]?.rows ?? [], view.filter.toLowerCase(), view.filter ? undefined : event.tables[id]?.count));
  return table.node;
}

function objectives() {
  const share = (value) => format(value, "share");
  const burn = (value) => value == null ? "–" : `${value.toFixed(2)} ×`;
  const table = new Table({
    id: "objectives", title: "Objectives", empty: "No tracked function has an objective: add slo(..) to its attribute.", sort: 5,
    note: "A burn rate of 1 spends the permitted errors exactly in the period of the objective. The windows begin when the program does.",
    columns: [{ title: "Function", isText: true }, { title: "Objective", isText: true }, { title: "met, 5 min", text: share }, { title: "burn, 5 min", text: burn, above: 1 }, { title: "met, 1 h", text: share }, { title: "burn, 1 h", text: burn, above: 1 }],
  });
  shown.push(() => table.fill(event.objectives.map(({ name, text, good, burn: rates }) => [name, text, good[0], rates[0], good[1], rates[1]]), view.filter.toLowerCase()));
  return table.node;
}

function buildFunctions(content) {
  const table = new Table({
    id: "functions", title: "Tracked functions", empty: "No tracked function is linked into the program.", sort: 2,
    note: "Every function with an attribute of agent-metrics that is linked into the program, with the calls since its start. Functions with the same label value share their numbers.",
    columns: [{ title: "Function", isText: true }, { title: "Kind", isText: true }, { title: "Calls", unit: "number" }, { title: "failed", unit: "number" }, { title: "p50", unit: "seconds" }, { title: "p95", unit: "seconds" }, { title: "p99", unit: "seconds" }, { title: "Series", isText: true }, { title: "Source", isText: true }],
  });
  content.append(table.node);
  shown.push(() => table.fill(facts.functions.map((each, at) => {
    const values = event.calls[at] ?? [null, null, null, null, null];
    return [each.name, each.kind, ...values, each.series, each.place];
  }), view.filter.toLowerCase()));
}

function buildTasks(content) {
  const totals = [{ title: "Steps", unit: "number" }, { title: "Input tokens", unit: "tokens" }, { title: "cached", unit: "tokens" }, { title: "Output tokens", unit: "tokens" }, { title: "Cost", unit: "usd" }, { title: "Tool calls", unit: "number" }];
  const cells = (task) => [task.steps, task.in, task.cached, task.out, task.cost, task.tools];
  const number = { title: "No.", isText: true, text: (value) => `#${value}` };
  const flight = new Table({ id: "flight", title: "In flight", empty: "No task is running.", sort: 2, columns: [number, { title: "Task", isText: true }, { title: "Age", unit: "seconds" }, ...totals] });
  const last = new Table({ id: "ended", title: "Ended last", empty: "No task has ended yet.", sort: 0,
    columns: [number, { title: "Task", isText: true }, { title: "Status", isText: true, pill: true }, { title: "Kind of error", isText: true }, { title: "Ended", unit: "time" }, { title: "Duration", unit: "seconds" }, ...totals] });
  content.append(flight.node, last.node);
  shown.push(() => {
    const filter = view.filter.toLowerCase();
    flight.fill(event.flight.tasks.map((task) => [task.n, task.type, task.seconds, ...cells(task)]), filter, filter ? undefined : event.flight.count);
    last.fill(ended.map((task) => [task.n, task.type, task.status, task.kind === "success" ? "" : task.kind, task.at, task.seconds, ...cells(task)]), filter);
  });
}

function refresh() {
  if (!data) return;
  const range = span();
  for (const update of shown) update(range);
  $("unzoom").hidden = !view.zoom;
  const kept = facts.memory;
  $("facts").textContent = `Updated ${time(event.second)} · history ${format(kept.history, "bytes")} of at most ${format(kept.limit, "bytes")}`
    + (kept.dropped ? ` · ${kept.dropped} lines beyond the limit are not kept` : "") + ` · a tick took ${format(event.micros / 1e6, "seconds")}`;
  document.body.dataset.ready = String(event.tick);
}

function askForToken() {
  const had = forgetToken();
  state("disconnected", "Token required");
  $("content").hidden = true;
  $("login").hidden = false;
  $("wrong").textContent = had ? "The token is wrong." : "";
  $("token").value = "";
  $("token").focus();
}

let lost = null;
let following = false;

async function start() {
  readAddress();
  try {
    await load();
  } catch (error) {
    if (error instanceof Unauthorized) return askForToken();
    state("disconnected", "Disconnected");
    banner(`The program does not answer (${error.message}). Trying again.`);
    setTimeout(start, 2000);
    return;
  }
  banner("");
  $("content").hidden = false;
  build();
  state("live", "Live");
  if (following) return;
  following = true;
  let taking = Promise.resolve();
  await follow({
    lastEnded: () => ended.at(-1)?.n ?? 0,
    onUnauthorized: () => { following = false; askForToken(); },
    onState(name) {
      if (name === "disconnected") {
        lost ??= Date.now() / 1000;
        state(name, "Disconnected");
        banner(`Disconnected since ${time(lost)}. The values are the last ones received; trying again.`);
        return;
      }
      lost = null;
      banner(restarted ? `The program was restarted at ${time(restarted)}. The history begins there.` : "");
      if (!isPaused) state(name, name === "live" ? "Live" : "Live, by polling");
    },
    onEvent(next) {
      taking = taking.then(async () => {
        await take(next);
        if (!isPaused && !document.hidden) refresh();
      }).catch(() => {});
    },
  });
}

$("login").addEventListener("submit", (submitted) => {
  submitted.preventDefault();
  keepToken($("token").value);
  start();
});
$("pause").addEventListener("click", () => {
  isPaused = !isPaused;
  $("pause").setAttribute("aria-pressed", String(isPaused));
  $("pause").textContent = isPaused ? "Resume" : "Pause";
  state(isPaused ? "paused" : "live", isPaused ? "Paused" : "Live");
  if (!isPaused) refresh();
});
$("ranges").addEventListener("click", ({ target }) => {
  if (target.dataset.range) location.hash = address({ range: target.dataset.range, zoom: null });
});
$("unzoom").addEventListener("click", () => { location.hash = address({ zoom: null }); });
$("filter").addEventListener("input", () => {
  view.filter = $("filter").value;
  window.history.replaceState(null, "", address());
  refresh();
});
zooming.onZoom = (from, to) => { location.hash = address({ zoom: from === null ? null : [from, to] }); };
addEventListener("hashchange", async () => {
  const { range, board } = view;
  readAddress();
  if (!data) return;
  if (view.range !== range) await load().catch(() => {});
  if (view.range !== range || view.board !== board) build();
  else {
    $("filter").value = view.filter;
    refresh();
  }
  if (view.board !== board) scrollTo(0, 0);
});
addEventListener("scroll", () => { if (!isPaused) scrolled(); }, { passive: true });
let scheduled = null;
function scrolled() {
  scheduled ??= requestAnimationFrame(() => {
    scheduled = null;
    refresh();
  });
}
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
onThemeChange(() => { redrawAll(); refresh(); });
if (typeof uPlot === "undefined") addEventListener("load", start);
else start();
