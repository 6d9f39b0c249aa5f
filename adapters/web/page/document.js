// An answer as DOM nodes, from the tree that the server sends (adapters/web/outbound/tree.py says its shape). Only the
// kinds of these tables are made, by hand: nothing a model writes can become HTML, an image, a script or a request.

import {code, recoloured} from "./code.js";
import {grid, line} from "./grid.js";
import {make} from "./make.js";
import {formula} from "./math.js";

const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;
const INLINES = {
  b: (inside) => make("strong", "", inlines(inside)),
  i: (inside) => make("em", "", inlines(inside)),
  s: (inside) => make("del", "", inlines(inside)),
  c: ([text]) => make("code", "", text),
  br: () => make("br"),
  mark: ([label]) => make("sup", "footnote", label),
  a: ([address, note, ...label]) => link(address, note, inlines(label)),
  m: ([source, display, ...elements]) => formula(source, display, elements),
};
const BLOCKS = {
  p: (inside) => auto(make("p", "", inlines(inside))),
  // The page uses h1 and h2 itself, so an answer's largest heading is h3.
  h: ([level, ...inside]) => auto(make(`h${Math.min(6, level + 2)}`, "", inlines(inside))),
  hr: () => make("hr"),
  pre: ([language, text]) => code(text, language),
  q: (inside) => directed(make("blockquote", "", inside.map(block)), inside),
  fn: ([label, ...inside]) => make("div", "footnote", make("sup", "", label), inside.map(block)),
  ul: ([, ...items]) => directed(make("ul", "", items.map(item)), items),
  ol: ([start, ...items]) => directed(numbered(make("ol", "", items.map(item)), start), items),
  t: ([sides, header, ...rows]) => grid(header, rows, inlines, sides),
};

export function block([kind, ...data]) {
  return Object.hasOwn(BLOCKS, kind) ? BLOCKS[kind](data) : make("p", "", words(data));
}

export function inlines(all) {
  return all.map((one) => {
    if (typeof one === "string") return one;
    const [kind, ...data] = one;
    return Object.hasOwn(INLINES, kind) ? INLINES[kind](data) : words(data);
  });
}

// What a page that is older than its server makes of kinds that it does not know.
function words(data) {
  return data.flat(Infinity).filter((one) => typeof one === "string").join("");
}

function auto(node) {
  node.dir = "auto";
  return node;
}

// "auto" does not look into paragraphs and items with a direction of their own; what holds them goes by the first.
function directed(node, data) {
  node.dir = RIGHT_TO_LEFT.test(firstLetter(data)) ? "rtl" : "ltr";
  return node;
}

function firstLetter(data) {
  for (const [, ...parts] of data) {
    for (const one of parts) {
      const letter = typeof one === "string" ? /\p{L}/u.exec(one)?.[0] : Array.isArray(one) && firstLetter([one]);
      if (letter) return letter;
    }
  }
  return "";
}

function numbered(node, start) {
  if (start !== 1) node.start = start;
  if (start + node.childElementCount > 100) node.className = "wide";
  return node;
}

function item([checked, ...inside]) {
  const node = auto(make("li"));
  if (checked !== null) {
    const box = make("input");
    box.type = "checkbox";
    box.disabled = true;
    box.checked = checked;
    box.setAttribute("aria-label", checked ? "done" : "to do");
    node.className = "task";
    node.append(box);
  }
  if (tight(inside)) node.append(...inlines(inside[0].slice(1)));
  else for (const one of inside) node.append(block(one));
  return node;
}

// An item that is one paragraph stands without the paragraph's space around it.
function tight(inside) {
  return inside.length === 1 && inside[0][0] === "p";
}

// A link that shows its target. Only web and mail addresses become links; anything else stays text.
function link(address, note, label) {
  let url = null;
  try { url = new URL(address); } catch { /* not an absolute address */ }
  if (!["http:", "https:", "mailto:"].includes(url?.protocol)) return make("span", "", label, ` (${address})`);
  const node = make("a", "", label);
  node.href = url.href;
  node.target = "_blank";
  node.rel = "noopener noreferrer nofollow";
  node.title = url.href;
  return note ? make("span", "", node, make("span", "target", ` (${note})`)) : node;
}

// The blocks in `root`. Shown again, what has not changed stays the same nodes: a selection, a scrolled table and
// the work for what is finished are kept.
export class Tree {
  constructor(root) {
    this.root = root;
    this.shown = [];
  }

  show(blocks) {
    reconcile(this.root, this.shown, blocks);
    this.shown = blocks;
  }
}

// Makes the children of `root`, which show `old`, show `now`. `skip`: how many nodes stand before them.
function reconcile(root, old, now, made = block, change = grown, skip = 0) {
  let same = 0;
  while (same < old.length && same < now.length && equal(old[same], now[same])) same++;
  if (same < old.length && same < now.length && change(root.childNodes[skip + same], old[same], now[same])) same++;
  while (root.childNodes.length > skip + same) root.lastChild.remove();
  for (const one of now.slice(same)) root.append(made(one));
}

function equal(one, other) {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

// Changes a block that grew in its place, if it can.
function grown(node, [kind, ...old], [other, ...now]) {
  return kind === other && Object.hasOwn(GROWN, kind) && GROWN[kind](node, old, now);
}

const GROWN = {
  q: (node, old, now) => done(reconcile(directed(node, now), old, now)),
  ul: (node, [, ...old], [, ...now]) => done(reconcile(directed(node, now), old, now, item, grownItem)),
  ol: (node, [first, ...old], [start, ...now]) => first === start && done(reconcile(directed(node, now), old, now, item, grownItem)),
  t: (node, [sides, header, ...old], [others, head, ...now]) => equal([sides, header], [others, head])
    && done(reconcile(node.querySelector("tbody"), old, now, (row) => line("td", row, inlines, sides), () => false)),
  pre: (node, [was], [language, text]) => was === language && done(recoloured(node, text, language)),
};

function grownItem(node, [checked, ...old], [other, ...now]) {
  if (checked !== other || tight(old) || tight(now)) return false;
  return done(reconcile(node, old, now, block, grown, checked === null ? 0 : 1));
}

function done() {
  return true;
}
