// Answers side by side: the columns of one turn stand in one row, in their order. Those behind a chair's answer are folded.

import {make} from "./make.js";

export class Row {
  constructor({id, column}) {
    this.cells = make("div", "cells");
    this.node = make(column.folded ? "details" : "div", "columns", this.cells);
    this.node.dataset.id = id;
    if (!column.folded) return;
    const summary = make("summary", "", `What the ${column.of} members answered`);
    summary.addEventListener("click", () => { this.touched = true; });
    this.node.prepend(summary);
  }

  seat(node, {column}) {
    if (node.parentElement === this.cells) return this;
    node.dataset.column = column.number;
    const later = [...this.cells.children].find((one) => Number(one.dataset.column) > column.number);
    this.cells.insertBefore(node, later ?? null);
    this.fold();
    return this;
  }

  // Folded once all of it is written. Whoever opened it keeps it open.
  fold() {
    if (this.node.localName === "details" && !this.touched) this.node.open = Boolean(this.cells.querySelector(".growing"));
  }
}
