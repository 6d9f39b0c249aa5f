// Turns Markdown into DOM nodes, block by block. `Growing` renders a text that is still being written: finished
// blocks are left alone, so the work is proportional to the last block and not to the whole answer.

import {code} from "./code.js";
import {inline, make} from "./inline.js";

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t](.*))?$/s;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const QUOTE = /^ {0,3}>/;
const ITEM = /^( *)([-*+]|\d{1,9}[.)])(?:([ \t]+)(.*)|)$/;
const UNDERLINE = /^ {0,3}(=+|-{2,})[ \t]*$/;
const DASHES = /^ {0,3}\|?[ \t]*:?-+:?(?:[ \t]*\|[ \t]*:?-+:?)*[ \t]*(?:\|[ \t]*)?$/;
const BEGUN = /(^|\n)[ ]*(?:[-*+#>|`~=_]{1,3}|\d{1,9}[.)]?)$/; // a last line whose kind is not known yet
const CELLS = 1500; // of one table: rows are filled up to its head, so a few kilobytes could become millions
const DEEPEST = 12; // quotes and lists inside each other

export function render(text) {
  const root = document.createDocumentFragment();
  for (const {node} of blocks(clean(text).split("\n"), 0)) root.append(node);
  return root;
}

export class Growing {
  constructor(root) {
    this.root = root;
    this.text = "";
    this.settled = 0; // characters whose blocks will not change any more
    this.tail = [];
  }

  append(text) {
    this.text += clean(text);
  }

  draw() {
    const rest = this.text.slice(this.settled).replace(BEGUN, "").split("\n");
    for (const node of this.tail) node.remove();
    this.tail = [];
    const found = [...blocks(rest, 0, true)];
    found.forEach(({node, end}, place) => {
      this.root.append(node);
      if (place < found.length - 1) this.settled += rest.slice(place ? found[place - 1].end : 0, end).join("\n").length + 1;
      else this.tail.push(node);
    });
  }
}

function clean(text) {
  return text.replaceAll("\r", "").replaceAll("\u0000", "\ufffd");
}

// Yields {node, end} for every block; `end` is the line after it. `growing`: the last line may not be complete.
function* blocks(all, depth, growing = false) {
  let at = 0;
  while (at < all.length) {
    if (!all[at].trim()) { at++; continue; }
    const block = safely(all, at, depth, growing);
    at = block.end;
    yield block;
  }
}

// Whatever a renderer throws, the text is shown as it is.
function safely(all, at, depth, growing) {
  try {
    return fence(all, at) ?? heading(all, at) ?? rule(all, at) ?? quote(all, at, depth, growing)
      ?? list(all, at, depth, growing) ?? table(all, at) ?? paragraph(all, at, growing);
  } catch {
    return {node: make("p", "", [all.slice(at).join("\n")]), end: all.length};
  }
}

function fence(all, at) {
  const open = FENCE.exec(all[at]);
  if (!open || (open[1][0] === "`" && open[2].includes("`"))) return null;
  const indent = all[at].search(/\S/);
  let end = at + 1;
  const closes = (line) => {
    const mark = line.trim();
    return mark.length >= open[1].length && mark === open[1][0].repeat(mark.length) && line.search(/\S/) < 4;
  };
  while (end < all.length && !closes(all[end])) end++;
  const body = all.slice(at + 1, end).map((line) => line.slice(Math.min(indent, line.length - line.trimStart().length)));
  return {node: code(body.join("\n"), open[2].trim().split(/\s/)[0]), end: Math.min(end + 1, all.length)};
}

function heading(all, at) {
  const found = HEADING.exec(all[at]);
  // The page uses h1 and h2 itself, so an answer's largest heading is h3.
  return found && {node: make(`h${Math.min(6, found[1].length + 2)}`, "", inline(title(found[2] ?? ""))), end: at + 1};
}

// A heading's words, without the marks that may close it.
function title(text) {
  const words = text.trim();
  let end = words.length;
  while (words[end - 1] === "#") end--;
  return end === 0 || /\s/.test(words[end - 1]) ? words.slice(0, end).trimEnd() : words;
}

function rule(all, at) {
  return RULE.test(all[at]) ? {node: make("hr"), end: at + 1} : null;
}

function quote(all, at, depth, growing) {
  if (!QUOTE.test(all[at]) || depth >= DEEPEST) return null;
  let end = at;
  const inside = [];
  while (end < all.length && (QUOTE.test(all[end]) || (all[end].trim() && !starts(all, end) && lazy(inside)))) {
    inside.push(all[end].replace(/^ {0,3}> ?/, ""));
    end++;
  }
  const node = make("blockquote");
  for (const block of blocks(inside, depth + 1, growing && end === all.length)) node.append(block.node);
  return {node, end};
}

function lazy(inside) {
  const last = inside[inside.length - 1];
  return last !== undefined && last.trim() && !FENCE.test(last) && !HEADING.test(last);
}

function starts(all, at) {
  return FENCE.test(all[at]) || HEADING.test(all[at]) || RULE.test(all[at]) || QUOTE.test(all[at]) || interrupts(all[at]);
}

// A list may start inside a paragraph only when it has words, and a numbered one only at 1.
function interrupts(line) {
  const item = ITEM.exec(line);
  return item && item[1].length < 4 && item[4] && (/^[-*+]$/.test(item[2]) || /^1[.)]$/.test(item[2]));
}

function list(all, at, depth, growing) {
  const first = ITEM.exec(all[at]);
  if (!first || first[1].length > 3 || depth >= DEEPEST) return null;
  const kind = first[2].slice(-1);
  const base = first[1].length;
  const items = [];
  let end = at, loose = false, blank = false;
  while (end < all.length) {
    const line = all[end].replace(/^\t+/, (tabs) => "    ".repeat(tabs.length));
    const item = ITEM.exec(line);
    if (!line.trim()) {
      blank = true;
      items.at(-1).lines.push("");
    } else if (item && item[1].length < base + 2 && item[2].slice(-1) === kind && !RULE.test(line)) {
      if (blank && items.length) loose = true;
      blank = false;
      const space = item[3] ?? " ";
      items.push({lines: [item[4] ?? ""], indent: item[1].length + item[2].length + (space.length > 4 ? 1 : space.length)});
    } else {
      const indent = line.search(/\S/);
      const {lines: inside, indent: content} = items.at(-1);
      if (indent < Math.min(content, base + 2) && (blank || starts(all, end) || !lazy(inside))) break;
      if (blank && indent >= Math.min(content, base + 2) && inside.some((other) => other.trim())) loose ||= !item;
      blank = false;
      inside.push(line.slice(Math.min(indent, content)));
    }
    end++;
  }
  while (end > at + 1 && !all[end - 1].trim()) end--;
  const node = make(/\d/.test(first[2]) ? "ol" : "ul", loose ? "loose" : "");
  if (node.tagName === "OL" && parseInt(first[2], 10) !== 1) node.start = parseInt(first[2], 10);
  items.forEach((item, place) => node.append(entry(item.lines, depth, loose, growing && end === all.length && place === items.length - 1)));
  return {node, end};
}

function entry(inside, depth, loose, growing) {
  const node = make("li");
  const task = /^\[([ xX])\] /.exec(inside[0]);
  if (task) {
    const box = make("input");
    box.type = "checkbox";
    box.disabled = true;
    box.checked = task[1] !== " ";
    box.setAttribute("aria-label", box.checked ? "done" : "to do");
    node.className = "task";
    node.append(box);
    inside = [inside[0].slice(4), ...inside.slice(1)];
  }
  for (const block of blocks(inside, depth + 1, growing)) {
    if (!loose && block.node.tagName === "P") node.append(...block.node.childNodes);
    else node.append(block.node);
  }
  return node;
}

function table(all, at) {
  if (!all[at].includes("|") || at + 1 >= all.length || !DASHES.test(all[at + 1])) return null;
  const header = cells(all[at]), dashes = cells(all[at + 1]);
  if (header.length !== dashes.length) return null;
  const sides = dashes.map((mark) => (/^:.*:$/.test(mark) ? "center" : mark.endsWith(":") ? "right" : ""));
  let end = at + 2;
  const rows = [];
  while (end < all.length && all[end].trim() && !starts(all, end)) rows.push(cells(all[end++]));
  if (header.length * (rows.length + 1) > CELLS) return {node: code(all.slice(at, end).join("\n"), ""), end};
  return {node: grid(header, rows, (text) => inline(text), sides), end};
}

// A table in a box of its own that scrolls sideways, reachable by keyboard.
export function grid(header, rows, fill = (text) => [text], sides = []) {
  const cell = (name, text, place) => make(name, sides[place] ?? "", fill(text ?? ""));
  const head = make("tr", "", header.map((text, place) => cell("th", text, place)));
  for (const node of head.children) node.scope = "col";
  const body = rows.map((row) => make("tr", "", header.map((_, place) => cell("td", row[place], place))));
  const box = make("div", "grid", make("table", "", make("thead", "", head), make("tbody", "", body)));
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", "Table");
  return box;
}

function cells(line) {
  const parts = [];
  let part = "", ticks = false;
  for (let at = 0; at < line.length; at++) {
    if (line[at] === "\\" && line[at + 1] === "|") { part += "|"; at++; }
    else if (line[at] === "|" && !ticks) { parts.push(part.trim()); part = ""; }
    else {
      if (line[at] === "`" && (ticks || line.indexOf("`", at + 1) > 0)) ticks = !ticks;
      part += line[at];
    }
  }
  parts.push(part.trim());
  if (line.trimStart().startsWith("|")) parts.shift();
  if (parts.length > 1 && line.trimEnd().endsWith("|")) parts.pop();
  return parts;
}

function paragraph(all, at, growing) {
  let end = at + 1;
  while (end < all.length && all[end].trim() && !starts(all, end) && !UNDERLINE.test(all[end])
    && !(DASHES.test(all[end + 1] ?? "") && table(all, end))) end++;
  let text = all.slice(at, end).map((line) => line.trimStart()).join("\n").trimEnd();
  const under = end < all.length && UNDERLINE.exec(all[end]);
  if (under && !(growing && end === all.length - 1)) {
    return {node: make(under[1][0] === "=" ? "h3" : "h4", "", inline(text)), end: end + 1};
  }
  if (under) end++;
  if (growing && end === all.length) text = mended(text);
  return {node: make("p", "", inline(text)), end};
}

// Closes the open marks, so that unfinished text already looks as it will in the end.
function mended(text) {
  text = text.replace(/!?\[([^\][\n]*)(?:\](?:\([^()\s]*)?)?$/, "$1").replace(/(?:^|\s)[*_`~]+$/, "");
  const outside = text.replace(/`[^`]*`/g, "");
  if (outside.includes("`")) return `${text}\``;
  for (const mark of ["**", "*"]) {
    const count = outside.split(mark).length - 1;
    if (count % 2 && !/[\s*]$/.test(text)) return mark === "**" && text.endsWith("*") ? `${text}*` : text + mark;
    if (mark === "**" && count) break;
  }
  return text;
}
