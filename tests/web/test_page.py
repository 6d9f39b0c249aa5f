"""The page in a real browser, as a person uses it."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Browser, Route

from bot.answers.closing import closing
from bot.domain.approvals import ToolRequest, asked_for
from bot.domain.events import Author, ButtonPressed, MessageReceived, StopRequested
from bot.domain.generated import GeneratedFile
from bot.domain.replies import Action, Button, Choice, Option, Reply, Section, Table
from bot.domain.shown_steps import ShownStep, StepOutcome
from bot.domain.stream_parts import Source, Status, Text
from bot.domain.timeline import Post
from bot.domain.turns import ChatMessage, Turn
from tests.contracts.sinks import FILES, PICTURES
from tests.web.browsing import CHROMIUM, opened, tab
from tests.web.scripted import DONE, Play
from tests.web.served import TOKEN, Desk

REQUEST = ToolRequest(id="r1", server="github", tool="create_issue", args='{"title": "Tides"}')

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
]


async def test_a_question_is_answered_and_nothing_else_is_fetched(browser: Browser, page: Desk) -> None:
    async with tab(browser, page.address) as one:
        await one.page.wait_for_selector("#empty:not([hidden])")
        await one.ask("Hello")

        assert await one.texts(".person .said") == ["Hello"]
        assert await one.texts(".answer .prose strong") == ["Hello"]
        assert await one.texts(".answer .footer") == ["demo"]
        await one.titled("Hello · Switchboard")
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
    async with tab(browser, page.address) as one:
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


async def test_sources_and_a_picture_stand_under_the_answer(browser: Browser, page: Desk, play: Play) -> None:
    evil = Source(
        number=2, title="<img src=x onerror=alert(1)> bank.example", address="https://evil.example/x"
    )
    play.line = [
        Text("It comes twice a day [1][3]."),
        Source(number=1, title="Tides", address="https://sea.example/tides"),
        evil,
        Source(number=3, title="plan.docx", place="page 3"),
        PICTURES[0],
        DONE,
    ]
    async with tab(browser, page.address) as one:
        await one.ask("Go")

        assert await one.texts(".answer .sources li") == [
            "Tides",
            "<img src=x onerror=alert(1)> bank.example (evil.example)",
            "plan.docx, page 3",
        ]
        link = one.page.locator(".sources a").first
        assert await link.get_attribute("href") == "https://sea.example/tides"
        assert await link.get_attribute("rel") == "noopener noreferrer nofollow"
        assert await one.page.evaluate("document.querySelector('img.made').decode().then(() => true)")
        assert await one.page.locator(".answer img").count() == 1
        await one.assert_clean()


async def test_what_was_called_is_folded_under_the_answer(browser: Browser, page: Desk, play: Play) -> None:
    go = play.gate()
    steps = (
        ShownStep(id="s1", name="time.convert_time", outcome=StepOutcome.DONE, seconds=0.3),
        ShownStep(id="s2", name="jira.<img src=x onerror=alert(1)>", outcome=StepOutcome.UNKNOWN),
    )
    play.line = [Text("One moment."), Status("Running time.convert_time"), go, replace(DONE, steps=steps)]
    async with tab(browser, page.address) as one:
        await one.ask("Go", answered=False)
        await one.has("Running time.convert_time")
        assert await one.page.is_visible(".growing .status")
        go.set()
        await one.page.wait_for_selector(".post.answer:not(.growing)")

        assert not await one.page.is_visible(".steps li")
        await one.page.click("text=2 tool calls")
        assert await one.texts(".steps li") == [
            "time.convert_time 0.3 s",
            "jira.img srcx onerroralert(1) may have run",
        ]
        assert await one.texts(".steps .amiss code") == ["jira.img srcx onerroralert(1)"]
        await one.assert_clean()


async def test_a_file_is_saved_as_it_came_and_what_is_gone_is_said(
    browser: Browser, page: Desk, play: Play
) -> None:
    drawing = GeneratedFile(name="<b>cat</b>.svg", media_type="image/svg+xml", data=b"<svg onload=alert(1)>")
    play.line = [Text("Here."), drawing, FILES[1], DONE]
    async with tab(browser, page.address) as one:
        await one.ask("Go")
        assert await one.texts(".answer .file b") == ["b_.svg", "tides.csv"]
        assert await one.page.locator(".answer img").count() == 0
        for name, data in (("b_.svg", drawing.data), ("tides.csv", FILES[1].data)):
            async with one.page.expect_download() as begun:
                await one.page.locator(".file", has_text=name).click()
            download = await begun.value
            assert download.suggested_filename == name
            assert Path(await download.path()).read_bytes() == data
        await one.page.reload()
        page.timeline.pictures.clear()
        await one.page.locator(".file", has_text="tides.csv").click()
        await one.has("tides.csv is not kept any more.")
        assert await one.page.locator(".file").count() == 1


async def test_what_an_agent_wants_to_run_is_decided_on_the_page(
    browser: Browser, page: Desk, play: Play
) -> None:
    turn = Turn(id="t1", asked=ChatMessage(author=Author(id="local"), text="x"), requests=(REQUEST,))
    play.line = [Text(asked_for(turn.requests, ())), closing(turn)]
    async with tab(browser, page.address) as one:
        await one.ask("Go")
        assert await one.texts(".answer .buttons button") == ["Run it", "Don't"]
        assert "create_issue on github?" in (await one.texts(".answer .prose"))[0]
        play.line = None
        await one.page.click("text=Run it")
        await one.has("You said: a button")

    pressed = page.inbox.events[-1]
    assert isinstance(pressed, ButtonPressed)
    assert (pressed.action, pressed.value) == (Action.APPROVE, "t1")


async def test_after_forget_the_receipt_stands_alone_in_every_window(
    browser: Browser, page: Desk, play: Play
) -> None:
    async with tab(browser, page.address) as one:
        await one.ask("What is a tangerine?")
        two = await opened(await one.page.context.new_page(), one.page.url)
        await two.has("You said: What is a tangerine?")
        play.line = Reply(text="Erased.", forgets=True)
        await one.ask("/forget", answered=False)
        for each in (one, two):
            await each.page.wait_for_function("() => !document.body.innerText.includes('tangerine')")
            assert await each.texts(".person .said") == ["/forget"]
            await each.has("Erased.")
            await each.titled("New conversation · Switchboard")
        play.line = None
        await one.ask("A new question")

        await one.titled("A new question · Switchboard")
        await one.assert_clean()


@pytest.mark.parametrize("way", ["button", "key"])
async def test_stop_ends_the_answer_and_keeps_what_was_said(
    browser: Browser, page: Desk, play: Play, way: str
) -> None:
    play.line = [Text("Some words"), play.gate(), Text("never"), DONE]
    async with tab(browser, page.address) as one:
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
    async with tab(browser, page.address) as one:
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
    async with tab(browser, page.address) as one:
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
    async with tab(browser, page.address) as one:
        await one.ask("First")
        await one.page.context.set_offline(True)
        page.timeline.down = True
        await one.page.wait_for_selector("#banner:not([hidden])")
        await one.ask("Kept", answered=False)
        await one.has("It is kept here and sent again")
        page.timeline.down = False
        await one.page.context.set_offline(False)
        await one.has("You said: Kept")

        assert await one.texts(".said") == ["First", "Kept"]
        assert not await one.page.is_visible("#banner")


async def test_while_storage_is_away_the_message_waits_and_is_sent_once(browser: Browser, page: Desk) -> None:
    async with tab(browser, page.address) as one:
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
    async with tab(browser, page.address) as one:
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


async def test_what_the_picker_does_not_show_is_found_by_typing(
    browser: Browser, page: Desk, play: Play
) -> None:
    page.picked.hidden = tuple(
        Option(value=f"thread maker/llama-{n}", label=f"maker/llama-{n}", hint="router · $")
        for n in range(900)
    )
    async with tab(browser, page.address) as one:
        await one.has("demo", within="#model")
        await one.page.keyboard.press("Control+k")
        field = one.page.get_by_label("Find a model")
        assert await field.get_attribute("placeholder") == "Find one of 903 models"
        await field.fill("llama-89")
        await one.has("maker/llama-899", within="#picker")
        shown = await one.texts("#picker .option:not([hidden]) b")
        await field.fill("nothing like it")
        await one.has("No model matches.", within="#picker")
        await field.fill("grok")
        await one.page.wait_for_selector("#picker .none", state="hidden")
        known = await one.texts("#picker .option:not([hidden]) b")
        await field.fill("llama-7")
        await one.has("maker/llama-77", within="#picker")
        await one.page.keyboard.press("ArrowDown")
        play.line = Reply(text="**maker/llama-7** answers in this thread from now on.")
        await one.page.keyboard.press("Enter")
        await one.has("answers in this thread", within="#posts")

        assert shown == ["maker/llama-89", *(f"maker/llama-{n}" for n in range(890, 900))]
        assert known == ["grok"]
        (pressed,) = [event for event in page.inbox.events if isinstance(event, ButtonPressed)]
        assert pressed.value == "thread maker/llama-7"
        await one.assert_clean()


async def test_the_picker_stands_under_vendors_and_a_vendors_name_finds_its_models(
    browser: Browser, page: Desk, play: Play
) -> None:
    page.picked.hidden = (Option(value="thread maker/x", label="maker/x", group="OpenRouter"),)
    effort = tuple(Option(value=f"/effort {level} --thread", label=level) for level in ("low", "high"))
    page.picked.choices = (
        Choice(action=Action.RUN, label="Effort", options=effort, selected=effort[0].value),
    )
    async with tab(browser, page.address) as one:
        await one.has("demo", within="#model")
        await one.page.keyboard.press("Control+k")
        vendors = await one.texts("#picker .group:not([hidden]) .vendor")
        await one.page.get_by_label("Find a model").fill("anthropic")
        found = await one.texts("#picker .option:not([hidden]) b")
        left = await one.texts("#picker .group:not([hidden]) .vendor")
        await one.page.get_by_label("Find a model").fill("maker")
        await one.has("maker/x", within="#picker")
        more = await one.texts("#picker .group:not([hidden]) .vendor")
        pressed_before = await one.page.get_by_role("button", name="low", exact=True).get_attribute(
            "aria-pressed"
        )
        await one.page.get_by_role("button", name="high", exact=True).click()
        await one.has("/effort high --thread")

        assert vendors == ["demo", "xAI", "Anthropic"]
        assert (found, left, more, pressed_before) == (["claude"], ["Anthropic"], ["OpenRouter"], "true")
        (pressed,) = [event for event in page.inbox.events if isinstance(event, ButtonPressed)]
        assert (pressed.action, pressed.value) == (Action.RUN, "/effort high --thread")
        await one.assert_clean()


async def test_the_header_names_no_model_that_was_refused(browser: Browser, page: Desk, play: Play) -> None:
    async with tab(browser, page.address) as one:
        await one.has("demo", within="#model")
        play.line = Reply(text="“grok” is not allowed here.")
        seen = await one.page.evaluate_handle(
            """() => {
                const seen = [], name = document.querySelector("#model-name");
                new MutationObserver(() => seen.push(name.textContent)).observe(name, {childList: true});
                return seen;
            }"""
        )
        await one.page.keyboard.press("Control+k")
        await one.page.keyboard.press("ArrowDown")
        await one.page.keyboard.press("Enter")
        await one.has("is not allowed here")

        assert "grok" not in await seen.json_value()
        assert await one.page.inner_text("#model-name") == "demo"


async def test_a_choice_for_all_made_in_another_window_counts_in_this_one(
    browser: Browser, page: Desk, play: Play
) -> None:
    async with tab(browser, page.address) as one, tab(browser, page.address) as other:
        await one.has("demo", within="#model")
        await other.page.keyboard.press("Control+Shift+o")
        play.line = Reply(text="**grok** answers for you from now on.")
        page.picked.selected = "thread grok"
        await other.page.keyboard.press("Control+k")
        await other.page.keyboard.press("Enter")
        await one.has("grok", within="#model")


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
    async with tab(browser, page.address) as one:
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
    async with tab(browser, page.address) as one:
        await one.ask("/compare")
        await one.page.press("#write", "Escape")
        await one.page.wait_for_function("() => document.querySelector('#stop').disabled")

        assert any(isinstance(event, StopRequested) for event in page.inbox.events)


async def test_enter_sends_a_command_that_is_written_out(browser: Browser, page: Desk) -> None:
    async with tab(browser, page.address) as one:
        await one.page.focus("#write")
        await one.page.keyboard.type("/compare")
        await one.page.wait_for_selector("#commands [aria-selected=true]")
        await one.page.press("#write", "Enter")
        await one.page.wait_for_selector(".post.person")
        assert await one.page.input_value("#write") == ""
        await one.assert_clean()


async def test_a_starter_is_asked_with_one_click(browser: Browser, page: Desk) -> None:
    async with tab(browser, page.address) as one:
        await one.page.click("text=Show me a table")
        await one.has("You said: Show me a table")


async def test_a_list_that_was_on_its_way_brings_no_deleted_conversation_back(
    browser: Browser, page: Desk
) -> None:
    held, asked = asyncio.Event(), asyncio.Event()

    async def slowly(route: Route) -> None:
        answer = await route.fetch()
        asked.set()
        await held.wait()
        await route.fulfill(response=answer)

    async with tab(browser, page.address) as one:
        await one.ask("Secret")
        deleted = next(iter(page.timeline.posts))
        await one.page.route("**/web/chats", slowly)
        await page.timeline.post("another-chat", Post(id="p", at=1.0, person=True, text="Elsewhere"))
        await asyncio.wait_for(asked.wait(), 10)
        await page.timeline.delete(deleted)
        await one.page.wait_for_selector("#empty:not([hidden])")
        held.set()
        await one.has("Elsewhere", within="#chats")

        assert "Secret" not in await one.page.inner_text("body")


async def test_a_conversation_deleted_elsewhere_is_left(browser: Browser, page: Desk) -> None:
    async with tab(browser, page.address) as one:
        await one.ask("Secret")
        await page.timeline.delete(next(iter(page.timeline.posts)))
        await one.page.wait_for_selector("#empty:not([hidden])")
        await one.page.wait_for_function("() => !document.body.innerText.includes('Secret')")


async def test_the_printed_address_is_left_and_the_clean_one_works_in_every_tab(
    browser: Browser, page: Desk
) -> None:
    async with tab(browser, page.address) as one:
        assert one.page.url.split("#")[0] == f"{page.url}/"
        assert TOKEN not in await one.page.evaluate("document.referrer + document.cookie + location.href")
        await one.ask("First")
        other = await opened(await one.page.context.new_page(), page.url)
        await other.has("You said: First")
        await one.page.reload()
        await one.has("You said: First")
        await other.ask("Second")
        await one.has("You said: Second")
        await one.assert_clean()
        await other.assert_clean()


async def test_who_was_not_given_the_address_reads_where_it_is(browser: Browser, page: Desk) -> None:
    async with tab(browser, page.address) as one:
        context = await browser.new_context()
        stranger = await context.new_page()
        for query in ("", "?token=wrong"):
            got = await stranger.goto(f"{page.url}/{query}")
            assert got
            assert got.status == 401
            assert "opens with the address that `switchboard` printed" in await stranger.inner_text("body")
        await context.close()
        await one.assert_clean()


@pytest.mark.parametrize("known", [True, False], ids=["signed in", "by the printed address"])
async def test_a_link_on_another_site_opens_the_page(browser: Browser, page: Desk, known: bool) -> None:
    """A chat or a terminal in the browser is another site, too."""
    link = page.url if known else page.address

    async def elsewhere(route: Route) -> None:
        await route.fulfill(body=f"<a href='{link}'>the page</a>", content_type="text/html")

    context = await browser.new_context()
    one = await context.new_page()
    if known:
        await opened(one, page.address)
    await one.route("http://elsewhere.example/", elsewhere)
    await one.goto("http://elsewhere.example/")
    await one.click("a")
    await one.wait_for_selector("#link[data-state=live]")

    assert one.url.split("#")[0] == f"{page.url}/"
    await context.close()


async def test_a_tab_whose_sign_in_is_over_says_so_and_keeps_what_is_written(
    browser: Browser, page: Desk
) -> None:
    async with tab(browser, page.address) as one:
        await one.ask("First")
        await one.page.context.clear_cookies()
        await one.ask("Kept", answered=False)
        await one.has("opens with the address that `switchboard` printed")
        page.timeline.silence, page.timeline.down = 0.01, True
        await one.page.wait_for_function("() => document.querySelector('#link').dataset.state === 'closed'")
        assert "Open the one that switchboard printed" in await one.page.inner_text("#banner")
        page.timeline.down = False
        await opened(await one.page.context.new_page(), page.address)
        await one.has("You said: Kept")

        assert await one.texts(".said") == ["First", "Kept"]
