"""The page in a real browser, as a person uses it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from bot.events import ButtonPressed, Event, MessageReceived, StopRequested
from bot.pieces import Closing, Reason, Status, Text
from bot.replies import Action, Button, Choice, Option, Reply, Section, Table
from tests.web.browsing import CHROMIUM, chromium, opened, tab
from tests.web.scripted import DONE, Line, answer
from tests.web.served import Desk, desk

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
]


@dataclass
class Play:
    """What the scripted worker says next; by default it repeats what it was asked."""

    line: Line | None = None
    gates: list[asyncio.Event] = field(default_factory=list)

    def script(self, event: Event) -> Line:
        if self.line is not None:
            return self.line
        said = event.text if isinstance(event, MessageReceived) else "a button"
        return answer(f"You said: **{said}**")

    def gate(self) -> asyncio.Event:
        self.gates.append(asyncio.Event())
        return self.gates[-1]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as found:
        yield found


@pytest.fixture
def play() -> Play:
    return Play()


@pytest_asyncio.fixture(loop_scope="module")
async def page(play: Play) -> AsyncIterator[Desk]:
    async with desk(play.script) as served:
        yield served
        for gate in play.gates:
            gate.set()


async def test_a_question_is_answered_and_nothing_else_is_fetched(browser: Browser, page: Desk) -> None:
    async with tab(browser, page.url) as one:
        await one.page.wait_for_selector("#empty:not([hidden])")
        await one.ask("Hello")

        assert await one.texts(".person .said") == ["Hello"]
        assert await one.texts(".answer .prose strong") == ["Hello"]
        assert await one.texts(".answer .footer") == ["demo"]
        assert await one.page.title() == "Hello · Switchboard"
        await one.assert_clean()


async def test_an_answer_grows_and_offers_stop(browser: Browser, page: Desk, play: Play) -> None:
    first, second = play.gate(), play.gate()
    play.line = [
        Status("grok is thinking"),
        first,
        Text("The first **half**"),
        second,
        Text(" and the rest."),
        DONE,
    ]
    async with tab(browser, page.url) as one:
        await one.ask("Go", answered=False)
        await one.has("grok is thinking")
        assert await one.page.is_visible("#stop")
        first.set()
        await one.has("The first half")
        assert await one.page.locator(".growing").count() == 1
        second.set()
        await one.page.wait_for_selector(".post.answer:not(.growing)")

        assert await one.texts(".answer .prose") == ["The first half and the rest."]
        assert not await one.page.is_visible("#stop")


@pytest.mark.parametrize("way", ["button", "key"])
async def test_stop_ends_the_answer_and_keeps_what_was_said(
    browser: Browser, page: Desk, play: Play, way: str
) -> None:
    play.line = [Text("Some words"), play.gate(), Text("never"), DONE]
    async with tab(browser, page.url) as one:
        await one.ask("Go", answered=False)
        await one.has("Some words")
        await (one.page.click("#stop") if way == "button" else one.page.press("#write", "Escape"))
        await one.has("Stopped.")

        assert "never" not in await one.page.inner_text("#posts")
        (stopped,) = [event for event in page.inbox.events if isinstance(event, StopRequested)]
        assert stopped.turn.startswith("1-")


async def test_reloading_in_the_middle_of_an_answer_loses_nothing(
    browser: Browser, page: Desk, play: Play
) -> None:
    gate = play.gate()
    play.line = [Text("Before. "), gate, Text("After."), DONE]
    async with tab(browser, page.url) as one:
        await one.ask("Go", answered=False)
        await one.has("Before.")
        await one.page.reload()
        await one.has("Before.")
        assert await one.page.locator(".growing").count() == 1
        gate.set()
        await one.page.wait_for_selector(".post.answer:not(.growing)")

        assert await one.texts(".answer .prose") == ["Before. After."]
        assert await one.texts(".person .said") == ["Go"]


async def test_two_tabs_stay_in_step(browser: Browser, page: Desk, play: Play) -> None:
    async with tab(browser, page.url) as one:
        await one.ask("First")
        other = await opened(await one.page.context.new_page(), one.page.url)
        await other.has("You said: First")
        gate = play.gate()
        play.line = [Text("Shared "), gate, Text("answer"), DONE]
        await one.ask("Second", answered=False)
        await other.has("Shared")
        await other.page.click("#stop")
        await one.has("Stopped.")
        play.line = Reply(text="Said to both")
        await other.ask("Third")
        await one.has("Said to both")

        assert await one.texts(".said") == await other.texts(".said") == ["First", "Second", "Third"]
        await one.page.keyboard.press("Control+Shift+O")
        await one.ask("Elsewhere")
        await other.has("Elsewhere", within="#chats")
        await one.assert_clean()
        await other.assert_clean()


async def test_a_break_in_the_connection_is_shown_and_healed(
    browser: Browser, page: Desk, play: Play
) -> None:
    async with tab(browser, page.url) as one:
        await one.ask("First")
        await one.page.context.set_offline(True)
        page.board.down = True
        await one.page.wait_for_selector("#banner:not([hidden])")
        await one.ask("Kept", answered=False)
        await one.has("It is kept here and sent again")
        page.board.down = False
        await one.page.context.set_offline(False)
        await one.has("You said: Kept")

        assert await one.texts(".said") == ["First", "Kept"]
        assert not await one.page.is_visible("#banner")


async def test_while_storage_is_away_the_message_waits_and_is_sent_once(browser: Browser, page: Desk) -> None:
    async with tab(browser, page.url) as one:
        await one.ask("First")
        page.inbox.down = True
        await one.ask("Later", answered=False)
        await one.has("cannot reach its storage")
        await one.page.reload()
        await one.has("Later")
        page.inbox.down = False
        await one.has("You said: Later")

        asked = [event.text for event in page.inbox.events if isinstance(event, MessageReceived)]
        assert asked == ["First", "Later"]


async def test_the_picker_shows_who_answers_and_why_and_changes_it(
    browser: Browser, page: Desk, play: Play
) -> None:
    async with tab(browser, page.url) as one:
        await one.has("demo", within="#model")
        await one.has("it is the default", within="#model-why")
        play.line = Reply(text="**grok** answers in this thread from now on.")
        page.picked.selected, page.picked.why = "thread grok", "it was picked in this thread"
        await one.page.keyboard.press("Control+k")
        await one.page.keyboard.press("ArrowDown")
        await one.page.keyboard.press("Enter")
        await one.has("it was picked in this thread", within="#model-why")

        (pressed,) = [event for event in page.inbox.events if isinstance(event, ButtonPressed)]
        assert (pressed.action, pressed.value) == (Action.PICK, "thread grok")
        assert await one.page.inner_text("#model-name") == "grok"
        await one.assert_clean()


async def test_a_reply_is_made_of_real_controls(browser: Browser, page: Desk, play: Play) -> None:
    again = Button(action=Action.AGAIN, label="Regenerate", value="turn-9")
    options = (
        Option(value="thread grok", label="grok", hint="fast"),
        Option(value="thread gpt", label="gpt"),
    )
    play.line = Reply(
        title="Everything",
        text="Pick *one*.",
        table=Table(header=("Name", "Price"), rows=(("grok", "<b>low</b>"),)),
        sections=(
            Section(title="grok", text="`fast`", note="0.1 s", buttons=(again,)),
            Section(title="claude", text="thorough", note="0.2 s"),
        ),
        choices=(Choice(action=Action.PICK, label="Model", options=options, selected="thread gpt"),),
        buttons=(Button(action=Action.RUN, label="Help", value="/help"),),
    )
    async with tab(browser, page.url) as one:
        await one.ask("Show")
        assert await one.texts(".reply td") == ["grok", "<b>low</b>"]
        assert await one.texts(".section h4") == ["grok", "claude"]
        left, right = [await node.bounding_box() for node in await one.page.locator(".section").all()]
        assert left
        assert right
        assert left["y"] == right["y"]
        selected = one.page.get_by_role("button", name="gpt", pressed=True)
        assert await selected.count() == 1
        play.line = Reply(text="grok it is.", replaces="pressed")
        await one.page.get_by_role("button", name="grok fast").click()
        await one.has("grok it is.")

        pressed = next(event for event in page.inbox.events if isinstance(event, ButtonPressed))
        assert (pressed.action, pressed.value) == (Action.PICK, "thread grok")
        assert await one.page.locator(".reply").count() == 1
        await one.assert_clean()


async def test_a_reply_that_is_still_being_made_can_be_stopped(
    browser: Browser, page: Desk, play: Play
) -> None:
    stop = Button(action=Action.STOP, label="Stop", value="turn-9")
    play.line = Reply(title="Comparison", text="Asking two models ...", buttons=(stop,))
    async with tab(browser, page.url) as one:
        await one.ask("/compare")
        await one.page.press("#write", "Escape")
        await one.page.wait_for_function("() => document.querySelector('#stop').disabled")

        assert any(isinstance(event, StopRequested) for event in page.inbox.events)


async def test_a_starter_is_asked_with_one_click(browser: Browser, page: Desk) -> None:
    async with tab(browser, page.url) as one:
        await one.page.click("text=Show me a table")
        await one.has("You said: Show me a table")


async def test_conversations_are_made_renamed_and_deleted_by_keyboard_alone(
    browser: Browser, page: Desk
) -> None:
    async with tab(browser, page.url) as one:
        keys = one.page.keyboard
        await keys.type("First line")
        await keys.press("Shift+Enter")
        await keys.type("second line")
        await keys.press("Enter")
        await one.has("You said: First line")
        await keys.press("Control+Shift+O")
        await one.page.wait_for_selector("#empty:not([hidden])")
        await keys.type("Another")
        await keys.press("Enter")
        await one.has("You said: Another")
        await keys.press("Alt+ArrowDown")
        await one.has("You said: First line")
        await one.page.focus(".open[aria-current]")
        await keys.press("F2")
        await keys.press("Control+a")
        await keys.type("Renamed")
        await keys.press("Enter")
        await one.has("Renamed", within="#chats")
        await keys.press("ArrowUp")
        await keys.press("Delete")
        await one.page.wait_for_selector("#confirm[open]")
        await keys.press("Tab")
        await keys.press("Enter")
        await one.page.wait_for_function("() => document.querySelectorAll('#chats li').length === 1")

        assert await one.texts("#chats .open") == ["Renamed"]
        assert [thread.thread for thread in page.memory.forgotten] != []
        await one.page.focus(".open")
        await keys.press("?")
        assert await one.page.is_visible("#shortcuts")


async def test_a_conversation_deleted_elsewhere_is_left(browser: Browser, page: Desk) -> None:
    async with tab(browser, page.url) as one:
        await one.ask("Secret")
        await page.board.delete(next(iter(page.board.posts)))
        await one.page.wait_for_selector("#empty:not([hidden])")

        assert "Secret" not in await one.page.inner_text("body")


async def test_commands_are_offered_after_a_slash(browser: Browser, page: Desk) -> None:
    async with tab(browser, page.url) as one:
        await one.page.wait_for_selector("#empty:not([hidden])")
        await one.page.focus("#write")
        await one.page.keyboard.type("/re")
        await one.page.wait_for_selector("#commands [aria-selected=true]")
        await one.page.keyboard.press("Tab")
        assert await one.page.input_value("#write") == "/reset"
        await one.page.keyboard.press("Enter")
        await one.has("You said: /reset")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
async def test_it_fits_and_is_readable(
    browser: Browser, page: Desk, play: Play, scheme: str, width: int
) -> None:
    play.line = answer(
        "# Title\n\nA [link](https://example.com) and `code_without_any_blanks_" + "x" * 80 + "`\n\n"
        "```python\nprint('"
        + "long " * 60
        + "')\n```\n\n|a|b|c|d|\n|-|-|-|-|\n"
        + "|word word word|" * 4
        + "\n",
        closing=Closing(reason=Reason.FAILED, footer="demo", notice="It failed."),
    )
    wishes = {"viewport": {"width": width, "height": 740}, "color_scheme": scheme}
    async with tab(browser, page.url, **wishes) as one:
        await one.ask("Unbrokenwords" * 30)

        assert await one.page.evaluate("document.documentElement.scrollWidth") <= width
        assert await one.page.evaluate("document.querySelector('#scroll').scrollWidth") <= width
        assert await one.page.evaluate(CONTRAST) == []
        if width == 360:
            await one.page.click("#menu")
            await one.page.keyboard.press("Enter")
            await one.page.wait_for_selector("#empty:not([hidden])")


CONTRAST = """() => {
  const channel = (value) => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const found = parse(getComputedStyle(node).backgroundColor);
      if (found.length === 3 || found[3] > 0.5) return found;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const node of document.querySelectorAll("body *")) {
    const text = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!text || !node.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) poor.push(`${node.tagName}.${node.className} ${node.textContent.slice(0, 20)} ${ratio.toFixed(2)}`);
  }
  return poor;
}"""
