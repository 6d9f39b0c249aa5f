// A form in a reply: its fields, what was filled in, and what is wrong with it.

import {make} from "./make.js";

export function form({id, submit, fields}) {
  const send = make("button", "soft primary", submit);
  send.type = "submit";
  const node = make("form", "fill", fields.map(field), make("div", "buttons", send));
  node.dataset.form = id;
  node.autocomplete = "off";
  return node;
}

// By field; of several options, one in each line.
export function values(node) {
  const out = {};
  for (const group of node.querySelectorAll("[data-field]")) {
    const boxes = [...group.querySelectorAll("input[type=checkbox]")];
    out[group.dataset.field] = boxes.length
      ? boxes.filter(({checked}) => checked).map(({value}) => value).join("\n")
      : group.querySelector("input, textarea, select").value;
  }
  return out;
}

// Shows what is wrong beside each field; the first of them gets the keyboard.
export function blame(node, faults) {
  let first = null;
  for (const group of node.querySelectorAll("[data-field]")) {
    told(group, faults[group.dataset.field] ?? "");
    if (!first && faults[group.dataset.field]) first = group.querySelector("input, textarea, select");
  }
  first?.focus();
}

function field({id, label, kind = "line", value = "", hint = "", options = [], longest = 3000, required = false, fault = ""}) {
  const several = kind === "some";
  const group = make(several ? "fieldset" : "label", "field", make(several ? "legend" : "span", "name", label));
  group.dataset.field = id;
  if (several) group.append(...options.map((one) => box(one, value.split("\n"))));
  else group.append(control(kind, value, options, longest, required));
  if (hint) group.append(make("span", "hint", hint));
  told(group, fault);
  return group;
}

function control(kind, value, options, longest, required) {
  const node = make(kind === "text" ? "textarea" : kind === "one" ? "select" : "input");
  if (kind === "one") node.append(...options.map(({value: worth, label, hint}) => new Option(hint ? `${label} (${hint})` : label, worth)));
  else node.maxLength = longest;
  if (kind === "text") node.rows = Math.min(12, Math.max(3, value.split("\n").length + 1));
  node.value = value;
  node.required = required;
  return node;
}

function box({value, label, hint}, picked) {
  const tick = make("input");
  tick.type = "checkbox";
  tick.value = value;
  tick.checked = picked.includes(value);
  return make("label", "tick", tick, hint ? `${label} (${hint})` : label);
}

function told(group, fault) {
  group.querySelector(".fault")?.remove();
  const input = group.querySelector("input, textarea, select");
  if (fault) {
    input?.setAttribute("aria-invalid", "true");
    group.append(make("span", "fault", fault));
  } else input?.removeAttribute("aria-invalid");
}
