"""The promises of `bot.ports.Timeline`, checked on every board.

Subclass `BoardContract` and provide a fixture `timeline`.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest

from bot.domain.errors import Fenced, PlatformGone
from bot.domain.generated import GeneratedFile
from bot.domain.replies import Action, Button, Choice, Option, Reply, Section, Table
from bot.domain.stream_parts import Closing, Reason
from bot.domain.timeline import Change, Growth, Post
from bot.page_ports import Timeline

CHAT = "chat-0001"
ASKED = Post(id="asked-01", at=1.0, person=True, text="Why is\nthe sky blue?")
GROWING = Post(id="turn-a", at=2.0, after="asked-01", turn="a", growing=True)
CLOSED = replace(
    GROWING, growing=False, text="Because.", closing=Closing(reason=Reason.STOP, footer="grok answered")
)

PICTURE = GeneratedFile(name="turn-a/0", media_type="image/png", data=b"\x89PNG\r\n\x1a\nx")


async def changes(watched: AsyncGenerator[Sequence[Change], None], count: int) -> list[Change]:
    found: list[Change] = []
    async with asyncio.timeout(15):
        while len(found) < count:
            found += await anext(watched)
    return found


class BoardContract:
    """Subclass it, provide a fixture `timeline` that gives an empty `Timeline`."""

    async def test_posts_are_read_as_they_were_put(self, timeline: Timeline) -> None:
        reply = Reply(
            title="Models",
            text="Pick one.",
            table=Table(header=("a",), rows=(("1",),)),
            sections=(Section(title="s", text="t", buttons=(Button(action=Action.UP, label="+"),)),),
            choices=(Choice(action=Action.PICK, label="l", options=(Option(value="v", label="x"),)),),
        )
        said = Post(id="said-001", at=3.0, reply=reply)
        await timeline.post(CHAT, ASKED, CLOSED, said)

        page = await timeline.read(CHAT)
        assert page.posts == (ASKED, CLOSED, said)
        assert page.title == "Why is the sky blue?"
        assert not page.more

    async def test_pictures_go_with_their_posts(self, timeline: Timeline) -> None:
        later = replace(CLOSED, id="turn-b", turn="b")
        await timeline.post(CHAT, ASKED, CLOSED, later)
        for id in ("turn-a/0", "turn-b/0"):
            await timeline.keep(CHAT, id, PICTURE)

        kept = await timeline.file(CHAT, "turn-a/0")
        assert kept is not None
        assert (kept.media_type, kept.data) == (PICTURE.media_type, PICTURE.data)
        assert await timeline.file("chat-0002", "turn-a/0") is None
        await timeline.clear(CHAT, before="turn-b")
        assert await timeline.file(CHAT, "turn-a/0") is None
        assert await timeline.file(CHAT, "turn-b/0") is not None
        await timeline.delete(CHAT)
        assert await timeline.file(CHAT, "turn-b/0") is None
        with pytest.raises(PlatformGone):
            await timeline.keep(CHAT, "turn-b/0", PICTURE)

    async def test_an_unknown_conversation_is_empty(self, timeline: Timeline) -> None:
        page = await timeline.read("chat-none")

        assert page.posts == ()
        assert list(await timeline.chats()) == []

    async def test_what_has_grown_is_read_together(self, timeline: Timeline) -> None:
        await timeline.post(CHAT, ASKED, GROWING)
        await timeline.grow(CHAT, Growth(id="turn-a", number=1, text="Be", status="thinking"))
        await timeline.grow(CHAT, Growth(id="turn-a", number=2, text="cause"))

        page = await timeline.read(CHAT)
        assert page.posts[1] == replace(GROWING, text="Because", status="thinking")

    async def test_several_posts_grow_at_once(self, timeline: Timeline) -> None:
        columns = [replace(GROWING, id=f"turn-a-{number}") for number in (1, 2)]
        await timeline.post(CHAT, ASKED, columns[0])
        await timeline.grow(CHAT, Growth(id="turn-a-1", number=1, text="Be"))
        await timeline.post(CHAT, columns[1])
        await timeline.grow(CHAT, Growth(id="turn-a-2", number=1, text="No"))
        await timeline.grow(CHAT, Growth(id="turn-a-1", number=2, text="cause"))
        both = [post.text for post in (await timeline.read(CHAT)).posts[1:]]
        await timeline.post(CHAT, replace(CLOSED, id="turn-a-1"))

        assert both == ["Because", "No"]
        with pytest.raises(Fenced):
            await timeline.grow(CHAT, Growth(id="turn-a-1", number=3, text="late"))
        await timeline.grow(CHAT, Growth(id="turn-a-2", number=2, text="pe"))
        assert (await timeline.read(CHAT)).posts[2].text == "Nope"

    async def test_the_same_growth_counts_once(self, timeline: Timeline) -> None:
        await timeline.post(CHAT, ASKED, GROWING)
        await timeline.grow(CHAT, Growth(id="turn-a", number=1, text="Be"))
        await timeline.grow(CHAT, Growth(id="turn-a", number=1, text="Be"))

        assert (await timeline.read(CHAT)).posts[1].text == "Be"

    async def test_rewriting_replaces_what_had_grown(self, timeline: Timeline) -> None:
        await timeline.post(CHAT, ASKED, GROWING)
        await timeline.grow(CHAT, Growth(id="turn-a", number=1, text="Bla"))
        await timeline.post(CHAT, ASKED, replace(GROWING, attempt=2))
        await timeline.grow(CHAT, Growth(id="turn-a", number=1, attempt=2, text="Bec"))
        grown = (await timeline.read(CHAT)).posts[1].text
        await timeline.post(CHAT, replace(CLOSED, attempt=2))

        assert grown == "Bec"
        assert (await timeline.read(CHAT)).posts == (ASKED, replace(CLOSED, attempt=2))

    async def test_an_earlier_attempt_is_fenced(self, timeline: Timeline) -> None:
        await timeline.post(CHAT, ASKED, replace(GROWING, attempt=2))

        with pytest.raises(Fenced):
            await timeline.grow(CHAT, Growth(id="turn-a", number=1, attempt=1, text="old"))
        with pytest.raises(Fenced):
            await timeline.post(CHAT, CLOSED)

    async def test_another_turn_may_rewrite_a_post(self, timeline: Timeline) -> None:
        await timeline.post(CHAT, replace(CLOSED, attempt=3))
        taken = Post(id="turn-a", at=5.0, turn="b", reply=Reply(text="grok it is."))
        await timeline.post(CHAT, taken)

        assert (await timeline.read(CHAT)).posts == (taken,)

    async def test_a_question_is_put_once(self, timeline: Timeline) -> None:
        await timeline.post(CHAT, ASKED)
        mark = (await timeline.read(CHAT)).mark
        await timeline.post(CHAT, replace(ASKED, text="something else"))

        page = await timeline.read(CHAT)
        assert page.posts == (ASKED,)
        assert page.mark == mark

    async def test_answers_stand_under_their_questions(self, timeline: Timeline) -> None:
        second = replace(ASKED, id="asked-02", at=2.0)
        await timeline.post(CHAT, ASKED)
        await timeline.post(CHAT, second)
        await timeline.post(CHAT, CLOSED)
        await timeline.post(CHAT, replace(CLOSED, id="turn-b", turn="b"))
        await timeline.post(CHAT, replace(CLOSED, id="turn-c", turn="c", after="asked-02"))
        await timeline.post(CHAT, replace(CLOSED, id="turn-d", turn="d", after=""))

        order = [post.id for post in (await timeline.read(CHAT)).posts]
        assert order == ["asked-01", "turn-a", "turn-b", "asked-02", "turn-c", "turn-d"]

    async def test_earlier_posts_are_read_in_steps(self, timeline: Timeline) -> None:
        posts = [replace(ASKED, id=f"asked-{n:03}", text=str(n)) for n in range(250)]
        await timeline.post(CHAT, *posts)

        newest = await timeline.read(CHAT)
        rest = await timeline.read(CHAT, before=newest.posts[0].id)
        assert [*rest.posts, *newest.posts] == posts
        assert (newest.more, rest.more) == (True, False)

    async def test_conversations_are_listed_by_their_last_post(self, timeline: Timeline) -> None:
        await timeline.post("chat-0001", ASKED)
        await timeline.post("chat-0002", replace(ASKED, text="Another one"))
        await timeline.post("chat-0001", replace(CLOSED, at=9.0))

        found = [(chat.id, chat.title) for chat in await timeline.chats()]
        assert found == [("chat-0001", "Why is the sky blue?"), ("chat-0002", "Another one")]

    async def test_a_conversation_can_be_renamed(self, timeline: Timeline) -> None:
        await timeline.post(CHAT, ASKED)

        assert await timeline.rename(CHAT, "The sky")
        assert not await timeline.rename("chat-none", "Nothing")
        assert (await timeline.read(CHAT)).title == "The sky"
        assert [chat.title for chat in await timeline.chats()] == ["The sky"]

    async def test_a_deleted_conversation_is_gone_and_stays_gone(self, timeline: Timeline) -> None:
        await timeline.post(CHAT, ASKED, GROWING)

        assert await timeline.delete(CHAT)
        assert not await timeline.delete("chat-none")
        assert (await timeline.read(CHAT)).posts == ()
        assert list(await timeline.chats()) == []
        with pytest.raises(PlatformGone):
            await timeline.grow(CHAT, Growth(id="turn-a", number=1, text="late"))
        with pytest.raises(PlatformGone):
            await timeline.post(CHAT, ASKED, CLOSED)

    async def test_what_stands_above_a_post_can_be_erased_and_the_conversation_goes_on(
        self, timeline: Timeline
    ) -> None:
        forget = replace(ASKED, id="asked-02", at=3.0, text="/forget")
        behind = replace(ASKED, id="asked-03", at=4.0, text="and now?")
        receipt = Post(id="turn-b", at=5.0, turn="b", after="asked-02", reply=Reply(text="Erased."))
        await timeline.post(CHAT, ASKED, replace(GROWING, attempt=2))
        await timeline.post("chat-0002", ASKED)
        await timeline.post(CHAT, forget)
        await timeline.post(CHAT, behind)
        mark = (await timeline.read(CHAT)).mark
        await timeline.post(CHAT, receipt)
        await timeline.clear(CHAT, before=forget.id)

        page = await timeline.read(CHAT)
        assert page.posts == (forget, receipt, behind)
        assert page.title == ""
        assert (await timeline.read("chat-0002")).posts == (ASKED,)
        async with aclosing(timeline.watch(mark)) as watched:
            told = await changes(watched, 2)
        assert [(change.kind, change.post) for change in told] == [("post", receipt), ("cleared", None)]
        await timeline.clear(CHAT, before=forget.id)
        assert (await timeline.read(CHAT)).posts == (forget, receipt, behind)
        await timeline.post(CHAT, replace(ASKED, id="asked-04", text="A new beginning"))
        assert (await timeline.read(CHAT)).title == "A new beginning"

    async def test_an_erasure_is_told_to_who_watches(self, timeline: Timeline) -> None:
        await timeline.post(CHAT, ASKED, CLOSED)
        async with aclosing(timeline.watch()) as watched:
            await anext(watched)
            await timeline.clear(CHAT, before=CLOSED.id)
            (change,) = await changes(watched, 1)

        assert (change.kind, change.chat) == ("cleared", CHAT)

    async def test_changes_are_told_as_they_happen(self, timeline: Timeline) -> None:
        async with aclosing(timeline.watch()) as watched:
            assert list(await anext(watched)) == []
            await timeline.post(CHAT, ASKED, GROWING)
            await timeline.grow(CHAT, Growth(id="turn-a", number=1, text="Be"))
            await timeline.rename(CHAT, "The sky")
            seen = await changes(watched, 4)
            await timeline.delete(CHAT)
            seen += await changes(watched, 1)

        assert [change.kind for change in seen] == ["post", "post", "grow", "title", "gone"]
        assert {change.chat for change in seen} == {CHAT}
        assert (seen[0].post, seen[1].post) == (ASKED, GROWING)
        assert seen[2].growth == Growth(id="turn-a", number=1, text="Be")
        assert seen[3].title == "The sky"

    async def test_watching_goes_on_where_it_was_left(self, timeline: Timeline) -> None:
        await timeline.post(CHAT, ASKED)
        mark = (await timeline.read(CHAT)).mark
        await timeline.post(CHAT, CLOSED)

        async with aclosing(timeline.watch(mark)) as watched:
            (change,) = await changes(watched, 1)
        assert change.post == CLOSED
        assert int(change.mark) > int(mark)

    async def test_what_was_read_tells_where_to_watch_from(self, timeline: Timeline) -> None:
        await timeline.post(CHAT, ASKED)
        page = await timeline.read(CHAT)

        async with aclosing(timeline.watch(page.mark)) as watched:
            assert list(await anext(watched)) == []

    @pytest.mark.parametrize("mark", ["999999", "-1", "1-1", "x", "\u0661"])
    async def test_a_mark_that_is_not_ours_means_reading_everything_again(
        self, timeline: Timeline, mark: str
    ) -> None:
        await timeline.post(CHAT, ASKED)

        async with aclosing(timeline.watch(mark)) as watched:
            (change,) = await changes(watched, 1)
        assert change.kind == "lost"
