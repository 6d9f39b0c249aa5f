// A table in a box of its own that scrolls sideways, reachable by keyboard.

import {make} from "./make.js";

// `fill` makes a cell's nodes of its content; `sides` are the columns' classes.
export function grid(header, rows, fill = (text) => [text], sides = []) {
  const box = make("div", "grid", make("table", "", make("thead", "", line("th", header, fill, sides)),
    make("tbody", "", rows.map((row) => line("td", row, fill, sides)))));
  for (const node of box.querySelectorAll("th")) node.scope = "col";
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", "Table");
  return box;
}

export function line(name, cells, fill, sides) {
  return make("tr", "", cells.map((content, place) => {
    const node = make(name, sides[place] ?? "", fill(content));
    node.dir = "auto";
    return node;
  }));
}
