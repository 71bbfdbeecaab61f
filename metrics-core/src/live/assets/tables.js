// Tables that can be sorted by every column. Rows are kept across updates, so that nothing flickers and no focus is lost.

import { format, time } from "./format.js";
import { element, isBeyond } from "./charts.js";

export class Table {
  // `columns`: { title, unit, key?, above?, promql?, text? }; a row is an array of cells, the first of which is its key.
  constructor({ id, title, note = "", empty, columns, sort = 1, ascending = false, numbered = false }) {
    Object.assign(this, { columns, sort, ascending, empty, numbered });
    this.rows = new Map();
    this.count = element("span", { className: "count" });
    this.heads = columns.map((column, at) => {
      const button = element("button", { type: "button", textContent: column.title, title: column.promql ?? "" });
      button.addEventListener("click", () => {
        this.ascending = this.sort === at ? !this.ascending : Boolean(column.isText);
        this.sort = at;
        this.fill(this.last ?? [], this.filter);
      });
      return element("th", { scope: "col", className: column.isText ? "" : "number" }, button);
    });
    this.body = element("tbody");
    this.none = element("p", { className: "empty", textContent: empty });
    this.table = element("table", {}, element("caption", { className: "unseen", textContent: title }),
      element("thead", {}, element("tr", {}, ...this.heads)), this.body);
    this.scroll = element("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": title }, this.table);
    this.node = element("section", { className: "card table", id: `table-${id}` },
      element("header", {}, element("h3", { textContent: title }), this.count), ...(note ? [element("p", { className: "about", textContent: note })] : []),
      this.scroll, this.none);
  }

  // Shows the rows. `total` is their number where more exist than are given.
  fill(rows, filter = "", total = rows.length) {
    this.last = rows;
    this.filter = filter;
    const { sort } = this;
    const matching = filter ? rows.filter((row) => row.some((cell) => typeof cell === "string" && cell.toLowerCase().includes(filter))) : [...rows];
    const direction = this.ascending ? 1 : -1;
    const rank = (value) => value == null ? -Infinity : value;
    matching.sort((a, b) => {
      const [left, right] = [rank(a[sort]), rank(b[sort])];
      return direction * (typeof left === "string" || typeof right === "string" ? String(left).localeCompare(String(right)) : left - right);
    });
    this.heads.forEach((head, at) => head.setAttribute("aria-sort", at === sort ? (this.ascending ? "ascending" : "descending") : "none"));
    const kept = new Set();
    let before = null;
    for (const row of matching) {
      const key = String(row[0]);
      kept.add(key);
      let shown = this.rows.get(key);
      if (!shown) {
        shown = element("tr", {}, ...this.columns.map((column, at) => element(at === 0 ? "th" : "td", at === 0 ? { scope: "row", className: column.isText ? "" : "number" } : { className: column.isText ? "" : "number" })));
        this.rows.set(key, shown);
      }
      this.columns.forEach((column, at) => this.cell(shown.children[at], column, row[at]));
      const place = before ? before.nextSibling : this.body.firstChild;
      if (place !== shown) this.body.insertBefore(shown, place);
      before = shown;
    }
    for (const [key, shown] of this.rows) {
      if (kept.has(key)) continue;
      shown.remove();
      this.rows.delete(key);
    }
    this.none.hidden = matching.length > 0;
    this.none.textContent = rows.length > 0 ? "Nothing matches the filter." : this.empty;
    this.scroll.hidden = matching.length === 0;
    const shownCount = matching.length.toLocaleString("en-US");
    this.count.textContent = total > matching.length ? `${shownCount} of ${total.toLocaleString("en-US")}` : matching.length > 0 ? shownCount : "";
  }

  cell(node, column, value) {
    const text = column.text ? column.text(value) : column.isText ? value ?? "" : column.unit === "time" ? time(value) : format(value, column.unit);
    if (column.pill) {
      if (node.dataset.status === value) return;
      node.dataset.status = value;
      node.replaceChildren(element("span", { className: "pill", textContent: value, "data-status": value }));
      return;
    }
    if (node.textContent !== text) node.textContent = text;
    if (column.above !== undefined) node.classList.toggle("bad", isBeyond(column, value));
    if (column.bar) node.style.setProperty("--share", `${Math.min(1, Math.max(0, value ?? 0)) * 100}%`);
  }
}
