// Answers side by side: the columns of one turn stand in one row, in their order. Those behind a chair's answer are folded.

import {make} from "./make.js";

// Puts a column into its turn's row, which is made before `next` when there is none.
export function seat(root, post, node, next) {
  const row = rowOf(root, post) ?? made(root, post, next);
  const cells = row.querySelector(".cells");
  node.dataset.column = post.column.number;
  const later = [...cells.children].find((one) => Number(one.dataset.column) > post.column.number);
  cells.insertBefore(node, later ?? null);
  fold(root, post);
}

// Folds a row once all of it is written. Whoever opened it keeps it open.
export function fold(root, post) {
  const row = rowOf(root, post);
  if (row?.localName !== "details" || row.dataset.touched) return;
  row.open = Boolean(row.querySelector(".growing"));
}

function rowOf(root, {turn}) {
  return [...root.children].find((one) => one.classList.contains("columns") && one.dataset.turn === turn);
}

function made(root, {id, turn, after = "", column}, next) {
  const cells = make("div", "cells");
  const row = make(column.folded ? "details" : "div", "columns", cells);
  Object.assign(row.dataset, {id, turn, after});
  if (column.folded) {
    const summary = make("summary", "", `What the ${column.of} members answered`);
    summary.addEventListener("click", () => { row.dataset.touched = "yes"; });
    row.prepend(summary);
  }
  root.insertBefore(row, next);
  return row;
}
