"""What the page makes of Markdown, and of text that would be more than Markdown."""

from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from adapters.web.outbound.tree import GrowingTree, tree_of
from bot.domain.replies import Action, Button, Choice, Option, Reply, Section, Table
from tests.contracts.sinks import HOSTILE
from tests.stopwatch import assert_quick
from tests.web.browsing import CHROMIUM, Tab, tab
from tests.web.scripted import answer
from tests.web.served import desk

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
]

HTML = """async (tree) => {
  const {Tree} = await import("/web/document.js");
  const box = document.createElement("div");
  new Tree(box).show(tree);
  for (const node of box.querySelectorAll("[dir]")) node.removeAttribute("dir");
  for (const node of box.querySelectorAll("a")) for (const name of ["target", "rel", "title"]) node.removeAttribute(name);
  for (const node of box.querySelectorAll(".code")) node.replaceWith(node.querySelector("pre"));
  for (const node of box.querySelectorAll(".grid")) node.replaceWith(node.firstChild);
  for (const node of box.querySelectorAll("pre")) for (const name of node.getAttributeNames()) node.removeAttribute(name);
  return box.innerHTML;
}"""
GROWN = """async ([patches, whole]) => {
  const {block, Tree} = await import("/web/document.js");
  const {patched} = await import("/web/server.js");
  const [grown, once] = [document.createElement("div"), document.createElement("div")];
  const tree = new Tree(grown);
  let blocks = [];
  for (const one of patches) {
    blocks = patched(blocks, one);
    tree.show(blocks);
  }
  const growing = grown.innerHTML;
  tree.show(whole);
  once.append(...whole.map(block));
  return [growing, grown.innerHTML, once.innerHTML];
}"""
SHOWN = """async (tree) => {
  const {Tree} = await import("/web/document.js");
  const box = document.createElement("div");
  const watch = performance.now();
  new Tree(box).show(tree);
  return [performance.now() - watch, box.querySelectorAll("td").length + box.textContent.length];
}"""
LIVE = """() => [...document.querySelectorAll("#posts *")].filter((node) =>
  /^(SCRIPT|IMG|IFRAME|OBJECT|EMBED|STYLE|LINK|META|BASE|FORM|VIDEO|AUDIO|SOURCE|MATH|FOREIGNOBJECT)$/i.test(node.tagName)
  || node.getAttributeNames().some((name) => /^on|^style$|^src|^srcset|^action|^formaction|^background/i.test(name))
  || (node.tagName === "A" && !/^(https?|mailto):/.test(node.getAttribute("href")))
  || (node.tagName === "A" && !/noopener/.test(node.rel))
).map((node) => node.outerHTML.slice(0, 200))"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one(browser: Browser) -> AsyncIterator[Tab]:
    async with desk() as served, tab(browser, served.address) as opened:
        yield opened


@dataclass(frozen=True, slots=True)
class Case:
    id: str
    text: str
    html: str


CASES = [
    Case("emphasis", "a *b* **c** ***d*** ~~e~~ __f__ _g_", "<p>a <em>b</em> <strong>c</strong> <em><strong>d</strong></em> <del>e</del> <strong>f</strong> <em>g</em></p>"),
    Case("emphasis inside emphasis", "**a *b* c**", "<p><strong>a <em>b</em> c</strong></p>"),
    Case("stars that are not emphasis", "2 * 3 * 4, a**, snake_case_name", "<p>2 * 3 * 4, a**, snake_case_name</p>"),
    Case("unclosed emphasis stays text", "**never closed", "<p>**never closed</p>"),
    Case("crossed emphasis", "*a **b* c**", "<p><em>a <em><em>b</em> c</em></em></p>"),
    Case("code span", "`a < b` and `` ` ``", "<p><code>a &lt; b</code> and <code>`</code></p>"),
    Case("no emphasis in code", "`*a*` *`b`*", "<p><code>*a*</code> <em><code>b</code></em></p>"),
    Case("escapes", r"\*not\* \[a\](b) \\ 1\.", r"<p>*not* [a](b) \ 1.</p>"),
    Case("escaped backtick", r"\`a`", "<p>`a`</p>"),
    Case("entities are characters", "&lt;b&gt; &amp; &copy; &#65; &nope;", "<p>&lt;b&gt; &amp; © A &amp;nope;</p>"),
    Case("line breaks", "a\nb<br>c", "<p>a<br>b<br>c</p>"),
    Case("headings", "# A\n### B\ntext", "<h3>A</h3><h5>B</h5><p>text</p>"),
    Case("a closed heading", "# A ##\n# C#\n#\n#no", "<h3>A</h3><h3>C#</h3><h3></h3><p>#no</p>"),
    Case("underlined heading, and a rule", "A\n===\n\nB\n---", "<h3>A</h3><p>B</p><hr>"),
    Case("rule", "a\n\n---\n\nb", "<p>a</p><hr><p>b</p>"),
    Case("quote", "> a\n> > b\n> - c", "<blockquote><p>a</p><blockquote><p>b</p></blockquote><ul><li>c</li></ul></blockquote>"),
    Case("lists", "- a\n- b\n  - c\n    more\n- d", "<ul><li>a</li><li><p>b</p><ul><li>c<br>more</li></ul></li><li>d</li></ul>"),
    Case("numbered list", "3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
    Case("list nested by three blanks", "1. a\n   - b\n2. c", "<ol><li><p>a</p><ul><li>b</li></ul></li><li>c</li></ol>"),
    Case("items with a paragraph each", "- a\n\n- b", "<ul><li>a</li><li>b</li></ul>"),
    Case("list after a paragraph", "Two things:\n- a\n- b\n\nEnd.", "<p>Two things:</p><ul><li>a</li><li>b</li></ul><p>End.</p>"),
    Case("code in a list", "1. a\n   ```\n   x\n     y\n   ```\n2. b", "<ol><li><p>a</p><pre><code>x\n  y</code></pre></li><li>b</li></ol>"),
    Case("a year is no list", "It was\n1984. Then", "<p>It was<br>1984. Then</p>"),
    Case("fence", "```\n<b>\n\n*x*\n```\nafter", "<pre><code>&lt;b&gt;\n\n*x*</code></pre><p>after</p>"),
    Case("fence in a fence", "````\n```\na\n```\n````", "<pre><code>```\na\n```</code></pre>"),
    Case("tilde fence", "~~~\na\n~~~", "<pre><code>a</code></pre>"),
    Case("open fence", "```py\na = 1", '<pre><code>a = <span class="t-number">1</span></code></pre>'),
    Case("tabs in code stay", "```\n\ta\n```", "<pre><code>\ta</code></pre>"),
    Case("table", "| a | b |\n|:-:|--:|\n| `x\\|y` | \\| |\n| 1 |", '<table><thead><tr><th class="center" scope="col">a</th><th class="right" scope="col">b</th></tr></thead><tbody><tr><td class="center"><code>x|y</code></td><td class="right">|</td></tr><tr><td class="center">1</td><td class="right"></td></tr></tbody></table>'),
    Case("table after a paragraph", "See:\n|a|b|\n|-|-|\n|1|2|", '<p>See:</p><table><thead><tr><th class="" scope="col">a</th><th class="" scope="col">b</th></tr></thead><tbody><tr><td class="">1</td><td class="">2</td></tr></tbody></table>'.replace(' class=""', "")),
    Case("link", "[a](https://example.com/x_(y)) <https://b.example>", '<p><a href="https://example.com/x_(y)">a</a> <a href="https://b.example/">https://b.example</a></p>'),
    Case("link with title", '[a](https://example.com "t")', '<p><a href="https://example.com/">a</a></p>'),
    Case("bare address", "(see https://example.com/a_b?c=d), ok.", '<p>(see <a href="https://example.com/a_b?c=d">https://example.com/a_b?c=d</a>), ok.</p>'),
    Case("misleading link says where it leads", "[https://bank.example](https://evil.example/x)", '<p><span><a href="https://evil.example/x">https://bank.example</a><span class="target"> (evil.example)</span></span></p>'),
    Case("misleading name", "[bank.example](https://evil.example)", '<p><span><a href="https://evil.example/">bank.example</a><span class="target"> (evil.example)</span></span></p>'),
    Case("address with a name in front", "[bank.example](https://bank.example@evil.example)", "<p>bank.example (https://bank.example@evil.example)</p>"),
    Case("hidden characters in a label", "[b\u200bank\u202e.example](https://evil.example)", '<p><span><a href="https://evil.example/">bank.example</a><span class="target"> (evil.example)</span></span></p>'),
    Case("script address is text", "[a](javascript:alert(1))", "<p>a (javascript:alert(1))</p>"),
    Case("data address is text", "[a](data:text/html,x)", "<p>a (data:text/html,x)</p>"),
    Case("relative address is text", "[a](/web/chats)", "<p>a (/web/chats)</p>"),
    Case("image is a link", "![cat](https://evil.example/p.png)", '<p><a href="https://evil.example/p.png">cat</a></p>'),
    Case("image in a link", "[![b](https://a.example/i.svg)](https://b.example)", '<p><a href="https://b.example/">b</a></p>'),
    Case("a reference image is a link", "![a][1]\n\n[1]: https://evil.example/x.png", '<p><a href="https://evil.example/x.png">a</a></p>'),
    Case("a name with a dot is no address", "[README.md](https://a.example/x) [Node.js docs](https://b.example)", '<p><a href="https://a.example/x">README.md</a> <a href="https://b.example/">Node.js docs</a></p>'),
    Case("links in a heading and a cell", "# [a](https://a.example)\n\n|[b](https://b.example)|\n|-|", '<h3><a href="https://a.example/">a</a></h3><table><thead><tr><th scope="col"><a href="https://b.example/">b</a></th></tr></thead><tbody></tbody></table>'),
    Case("an item in its order", "1. one\n   ```\n   x\n   ```\n   two\n   ```\n   y\n   ```\n2. next", "<ol><li><p>one</p><pre><code>x</code></pre><p>two</p><pre><code>y</code></pre></li><li>next</li></ol>"),
    Case("a number that goes on after code", "1. a\n```\nx\n```\n2) b", '<ol><li>a</li></ol><pre><code>x</code></pre><ol start="2"><li>b</li></ol>'),
    Case("tasks", "- [x] a\n- [ ] b", '<ul><li class="task"><input type="checkbox" disabled="" aria-label="done">a</li><li class="task"><input type="checkbox" disabled="" aria-label="to do">b</li></ul>'),
    Case("bold beside Chinese marks", "他说**“你好”**然后", "<p>他说<strong>“你好”</strong>然后</p>"),
    Case("bold before a word", "**Warning:**text", "<p><strong>Warning:</strong>text</p>"),
    Case("a footnote", "a[^1]\n\n[^1]: b", '<p>a<sup class="footnote">1</sup></p><div class="footnote"><sup>1</sup><p>b</p></div>'),
    Case("html with a plain meaning", "<b>a</b> H<sub>2</sub>O <kbd>x</kbd>", "<p><strong>a</strong> H₂O <code>x</code></p>"),
    Case("a formula that cannot be drawn", r"\(\nosuch{x}\)", r"<p><code>\(\nosuch{x}\)</code></p>"),
    Case("html is text", "<b onclick=x>hi</b>", "<p>&lt;b onclick=x&gt;hi&lt;/b&gt;</p>"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
async def test_markdown_becomes_these_nodes(one: Tab, case: Case) -> None:
    assert await one.page.evaluate(HTML, tree_of(case.text)) == case.html


def patches(text: str, size: int) -> list[dict[str, Any]]:
    """What the page is told of a text that comes in pieces."""
    tree = GrowingTree()
    return [asdict(tree.news(text[at : at + size])) for at in range(0, len(text), size)]


@pytest.mark.parametrize("size", [1, 3, 17])
async def test_a_text_that_grew_looks_as_if_it_had_come_at_once(one: Tab, size: int) -> None:
    text = "\n\n".join(case.text for case in CASES if "open" not in case.id and "reference" not in case.id)
    text = f"{text}\n\nThe end.\n"
    grown, finished, whole = await one.page.evaluate(GROWN, [patches(text, size), tree_of(text)])

    assert grown == whole
    assert finished == whole


@pytest.mark.parametrize(
    ("text", "seen"),
    [("a **bo", "a bo"), ("a **", "a"), ("see [lab", "see lab"), ("see [l](htt", "see l"), ("`co", "co")],
)
async def test_marks_that_are_not_closed_yet_do_not_flicker(one: Tab, text: str, seen: str) -> None:
    assert (
        await one.page.evaluate(HTML.replace("innerHTML", "textContent"), GrowingTree(text).blocks()) == seen
    )


TORTURES = {
    "brackets": "[" * 100_000,
    "links in links": "[" * 20_000 + "](https://a.example)" * 5_000,
    "stars": "*a " * 40_000,
    "star runs": "*" * 100_000 + "a" + "*" * 100_000,
    "mixed marks": "*_~`" * 30_000,
    "backticks": "".join("`" * (n % 300 + 1) + "a" for n in range(700)),
    "quotes": ">" * 100_000,
    "nested lists": "\n".join("  " * n + "- a" for n in range(800)),
    "dashes": "|-" * 60_000,
    "pipes": "|" * 100_000 + "\n" + "|-" * 50_000,
    "a table of 8 kB": "|" + "a|" * 1_000 + "\n|" + "-|" * 1_000 + "\n" + "|b\n" * 1_300,
    "parentheses": "[a](" + "(" * 100_000,
    "address": "https://a.example/" + ")" * 50_000,
    "addresses": "https://a.example/)))... " * 5_000,
    "titles": '[a](b "' * 20_000,
    "entities": "&#x41" * 30_000,
    "angles": "<" * 100_000,
    "blanks": " " * 100_000 + "a",
    "lines": "\n" * 100_000,
    "hashes": "#" * 100_000,
    "strings in code": "```js\n" + "'\\" * 14_000,
    "underlines": "a\n" * 20_000 + "===",
    "backslashes": "\\" * 100_000 + "`a`",
    "a heading of blanks": "#" + " " * 50_000 + "\u2028",
    "a heading that closes": "# a" + " #" * 50_000 + "x",
    "an address of blanks": "[a](" + " " * 50_000 + "x)",
    "a table of blanks": "| a |\n|-" + " " * 50_000 + "x",
    "exclamations": "![" * 40_000,
}


ROOM = """async (tree) => {
  const {block} = await import("/web/document.js");
  const prose = document.createElement("div");
  prose.className = "prose";
  prose.append(...tree.map(block));
  document.getElementById("posts").append(prose);
  const room = parseFloat(getComputedStyle(prose.querySelector("ol")).paddingInlineStart);
  const range = document.createElement("span");
  range.textContent = "1986. ";
  prose.append(range);
  const width = range.getBoundingClientRect().width;
  prose.remove();
  return [room, width];
}"""


async def test_a_year_at_the_start_of_a_line_has_room_for_its_digits(one: Tab) -> None:
    room, width = await one.page.evaluate(ROOM, tree_of("1986. A great year."))

    assert room >= width


@pytest.mark.parametrize("name", TORTURES)
async def test_no_text_keeps_the_page_busy(one: Tab, name: str) -> None:
    """Each is done in milliseconds when rendering is linear, and in minutes when it is not."""
    one.page.set_default_timeout(10_000)
    assert_quick(lambda: tree_of(TORTURES[name]))
    took, length = await one.page.evaluate(SHOWN, tree_of(TORTURES[name]))
    assert took < 5000
    assert length >= 0


async def test_a_wide_table_is_shown_as_it_was_written_and_at_once(one: Tab) -> None:
    took, shown = await one.page.evaluate(SHOWN, tree_of(TORTURES["a table of 8 kB"]))

    assert took < 1000
    assert shown < 3 * len(TORTURES["a table of 8 kB"])


ATTACKS = [
    HOSTILE,
    "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">",
    "<svg onload=alert(1)><style>@import 'https://evil.example/x.css'; body{display:none}</style>",
    "<iframe src='https://evil.example'></iframe><base href='https://evil.example'><form action='https://evil.example'>",
    "[a](javascript:alert(1)) [b](JaVaScRiPt:alert(1)) [c](&#106;avascript:alert(1)) [d](\x01javascript:alert(1))",
    "[a](vbscript:x) [b](data:text/html;base64,PHNjcmlwdD4=) [c](file:///etc/passwd) [d](blob:x) [e](//evil.example)",
    "![a](https://evil.example/a.png) ![](https://evil.example/b.png) [![c](https://evil.example/c.png)](javascript:x)",
    "```html\n<script>alert(1)</script>\n```\n`<img src=x onerror=alert(1)>`",
    "```<script>alert(1)</script>\ncode\n```",
    "| <img src=x onerror=alert(1)> | b |\n|-|-|\n| <script>alert(1)</script> | ![x](https://evil.example/x.png) |",
    "# <img src=https://evil.example/h.png>\n> <script>alert(1)</script>\n\n- <iframe src=//evil.example>",
    "<a href='javascript:alert(1)'>x</a> <button onclick=alert(1)>Stop</button> <div style='position:fixed;inset:0'>",
    'https://evil.example/%22onmouseover=alert(1) <https://evil.example/"onclick=alert(1)>',
    "{{constructor.constructor('alert(1)')()}} ${alert(1)} <%= x %>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'><link rel=stylesheet href=https://evil.example/x.css>",
    "\u202egnp.exe\u202c <b>\u0000</b> <!--><script>alert(1)</script-->",
    "|a" * 300 + "|\n" + "|-" * 300 + "|\n" + ("|x" * 300 + "|\n") * 60,
]


async def test_hostile_answers_do_nothing_and_fetch_nothing(browser: Browser) -> None:
    waiting = list(ATTACKS)
    async with (
        desk(lambda event: answer(waiting.pop(0), size=40)) as served,
        tab(browser, served.address) as one,
    ):
        for _ in ATTACKS:
            await one.ask("Attack")

        assert await one.page.evaluate(LIVE) == []
        assert "owned" not in await one.page.title()
        await one.assert_clean()


async def test_hostile_replies_do_nothing_and_fetch_nothing(browser: Browser) -> None:
    def everywhere(text: str) -> Reply:
        button = Button(action=Action.RUN, label=text[:60], value="x")
        return Reply(
            title=text,
            text=text,
            table=Table(header=(text,), rows=((text,),)),
            sections=(Section(title=text, text=text, note=text, buttons=(button,)),),
            choices=(
                Choice(action=Action.PICK, label=text, options=(Option(value=text, label=text, hint=text),)),
            ),
            buttons=(button,),
        )

    waiting = [everywhere(text) for text in ATTACKS[:-1]]
    async with desk(lambda event: waiting.pop(0)) as served, tab(browser, served.address) as one:
        for attack in ATTACKS[:-1]:
            await one.ask(f"{attack} <img src=x onerror=alert(1)>")

        assert await one.page.evaluate(LIVE) == []
        await one.assert_clean()
