// Turns one paragraph of Markdown into DOM nodes. Builds text nodes and a fixed set of elements only: nothing a
// model writes can become HTML, an image, a script or a request. Linear in the text's length.

const PUNCTUATION = /[!-/:-@[-`{-~]/;
const ENTITY = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos|nbsp|hellip|mdash|ndash|rarr|times|deg|copy));/y;
const NAMED = {amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0", hellip: "…", mdash: "—", ndash: "–", rarr: "→", times: "×", deg: "°", copy: "©"};
const AUTOLINK = /<((?:https?:\/\/|mailto:)[^\s<>]{1,2000})>/iy;
const BARE = /https?:\/\/[^\s<>"`\\^{|}]{1,2000}/iy;
const BREAK = /<br\s*\/?>/iy;
const TARGET = /\(\s{0,9}(?:<([^<>\n]*)>|((?:[^\s()\\]|\\.|\([^\s()]*\))*))(?:\s{1,9}(?:"[^"]*"|'[^']*'|\([^()]*\)))?\s{0,9}\)/y;
const HIDDEN = /[\u200b\u2060\ufeff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const DEEPEST = 32; // emphasis inside emphasis
const LONGEST = 16; // marks in a row
const SCHEMES = new Set(["http:", "https:", "mailto:"]);

// Children are nodes, strings and arrays of them; an array may be longer than a call takes arguments.
export function make(name, className, ...children) {
  const node = document.createElement(name);
  if (className) node.className = className;
  for (const child of children) {
    if (Array.isArray(child)) for (const each of child) node.append(each);
    else node.append(child);
  }
  return node;
}

export function inline(text) {
  const parser = new Inline(text);
  return parser.nodes(0, text.length, true);
}

class Inline {
  constructor(text) {
    this.text = text;
    this.depth = 0;
    this.codes = codeSpans(text);
    this.closers = brackets(text, this.codes);
  }

  // The nodes of text[from:to]. Emphasis is resolved over the whole span when its end is reached.
  nodes(from, to, links) {
    const out = [];
    let plain = "";
    const flush = () => { if (plain) { out.push(plain); plain = ""; } };
    const put = (node) => { flush(); out.push(node); };
    let at = from;
    while (at < to) {
      const found = this.element(at, to, links);
      if (found) {
        if (found.node === undefined) plain += found.text;
        else put(found.node);
        at = found.end;
        continue;
      }
      const char = this.text[at];
      if (char === "*" || char === "_" || char === "~") {
        let end = at;
        while (end < to && this.text[end] === char) end++;
        put(this.run(char, at, end, from, to));
        at = end;
        continue;
      }
      plain += char;
      at++;
    }
    flush();
    return emphasise(out);
  }

  // What starts here besides plain text and emphasis: {node or text, end}, or null.
  element(at, to, links) {
    const text = this.text;
    switch (text[at]) {
      case "\\":
        if (text[at + 1] === "\n") return {node: make("br"), end: at + 2};
        return at + 1 < to && PUNCTUATION.test(text[at + 1]) ? {text: text[at + 1], end: at + 2} : null;
      case "`": {
        const code = this.codes.get(at);
        if (!code) return null;
        if (code.end > to) return null;
        return {node: make("code", "", code.text), end: code.end};
      }
      case "\n":
        return {node: make("br"), end: at + 1};
      case "&":
        return entity(text, at);
      case "<":
        return this.angle(at, links);
      case "!":
        return text[at + 1] === "[" ? this.link(at + 1, to) : null;
      case "[":
        return this.link(at, to);
      case "h":
      case "H":
        return links ? this.bare(at, to) : null;
    }
    return null;
  }

  angle(at, links) {
    BREAK.lastIndex = at;
    const line = BREAK.exec(this.text);
    if (line) return {node: make("br"), end: BREAK.lastIndex};
    AUTOLINK.lastIndex = at;
    const found = links && AUTOLINK.exec(this.text);
    return found ? {node: anchor(found[1], [found[1]]), end: AUTOLINK.lastIndex} : null;
  }

  bare(at, to) {
    if (at > 0 && /\w/.test(this.text[at - 1])) return null;
    BARE.lastIndex = at;
    const found = BARE.exec(this.text);
    if (!found) return null;
    const url = trimmed(found[0].slice(0, to - at));
    return {node: anchor(url, [url]), end: at + url.length};
  }

  // [label](target). An image's is shown as a link to it: nothing is fetched unless a person follows it.
  link(at, to) {
    const close = this.closers.get(at);
    if (this.depth > 2 || close === undefined || close >= to || this.text[close + 1] !== "(") return null;
    TARGET.lastIndex = close + 1;
    const found = TARGET.exec(this.text);
    if (!found || TARGET.lastIndex > to) return null;
    const end = TARGET.lastIndex;
    const target = (found[1] ?? found[2]).replace(/\\([!-/:-@[-`{-~])/g, "$1");
    this.depth++;
    const label = this.nodes(at + 1, close, false);
    this.depth--;
    if (this.depth) return {node: span(label), end};
    return {node: anchor(target, label), end};
  }

  run(char, at, end, from, to) {
    const before = at > from ? this.text[at - 1] : " ";
    const after = end < to ? this.text[end] : " ";
    const blank = /\s/, mark = /[\p{P}\p{S}]/u;
    const left = !blank.test(after) && (!mark.test(after) || blank.test(before) || mark.test(before));
    const right = !blank.test(before) && (!mark.test(before) || blank.test(after) || mark.test(after));
    const word = char === "_", some = end - at <= LONGEST;
    return {
      char, count: end - at, size: end - at,
      opens: some && left && (!word || !right || mark.test(before)),
      closes: some && right && (!word || !left || mark.test(after)),
    };
  }
}

// Pairs the runs of *, _ and ~ the way CommonMark does. `open` holds what is not closed yet, outermost first.
function emphasise(items) {
  const open = [{nodes: []}];
  const top = () => open[open.length - 1].nodes;
  const fold = (depth) => {
    while (open.length > depth) {
      const {run, nodes} = open.pop();
      top().push(run.char.repeat(run.count));
      for (const node of nodes) top().push(node);
    }
  };
  for (const item of items) {
    if (!item.char) { top().push(item); continue; }
    while (item.closes && item.count) {
      let depth = open.length - 1;
      while (depth > 0 && !(open[depth].run.char === item.char && pairs(open[depth].run, item))) depth--;
      if (depth === 0) break;
      fold(depth + 1);
      const {run, nodes} = open[depth];
      const size = item.char === "~" ? item.count : Math.min(2, item.count, run.count);
      const node = make(item.char === "~" ? "del" : size === 2 ? "strong" : "em", "", nodes);
      run.count -= size;
      item.count -= size;
      if (run.count) open[depth].nodes = [node];
      else { open.pop(); top().push(node); }
    }
    if (!item.count) continue;
    if (item.opens && open.length < DEEPEST) open.push({run: item, nodes: []});
    else top().push(item.char.repeat(item.count));
  }
  fold(1);
  return open[0].nodes;
}

function pairs(opener, closer) {
  if (closer.char === "~") return opener.count === closer.count && closer.count <= 2;
  const both = opener.closes || closer.opens;
  return !(both && (opener.size + closer.size) % 3 === 0 && (opener.size % 3 || closer.size % 3));
}

function span(nodes) {
  return make("span", "", nodes);
}

function entity(text, at) {
  ENTITY.lastIndex = at;
  const found = ENTITY.exec(text);
  if (!found) return null;
  const code = found[1] ? parseInt(found[1], 10) : parseInt(found[2] ?? "0", 16);
  const char = found[3] ? NAMED[found[3]] : code > 0 && code < 0x110000 ? String.fromCodePoint(code) : "\ufffd";
  return {text: char, end: ENTITY.lastIndex};
}

// Every code span by where it starts; a run of backticks with no partner is plain text.
function codeSpans(text) {
  const runs = [...text.matchAll(/`+/g)];
  const waiting = new Map();
  for (let place = runs.length - 1; place >= 0; place--) {
    const size = runs[place][0].length;
    runs[place].partner = waiting.get(size);
    waiting.set(size, place);
  }
  const spans = new Map();
  for (let place = 0; place < runs.length; place++) {
    const start = runs[place].index, size = runs[place][0].length, partner = runs[place].partner;
    if (partner === undefined || escaped(text, start)) continue;
    let inner = text.slice(start + size, runs[partner].index).replace(/\n/g, " ");
    if (/^ .* $/s.test(inner) && inner.trim()) inner = inner.slice(1, -1);
    spans.set(start, {text: inner, end: runs[partner].index + size});
    place = partner;
  }
  return spans;
}

function escaped(text, at) {
  let slashes = 0;
  while (at - 1 - slashes >= 0 && text[at - 1 - slashes] === "\\") slashes++;
  return slashes % 2 === 1;
}

// Where each [ is closed, outside code and escapes, in one pass.
function brackets(text, codes) {
  const closers = new Map(), open = [];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === "\\") at++;
    else if (char === "`" && codes.has(at)) at = codes.get(at).end - 1;
    else if (char === "[") open.push(at);
    else if (char === "]" && open.length) closers.set(open.pop(), at);
  }
  return closers;
}

// Without the punctuation of the sentence around it; a closing bracket stays when the address has its partner.
function trimmed(url) {
  let extra = [...url].reduce((sum, char) => sum + (char === ")") - (char === "("), 0);
  let end = url.length;
  while (end > 0) {
    if (url[end - 1] === ")" && extra > 0) extra--;
    else if (!".,:;!?'*_~]".includes(url[end - 1])) break;
    end--;
  }
  return url.slice(0, end);
}

// A link that shows its target. Only web and mail addresses become links; anything else stays text.
function anchor(target, label) {
  let url = null;
  try { url = new URL(target); } catch { /* not an absolute address */ }
  if (!url || !SCHEMES.has(url.protocol)) return span([...label, target ? ` (${target})` : ""]);
  const node = make("a", "", label);
  node.href = url.href;
  node.target = "_blank";
  node.rel = "noopener noreferrer nofollow";
  node.title = url.href;
  const said = node.textContent.replace(HIDDEN, "").trim();
  if (said !== node.textContent.trim()) node.textContent = said;
  if (!said) node.textContent = url.href;
  if (misleads(said, url)) return span([node, make("span", "target", ` (${url.protocol === "mailto:" ? url.href : url.host})`)]);
  return node;
}

function misleads(said, url) {
  if (said === url.href || said === url.href.replace(/\/$/, "") || `mailto:${said}` === url.href) return false;
  const named = /^(?:\w+:\/\/)?(?:[^\s/@]*@)?([^\s/:@]+\.[^\s/:@]{2,})/.exec(said.slice(0, 300).normalize("NFKC"));
  if (!named && !/:\/\/|www\.|[./]\w{2,}\//i.test(said)) return false;
  return !named || named[1].toLowerCase() !== url.hostname || url.username !== "";
}
