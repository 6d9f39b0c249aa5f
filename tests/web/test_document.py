"""How an answer is drawn and grows on the page: what stays, what people see, and what the page itself refuses."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from adapters.web.outbound.tree import tree_of
from bot.domain.stream_parts import Text
from tests.web.browsing import CHROMIUM, Tab, opened, tab
from tests.web.scripted import DONE, Play, answer
from tests.web.served import Desk, desk

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
]

SHOW = """async (tree) => {
  const {block} = await import("/web/document.js");
  const box = document.getElementById("posts");
  box.className = "prose";
  box.replaceChildren(...tree.map(block));
}"""
CODE = "```py\n" + "print('a line of code')\n" * 60 + "```\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one(browser: Browser) -> AsyncIterator[Tab]:
    async with desk() as served, tab(browser, served.address) as found:
        yield found


GROWING = {
    "blocks": ("# One\n\n" + CODE + "\nTwo **bo", "ld** three.\n\n- four\n- five", "\n- six\n\nEnd"),
    "items": (
        "1. One:\n\n" + CODE.replace("\n", "\n   ").replace("```py", "   ```py", 1) + "\n2. T",
        "wo",
        "\n3. three",
    ),
    "a quote": (
        "> One\n>\n" + "".join(f"> {line}\n" for line in CODE.splitlines()) + "> t",
        "wo",
        "\n> three",
    ),
    "the code itself": (CODE[:-4], "print(2)\n", "print(3)\n```\n\nEnd"),
}


@pytest.mark.parametrize("name", GROWING)
async def test_what_is_finished_stays_the_same_nodes_selected_and_scrolled(
    browser: Browser, page: Desk, play: Play, name: str
) -> None:
    begun, more, rest = GROWING[name]
    first, second = play.gate(), play.gate()
    play.line = [Text(begun), first, Text(more), second, Text(rest), DONE]
    async with tab(browser, page.address) as one:
        await one.ask("Go", answered=False)
        await one.page.wait_for_function("() => document.querySelectorAll('.prose pre code').length === 1")
        await one.has("a line of code")
        await one.page.evaluate(
            """() => {
              window.code = document.querySelector(".prose pre");
              window.code.scrollTop = 100;
              getSelection().selectAllChildren(document.querySelector(".prose h3") ?? window.code.previousSibling ?? window.code.parentNode.firstChild);
            }"""
        )
        selected = await one.page.evaluate("getSelection().toString()")
        first.set()
        await one.has("print(2)" if name == "the code itself" else more.split()[-1].strip("-* "))
        second.set()
        await one.page.wait_for_selector(".post.answer:not(.growing)")

        assert selected
        assert await one.page.evaluate(
            "[document.querySelector('.prose pre') === window.code, window.code.scrollTop, getSelection().toString()]"
        ) == [True, 100, selected]
        await one.assert_clean()


async def test_tabs_that_are_opened_or_reloaded_in_the_middle_have_the_whole_answer(
    browser: Browser, page: Desk, play: Play
) -> None:
    begun = "# A title\n\n1. one\n   - inner\n2. two\n\n" + CODE + "\nSome **wor"
    first, second = play.gate(), play.gate()
    play.line = [Text(begun), first, Text("ds** more"), second, Text(" end.\n\n| a |\n|-|\n| b |"), DONE]
    async with tab(browser, page.address) as one:
        await one.ask("Go", answered=False)
        await one.has("Some wor")
        other = await opened(await one.page.context.new_page(), one.page.url)
        await other.has("Some wor")
        first.set()
        for each in (one, other):
            await each.has("Some words more")
        await one.page.reload()
        await one.has("Some words more")
        assert await one.page.inner_html(".prose") == await other.page.inner_html(".prose")
        second.set()
        for each in (one, other):
            await each.page.wait_for_selector(".post.answer:not(.growing)")
            assert await each.texts(".prose > *:not(figure)") == [
                "A title", "one\n\ninner\ntwo", "Some words more end.", "a\nb",
            ]  # fmt: skip
            await each.assert_clean()


async def test_an_answer_that_is_left_and_come_back_to_has_grown_meanwhile(
    browser: Browser, page: Desk, play: Play
) -> None:
    first, second = play.gate(), play.gate()
    play.line = [Text("One\n\nTw"), first, Text("o\n\nThree"), second, Text(" and four"), DONE]
    async with tab(browser, page.address) as one:
        await one.ask("Go", answered=False)
        await one.has("Tw")
        await one.page.keyboard.press("Control+Shift+O")
        await one.page.wait_for_selector("#empty:not([hidden])")
        first.set()
        await one.page.click("#chats .open")
        await one.has("Three")
        second.set()
        await one.page.wait_for_selector(".post.answer:not(.growing)")

        assert await one.texts(".prose p") == ["One", "Two", "Three and four"]


async def test_formulas_are_drawn_and_say_their_source(browser: Browser, page: Desk, play: Play) -> None:
    tex = r"\begin{aligned}a &= \frac{b}{c} \\ &= \text{" + "long words " * 30 + r"}\end{aligned}"
    play.line = answer(f"Inline \\(x^2\\) is drawn.\n\n$${tex}$$\n\n\\(\\nosuch\\) is not.")
    async with tab(browser, page.address, viewport={"width": 360, "height": 740}) as one:
        await one.ask("Go")
        inline, display = await one.page.locator("math").all()

        assert await inline.evaluate("(node) => node.namespaceURI") == "http://www.w3.org/1998/Math/MathML"
        assert await inline.get_attribute("alttext") == "x^2"
        assert await display.get_attribute("display") == "block"
        assert await inline.evaluate("(node) => node.querySelector('mn').getBoundingClientRect().height") > 0
        assert await display.evaluate("(node) => node.scrollWidth > node.clientWidth")
        assert await one.page.evaluate("document.querySelector('#scroll').scrollWidth") <= 360
        assert await one.texts(".prose p > code") == [r"\(\nosuch\)"]
        await one.assert_clean()


async def test_words_from_right_to_left_begin_at_the_right_and_code_does_not(one: Tab) -> None:
    text = "שלום `code`\n\n- אחת\n- two\n\n| עמודה |\n|-|\n| cell |\n\n# כותרת\n\n> ציטוט\n\nHello"
    await one.page.evaluate(SHOW, tree_of(text))
    sides = {
        name: await one.page.eval_on_selector_all(
            f"#posts {name}", "(all) => all.map((one) => getComputedStyle(one).direction)"
        )
        for name in ("p", "ul", "li", "th", "td", "h3", "blockquote", "code")
    }

    assert sides == {
        "p": ["rtl", "rtl", "ltr"], "ul": ["rtl"], "li": ["rtl", "ltr"], "th": ["rtl"], "td": ["ltr"], "h3": ["rtl"],
        "blockquote": ["rtl"], "code": ["ltr"],
    }  # fmt: skip


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "blob:x",
        "file:///etc",
        "/web/chats",
        "//a",
        "",
    ],
)
async def test_the_page_itself_links_only_web_and_mail(one: Tab, address: str) -> None:
    """Even if the data said otherwise."""
    await one.page.evaluate(SHOW, [["p", ["a", address, "", "label"]]])

    assert await one.page.locator("#posts a").count() == 0
    assert await one.texts("#posts p") == [f"label ({address})"]


async def test_the_page_itself_makes_only_the_kinds_it_knows(one: Tab) -> None:
    math = [
        "m",
        "x",
        False,
        ["script", {}, "s"],
        ["mi", {"href": "javascript:x", "style": "color:red", "onclick": "x"}, "i"],
    ]
    await one.page.evaluate(
        SHOW, [["script", "alert(1)"], ["constructor", "a"], ["p", ["img", "x"], ["__proto__", "b"], math]]
    )

    assert await one.page.locator("#posts p").all_text_contents() == ["alert(1)", "a", "xbsi"]
    assert await one.page.eval_on_selector_all("#posts *", "(all) => all.map((one) => one.localName)") == [
        *("p", "p", "p", "math", "mrow", "mi"),
    ]
    assert await one.page.eval_on_selector("#posts mi", "(node) => node.getAttributeNames()") == []
    await one.assert_clean()
