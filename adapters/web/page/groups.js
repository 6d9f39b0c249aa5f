// Options under the names of their groups (vendors), and short choices as rows of buttons.

import {make} from "./make.js";

// `draw` makes the node of one option. Options of one group follow each other.
export function grouped(options, draw) {
  const nodes = [];
  let last;
  for (const option of options) {
    if (!last || last.dataset.group !== (option.group ?? "")) {
      last = make("div", "group");
      last.dataset.group = option.group ?? "";
      if (option.group) {
        last.setAttribute("role", "group");
        last.setAttribute("aria-label", option.group);
        const name = make("p", "vendor", option.group);
        name.setAttribute("aria-hidden", "true"); // the group's label says it
        last.append(name);
      }
      nodes.push(last);
    }
    last.append(draw(option));
  }
  return nodes;
}

// A group of which everything is filtered away shows no name either.
export function hideEmpty(list) {
  for (const group of list.querySelectorAll(".group")) group.hidden = !group.querySelector(".option:not([hidden])");
}

// A choice of a few: its label and one button each, the active one marked.
export function row({label, options, selected}, press) {
  const buttons = options.map(({value, label: name, hint}) => {
    const node = make("button", "", name);
    node.type = "button";
    if (hint) node.title = hint;
    node.setAttribute("aria-pressed", String(value === selected));
    node.addEventListener("click", () => press(value));
    return node;
  });
  const bar = make("div", "scope", ...buttons);
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", label);
  return make("div", "further", make("p", "vendor", label), bar);
}
