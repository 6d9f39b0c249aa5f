// A code block: its language, a copy button, and syntax colours. The colours come from one pass of a small
// pattern per family of languages. They only help the eye and never change the text.

import {make} from "./make.js";

const LONGEST = 30_000; // characters; longer code stays uncoloured
const STRING = String.raw`"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'`;
const NUMBER = String.raw`\b(?:0[xXbo][\da-fA-F_]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)\b`;
const CALL = String.raw`\b[A-Za-z_]\w*(?=\()`;

const WORDS = {
  c: "abstract as async await auto break case catch class const continue default defer delete do else enum export extends final finally fn for from func function go if impl implements import in instanceof interface let loop match mod mut namespace new null nil package private protected pub public return self static struct super switch template this throw throws trait try type typedef typeof undefined unsafe use using var virtual void where while yield true false int float double bool boolean string char long",
  python: "and as assert async await break case class continue def del elif else except finally for from global if import in is lambda match None nonlocal not or pass raise return self True False try while with yield",
  shell: "case do done elif else esac export fi for function if in local return select set then until while cd echo sudo source",
  sql: "add all alter and as asc between by case create cross database default delete desc distinct drop else end exists from full group having if in index inner insert into is join key left like limit not null offset on or order outer primary references replace right select set table then top union unique update values view when where with",
  data: "true false null yes no",
};
const FAMILIES = {
  c: {comment: String.raw`\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)`, string: String.raw`${STRING}|\x60(?:[^\x60\\]|\\.)*\x60`, words: WORDS.c},
  python: {comment: "#[^\\n]*", string: String.raw`[rbfuRBFU]{0,2}(?:"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|${STRING})`, words: WORDS.python},
  shell: {comment: String.raw`(?<![^\s;])#[^\n]*`, string: STRING, words: WORDS.shell},
  sql: {comment: String.raw`--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)`, string: STRING, words: WORDS.sql, loose: true},
  data: {comment: String.raw`(?<!\S)#[^\n]*`, string: STRING, words: WORDS.data},
  markup: {comment: String.raw`<!--[\s\S]*?(?:-->|$)`, string: STRING, words: "", call: String.raw`<\/?[A-Za-z][\w:-]*|\/?>`},
};
const LANGUAGES = {
  python: "py python3 pycon", shell: "sh bash zsh console shell-session fish dockerfile makefile",
  sql: "postgresql mysql sqlite", data: "json yaml yml toml ini properties env", markup: "html xml svg vue",
  c: "js javascript ts typescript jsx tsx java c cpp c++ h cs csharp go rust rs kotlin kt swift php scala dart css scss lua",
};
const families = new Map();
for (const [family, names] of Object.entries(LANGUAGES)) {
  for (const name of [family, ...names.split(" ")]) families.set(name, family);
}
const patterns = new Map();

export function code(text, language) {
  const name = language.toLowerCase();
  const body = make("code", "", coloured(text, name));
  const copy = make("button", "copy", "Copy");
  copy.type = "button";
  copy.dataset.copy = "";
  const label = make("span", "", language.slice(0, 24) || "text");
  const pre = make("pre", "", body);
  pre.tabIndex = 0;
  pre.setAttribute("role", "region");
  pre.setAttribute("aria-label", `Code, ${label.textContent}`);
  return make("figure", "code", make("figcaption", "", label, copy), pre);
}

// The same block with more text: its scrolled place and its button stay.
export function recoloured(figure, text, language) {
  figure.querySelector("code").replaceChildren(...coloured(text, language.toLowerCase()));
}

function coloured(text, language) {
  if (text.length > LONGEST) return [text];
  if (language === "diff" || language === "patch") return diff(text);
  const family = families.get(language);
  if (!family) return [text];
  const {pattern, words} = prepared(family);
  const out = [];
  let last = 0;
  for (const found of text.matchAll(pattern)) {
    const kind = kindOf(found.groups, words, FAMILIES[family].loose);
    if (!kind) continue;
    out.push(text.slice(last, found.index), make("span", kind, found[0]));
    last = found.index + found[0].length;
  }
  out.push(text.slice(last));
  return out;
}

function prepared(family) {
  if (!patterns.has(family)) {
    const {comment, string, words, call} = FAMILIES[family];
    const source = `(?<comment>${comment})|(?<string>${string})|(?<number>${NUMBER})|(?<call>${call ?? CALL})|(?<word>[A-Za-z_]\\w*)`;
    patterns.set(family, {pattern: new RegExp(source, "g"), words: new Set(words.split(" "))});
  }
  return patterns.get(family);
}

function kindOf(groups, words, loose) {
  if (groups.comment !== undefined) return "t-comment";
  if (groups.string !== undefined) return "t-string";
  if (groups.number !== undefined) return "t-number";
  const word = groups.call ?? groups.word;
  if (words.has(loose ? word.toLowerCase() : word)) return "t-word";
  return groups.call !== undefined ? "t-call" : "";
}

function diff(text) {
  return text.split("\n").flatMap((line, place) => {
    const kind = /^\+/.test(line) ? "t-more" : /^-/.test(line) ? "t-less" : /^@@/.test(line) ? "t-comment" : "";
    return [place ? "\n" : "", kind ? make("span", kind, line) : line];
  });
}
