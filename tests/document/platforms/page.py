"""What a person sees on the page: the nodes that its script makes, as lines of words."""

import re
from collections.abc import Sequence
from typing import Any

from playwright.async_api import Page

from adapters.web.outbound.tree import tree_of
from tests.document.seen import Line, Piece, lines, tidy
from tests.document.table import Case

SHOW = """async (tree) => {
  const {block} = await import("/web/document.js");
  const box = document.createElement("div");
  box.append(...tree.map(block));
  return box;
}"""
READ = """async (trees) => {
  const show = SHOW;
  const STYLES = {STRONG: "b", B: "b", EM: "i", I: "i", DEL: "s", S: "s", CODE: "c"};
  const BLOCK = /^(P|H[1-6]|PRE|HR|BLOCKQUOTE|UL|OL|DIV|FIGURE|TABLE)$/;
  const ALIGNED = {center: ":-:", right: "--:"};
  const pieces = (node, style, url) => {
    if (node.nodeType === Node.TEXT_NODE) return [[node.data, style, url]];
    if (node.tagName === "BR") return [["\\n", "", ""]];
    if (node.tagName === "INPUT") return [];
    if (node.tagName === "SUP") return [[`[${node.textContent}]`, style, url]];
    if (node.tagName.toUpperCase() === "MATH") return [[node.getAttribute("alttext"), `${style}m`, url]];
    const inner = node.tagName === "A" ? decodeURI(node.getAttribute("href")) : url;
    return [...node.childNodes].flatMap((one) => pieces(one, style + (STYLES[node.tagName] ?? ""), inner));
  };
  const inline = (nodes, first, then) => {
    const found = [[[first, "", ""]]];
    for (const piece of nodes.flatMap((one) => pieces(one, "", ""))) {
      if (piece[0] === "\\n") found.push([[then, "", ""]]);
      else found.at(-1).push(piece);
    }
    return found;
  };
  const row = (cells) => {
    const found = [["| ", "", ""]];
    cells.forEach((cell, place) => {
      if (place) found.push([" | ", "", ""]);
      found.push(...pieces(cell, "", "").map(([text, ...rest]) => [text.replace("\\n", " / "), ...rest]));
    });
    return [...found, [" |", "", ""]];
  };
  const table = (node, quote) => [...node.querySelectorAll("tr")].flatMap((one, place) => {
    const cells = [...one.children], shown = [[quote, "", ""], ...row(cells)];
    const marks = cells.map((cell) => ALIGNED[cell.className] ?? "---").join("|");
    return place ? [shown] : [shown, [[`${quote}|${marks}|`, "", ""]]];
  });
  const item = (node, mark, quote, level) => {
    const parts = [...node.childNodes], at = parts.findIndex((one) => BLOCK.test(one.tagName ?? ""));
    let head = at < 0 ? parts : parts.slice(0, at), rest = at < 0 ? [] : parts.slice(at), title = "";
    const box = node.querySelector(":scope > input");
    if (box) mark = (mark === "• " ? "" : mark) + (box.checked ? "☑ " : "☐ ");
    if (!head.some((one) => one.textContent) && /^(P|H[1-6])$/.test(rest[0]?.tagName ?? "")) {
      title = rest[0].tagName === "P" ? "" : `${"#".repeat(rest[0].tagName[1] - 2)} `;
      head = [...rest[0].childNodes];
      rest = rest.slice(1);
    }
    const begin = `${quote}${"  ".repeat(level)}${mark}${title}`;
    return [...inline(head, begin, quote), ...rest.flatMap((one) => lines(one, quote, level + 1))];
  };
  const lines = (node, quote, level) => {
    const inside = [...node.children ?? []];
    if (node.nodeType === Node.TEXT_NODE) return node.data.trim() ? inline([node], quote, quote) : [];
    if (/^H[1-6]$/.test(node.tagName)) return inline([...node.childNodes], `${quote}${"#".repeat(node.tagName[1] - 2)} `, quote);
    if (node.tagName === "HR") return [[[`${quote}———`, "", ""]]];
    if (node.tagName === "BLOCKQUOTE") return inside.flatMap((one) => lines(one, `${quote}> `, 0));
    if (node.tagName === "UL" || node.tagName === "OL") {
      const start = node.tagName === "OL" ? node.start : 0;
      return inside.flatMap((one, place) => item(one, start || node.tagName === "OL" ? `${start + place}. ` : "• ", quote, level));
    }
    if (node.classList.contains("grid") || node.tagName === "TABLE") return table(node, quote);
    if (node.classList.contains("code") || node.tagName === "PRE") {
      const code = node.tagName === "PRE" ? node : node.querySelector("pre");
      return code.textContent.split("\\n").map((line) => [[`${quote}│ ${line}`, "", ""]]);
    }
    if (node.classList.contains("footnote")) {
      const [mark, first, ...rest] = inside;
      const label = `${quote}[${mark.textContent}] `;
      return [...inline([...first.childNodes], label, quote), ...rest.flatMap((one) => lines(one, quote, level))];
    }
    return inline([...node.childNodes], quote, quote);
  };
  const all = [];
  for (const tree of trees) all.push([...(await show(tree)).childNodes].flatMap((one) => lines(one, "", 0)));
  return all;
}""".replace("SHOW", SHOW)


async def shown(page: Page, texts: Sequence[str]) -> list[list[Line]]:
    found: list[list[list[list[Any]]]] = await page.evaluate(READ, [tree_of(text) for text in texts])
    return [[_line(line) for line in one if any(text.strip(" >") for text, *_ in line)] for one in found]


def expected(case: Case) -> list[Line]:
    """The page's headings have four sizes, and its formulas are drawn: what is compared is the TeX they were drawn from."""
    seen = _drawn(case.seen_on("page"))
    return lines(re.sub(r"(?m)^((?:> )*(?: *(?:•|\d+\.) )*####)#+", r"\1", seen))


def _drawn(seen: str) -> str:
    return re.sub(r"(?<=⟨math:)(?:\\[(\[]|\$+) ?(.*?) ?(?:\\[)\]]|\$+)(?=⟩)", r"\1", seen)


def _line(pieces: list[list[Any]]) -> Line:
    code = "│" in pieces[0][0]
    return tidy(Piece(text.rstrip() if code else text, _style(style), url) for text, style, url in pieces)


def _style(letters: str) -> frozenset[str]:
    return frozenset("math" if letter == "m" else letter for letter in letters)
