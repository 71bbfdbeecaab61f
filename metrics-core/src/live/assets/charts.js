// Charts: a figure with a title, a canvas drawn by uPlot, a legend with values, and a table for screen readers.

import { axis, format, moment, tick } from "./format.js";
import { blend, colour, theme } from "./colours.js";

export const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key in made && key !== "role" && key !== "list") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
};

const HEIGHT = 190;
const hover = { time: null };
const all = new Set();
// Calls the listener of the page when a range of time is selected by dragging.
export const zooming = { onZoom: () => {} };

export function forgetAll() {
  for (const chart of all) chart.destroy();
  all.clear();
}

export function redrawAll() {
  for (const chart of all) chart.rebuild();
}

function beyond(panel, value) {
  if (value == null || !Number.isFinite(value)) return false;
  return (panel.above !== undefined && value > panel.above) || (panel.below !== undefined && value < panel.below);
}

export const isBeyond = beyond;

export class Chart {
  constructor(panel) {
    this.panel = panel;
    this.hidden = new Set();
    this.names = [];
    this.plotArea = element("div", { className: "plot", tabIndex: 0, role: "application", "aria-label": `${panel.title}: move along the time with the arrow keys` });
    this.legend = element("ul", { className: "legend" });
    this.at = element("span", { className: "at" });
    this.reader = element("table", { className: "unseen" });
    this.note = element("p", { className: "empty", textContent: "No data yet" });
    this.more = this.details();
    this.figure = element("figure", { className: `card chart ${panel.view}`, role: "figure", "aria-label": `${panel.title}. ${panel.description}` },
      element("figcaption", {}, element("h3", { textContent: panel.title }), this.at),
      element("p", { className: "about", textContent: panel.description }),
      this.plotArea, this.note, this.legend, this.reader, this.more);
    this.plotArea.addEventListener("keydown", (event) => this.key(event));
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.plotArea);
    all.add(this);
  }

  destroy() {
    this.observer.disconnect();
    this.plot?.destroy();
    this.plot = null;
  }

  details() {
    const queries = this.panel.queries.map(({ name, promql }) => element("pre", { textContent: promql, title: name || this.panel.title, tabIndex: 0 }));
    const copy = element("button", { type: "button", textContent: "Copy the query" });
    copy.addEventListener("click", async () => {
      await navigator.clipboard?.writeText(this.panel.queries.map(({ promql }) => promql).join("\n"));
      copy.textContent = "Copied";
      setTimeout(() => { copy.textContent = "Copy the query"; }, 1500);
    });
    const csv = element("button", { type: "button", textContent: "CSV" });
    csv.addEventListener("click", () => this.saveCsv());
    const png = element("button", { type: "button", textContent: "PNG" });
    png.addEventListener("click", () => this.savePng());
    return element("details", { className: "more" }, element("summary", { textContent: "PromQL, CSV, PNG" }),
      ...queries, element("div", { className: "buttons" }, copy, csv, png));
  }

  // Takes new data: the times, the values by name, the shown range of time, and the filter.
  update(data, view) {
    this.data = data;
    this.view = view;
    if (!this.isVisible()) return;
    this.draw();
  }

  isVisible() {
    const box = this.figure.getBoundingClientRect();
    return box.width > 0 && box.bottom > -400 && box.top < innerHeight + 400;
  }

  shown() {
    const lines = this.data.lines[this.panel.id] ?? {};
    const names = Object.keys(lines);
    if (this.panel.view === "heat" || names.length < 2 || !this.view.filter) return names;
    const found = names.filter((name) => name.toLowerCase().includes(this.view.filter));
    return found.length ? found : names;
  }

  draw() {
    const { times, lines } = this.data;
    const names = this.shown();
    const values = lines[this.panel.id] ?? {};
    const isEmpty = !names.some((name) => values[name].some((value) => value != null));
    this.note.hidden = !isEmpty;
    this.plotArea.hidden = isEmpty;
    this.legend.hidden = isEmpty || this.panel.view === "heat";
    if (isEmpty) return;
    if (!this.plot || names.join("\n") !== this.names.join("\n")) {
      this.names = names;
      this.build();
    }
    this.rows = this.panel.view === "heat" ? this.heatRows(values) : this.lineRows(values);
    this.plot.setData(this.rows, false);
    this.plot.batch(() => {
      this.plot.setScale("x", { min: this.view.min, max: this.view.max });
      if (this.panel.view !== "heat") this.plot.setScale("y", this.extent());
    });
    this.label();
  }

  lineRows(values) {
    const rows = this.names.map((name) => this.hidden.has(name) ? values[name].map(() => null) : values[name]);
    if (this.panel.view !== "stacked") return [this.data.times, ...rows];
    // Each area reaches from 0 to the sum of the lines up to its own; the largest is drawn first.
    let below = null;
    const sums = rows.map((row) => {
      below = row.map((value, at) => value == null ? (below ? below[at] : null) : value + ((below && below[at]) ?? 0));
      return below;
    });
    return [this.data.times, ...sums.reverse()];
  }

  heatRows(values) {
    this.buckets = this.names.map((name) => values[name]);
    return [this.data.times, this.data.times.map(() => 0)];
  }

  // The range of the y axis: from 0, with room for the limit where values come near it.
  extent() {
    const { min, max } = this.view;
    let top = 0;
    const [times, ...rows] = this.rows;
    for (const row of rows) {
      for (let at = 0; at < row.length; at += 1) {
        if (row[at] > top && times[at] >= min && times[at] <= max) top = row[at];
      }
    }
    if (this.panel.unit === "share") return { min: 0, max: top === 0 ? 0.1 : top > 0.8 && top <= 1 ? 1.02 : Math.min(top * 1.15, 1.02) };
    return { min: 0, max: top === 0 ? 1 : top * 1.12 };
  }

  rebuild() {
    if (!this.data || !this.plot) return;
    this.plot.destroy();
    this.plot = null;
    this.draw();
  }

  build() {
    this.plot?.destroy();
    const paint = theme();
    const isHeat = this.panel.view === "heat";
    const isStacked = this.panel.view === "stacked";
    const font = "11px system-ui, sans-serif";
    const line = (name) => ({
      label: name,
      stroke: colour(name),
      width: isStacked ? 1 : 1.75,
      fill: isStacked ? blend(colour(name), paint.surface, 0.42) : this.names.length === 1 ? blend(colour(name), paint.surface, 0.1) : undefined,
      points: { show: (u, series, from, to) => to - from < 2, size: 4 },
    });
    const lines = isHeat ? [{ label: "", stroke: "transparent", points: { show: false } }] : this.names.map(line);
    if (isStacked) lines.reverse();
    const options = {
      width: Math.max(120, this.plotArea.clientWidth || 320),
      height: HEIGHT,
      padding: [8, 10, 0, 0],
      pxAlign: 0,
      legend: { show: false },
      cursor: {
        sync: { key: "agent-metrics", setSeries: false },
        drag: { x: true, y: false, setScale: false },
        points: { size: 6, width: 1.5, show: !isHeat },
        y: false,
      },
      select: { show: true },
      scales: { x: { time: true, auto: false }, y: { auto: false, range: isHeat ? () => [0, this.names.length] : undefined } },
      series: [{}, ...lines],
      axes: [
        { stroke: paint.text, font, grid: { show: false }, ticks: { stroke: paint.grid, size: 4 }, size: 26, space: 64,
          values: (u, splits, at, space, increment) => splits.map((second) => tick(second, increment)) },
        { stroke: paint.text, font, grid: { stroke: paint.grid, width: 1 }, ticks: { show: false }, gap: 6, space: 36,
          size: (u, values) => Math.max(34, ...(values ?? []).map((value) => String(value).length * 6.4 + 12)),
          ...(isHeat ? { splits: () => this.names.map((name, at) => at + 0.5), values: () => this.bounds(), space: 12, grid: { show: false } }
            : { values: (u, splits) => splits.map((value) => axis(value, this.panel.unit)) }) },
      ],
      hooks: {
        setCursor: [(u) => { hover.time = u.cursor.idx == null ? null : this.data.times[u.cursor.idx]; this.labelSoon(); }],
        setSelect: [(u) => {
          if (u.select.width < 4) return;
          const [from, to] = [u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")];
          u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
          zooming.onZoom(from, to);
        }],
        drawClear: isHeat ? [(u) => this.heat(u)] : [],
        draw: isHeat ? [] : [(u) => this.limit(u, paint)],
      },
    };
    this.plot = new uPlot(options, [[], ...lines.map(() => [])], this.plotArea);
    this.plot.over.addEventListener("dblclick", () => zooming.onZoom(null, null));
    this.makeLegend();
  }

  // The bounds of a heat map's rows; every second one where there is little room.
  bounds() {
    return this.names.map((name, at) => {
      if (this.names.length > 8 && at % 2 === 1) return "";
      return name === "+Inf" ? `> ${format(Number(this.names[at - 1]), this.panel.unit)}` : `≤ ${format(Number(name), this.panel.unit)}`;
    });
  }

  heat(u) {
    if (!this.buckets) return;
    const { ctx } = u;
    const { times } = this.data;
    const step = this.data.step;
    const [from, to] = [u.scales.x.min, u.scales.x.max];
    // Cells of at least five pixels, each the mean of its times.
    const width = Math.max(step, Math.ceil(((to - from) * 5 * devicePixelRatio) / u.bbox.width / step) * step);
    const cells = this.buckets.map((row) => {
      const sums = new Map();
      row.forEach((value, at) => {
        if (value == null || times[at] < from || times[at] > to) return;
        const cell = Math.floor(times[at] / width);
        const sum = sums.get(cell) ?? [0, 0];
        sums.set(cell, [sum[0] + value, sum[1] + 1]);
      });
      return sums;
    });
    let most = 0;
    for (const row of cells) for (const [sum, count] of row.values()) most = Math.max(most, sum / count);
    if (most === 0) return;
    const accent = theme().accent;
    ctx.save();
    ctx.beginPath();
    ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    ctx.clip();
    ctx.fillStyle = accent;
    cells.forEach((row, at) => {
      const top = u.valToPos(at + 1, "y", true);
      const bottom = u.valToPos(at, "y", true);
      for (const [cell, [sum, count]] of row) {
        const value = sum / count;
        if (value <= 0) continue;
        ctx.globalAlpha = 0.12 + 0.88 * Math.sqrt(value / most);
        const left = u.valToPos(cell * width, "x", true);
        const right = u.valToPos((cell + 1) * width, "x", true);
        ctx.fillRect(left, top + 1, Math.max(1, right - left - 1), bottom - top - 2);
      }
    });
    ctx.restore();
  }

  limit(u, paint) {
    const value = this.panel.above ?? this.panel.below;
    if (value === undefined || value > u.scales.y.max) return;
    const { ctx } = u;
    const y = u.valToPos(value, "y", true);
    ctx.save();
    ctx.strokeStyle = paint.bad;
    ctx.globalAlpha = 0.75;
    ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.lineWidth = devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(u.bbox.left, y);
    ctx.lineTo(u.bbox.left + u.bbox.width, y);
    ctx.stroke();
    ctx.restore();
  }

  makeLegend() {
    this.keys = this.names.map((name) => {
      const swatch = element("i");
      swatch.style.background = colour(name);
      const value = element("b");
      const button = element("button", { type: "button", title: "Show or hide" }, swatch, element("span", { textContent: name || this.panel.title }), value);
      button.setAttribute("aria-pressed", String(!this.hidden.has(name)));
      button.addEventListener("click", () => {
        if (!this.hidden.delete(name)) this.hidden.add(name);
        button.setAttribute("aria-pressed", String(!this.hidden.has(name)));
        this.draw();
      });
      return { button, value, swatch };
    });
    this.legend.replaceChildren(...this.keys.map(({ button }) => element("li", {}, button)));
  }

  labelSoon() {
    this.pending ??= requestAnimationFrame(() => {
      this.pending = null;
      if (this.data) this.label();
    });
  }

  // Shows the values at the cursor, or the current ones.
  label() {
    const { times, lines, step, current } = this.data;
    const values = lines[this.panel.id] ?? {};
    const at = hover.time == null ? -1 : this.plot?.cursor.idx ?? -1;
    const isLive = at < 0 || at >= times.length;
    this.at.textContent = isLive ? "" : moment(times[at], step);
    const now = current[this.panel.id] ?? {};
    const rows = this.names.map((name, place) => {
      const value = isLive ? now[name] ?? values[name]?.at(-1) : values[name]?.[at];
      const text = format(value, this.panel.unit);
      if (this.panel.view !== "heat" && this.keys?.[place]) {
        const key = this.keys[place];
        if (key.value.textContent !== text) key.value.textContent = text;
        key.button.classList.toggle("bad", beyond(this.panel, value));
      }
      return [name || this.panel.title, text];
    });
    const key = rows.flat().join("|");
    if (isLive && key !== this.readerKey) {
      this.readerKey = key;
      this.reader.replaceChildren(element("caption", { textContent: `${this.panel.title}, current values` }),
        element("tbody", {}, ...rows.map(([name, text]) => element("tr", {}, element("th", { scope: "row", textContent: name }), element("td", { textContent: text })))));
    }
  }

  key(event) {
    const moves = { ArrowLeft: -1, ArrowRight: 1, PageUp: -30, PageDown: 30 };
    if (!this.plot) return;
    if (event.key === "Escape") {
      this.plot.setCursor({ left: -10, top: -10 });
      return;
    }
    if (!(event.key in moves)) return;
    event.preventDefault();
    const { times } = this.data;
    const at = Math.min(times.length - 1, Math.max(0, (this.plot.cursor.idx ?? times.length - 1) + moves[event.key]));
    this.plot.setCursor({ left: this.plot.valToPos(times[at], "x"), top: 10 });
  }

  resize() {
    const width = this.plotArea.clientWidth;
    if (this.plot && width > 0 && Math.abs(width - this.plot.width) > 1) this.plot.setSize({ width, height: HEIGHT });
  }

  saveCsv() {
    const values = this.data?.lines[this.panel.id] ?? {};
    const names = Object.keys(values);
    const quote = (text) => `"${text.replaceAll('"', '""')}"`;
    const rows = this.data.times.map((second, at) => [new Date(second * 1000).toISOString(), ...names.map((name) => values[name][at] ?? "")].join(","));
    const text = [["time", ...names.map((name) => quote(name || this.panel.title))].join(","), ...rows].join("\r\n");
    save(new Blob([`${text}\r\n`], { type: "text/csv" }), `${this.panel.id}.csv`);
  }

  savePng() {
    if (!this.plot) return;
    const from = this.plot.ctx.canvas;
    const canvas = element("canvas", { width: from.width, height: from.height });
    const ctx = canvas.getContext("2d");
    ctx.fillStyle = theme().surface;
    ctx.fillRect(0, 0, canvas.width, canvas.height);
    ctx.drawImage(from, 0, 0);
    canvas.toBlob((blob) => save(blob, `${this.panel.id}.png`));
  }
}

function save(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// A current value with a small chart of its past.
export class Stat {
  constructor(panel) {
    this.panel = panel;
    this.number = element("span", { textContent: "–" });
    this.unit = element("em");
    this.value = element("strong", {}, this.number, " ", this.unit);
    this.canvas = element("canvas", { "aria-hidden": "true" });
    this.limit = panel.above !== undefined ? `limit ${format(panel.above, panel.unit)}` : "";
    this.note = element("small", { textContent: this.limit });
    this.node = element("section", { className: "card stat", title: panel.description, id: `stat-${panel.id}` },
      element("h3", { textContent: panel.title }), this.value, this.note, this.canvas);
  }

  update(data, view) {
    const values = data.lines[this.panel.id]?.[""] ?? [];
    const now = data.current[this.panel.id]?.[""];
    const text = format(now, this.panel.unit);
    const [, number, unit] = text.match(/^(.*?)(?: (\/min|\/h|tok\/min))?$/);
    if (this.number.textContent !== number) this.number.textContent = number;
    if (this.unit.textContent !== (unit ?? "")) this.unit.textContent = unit ?? "";
    const isBad = beyond(this.panel, now);
    this.node.classList.toggle("bad", isBad);
    this.note.textContent = now == null || !Number.isFinite(now) ? "no traffic" : this.limit;
    this.node.dataset.value = now ?? "";
    this.spark(data.times, values, view, isBad);
  }

  spark(times, values, view, isBad) {
    const { canvas } = this;
    const ratio = devicePixelRatio;
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (width === 0) return;
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const ctx = canvas.getContext("2d");
    ctx.clearRect(0, 0, width, height);
    const points = [];
    values.forEach((value, at) => {
      if (value != null && times[at] >= view.min && times[at] <= view.max) points.push([times[at], value]);
    });
    if (points.length < 2) return;
    const most = Math.max(...points.map(([, value]) => value)) || 1;
    const paint = theme();
    const x = (second) => ((second - view.min) / (view.max - view.min)) * width;
    const y = (value) => height - ratio - (value / most) * (height - 3 * ratio);
    const line = new Path2D();
    points.forEach(([second, value], at) => at === 0 ? line.moveTo(x(second), y(value)) : line.lineTo(x(second), y(value)));
    const area = new Path2D(line);
    area.lineTo(x(points.at(-1)[0]), height);
    area.lineTo(x(points[0][0]), height);
    ctx.fillStyle = ctx.strokeStyle = isBad ? paint.bad : paint.accent;
    ctx.globalAlpha = 0.14;
    ctx.fill(area);
    ctx.globalAlpha = 1;
    ctx.lineWidth = 1.5 * ratio;
    ctx.lineJoin = "round";
    ctx.stroke(line);
  }
}
