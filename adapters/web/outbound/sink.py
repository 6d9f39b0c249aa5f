"""Shows one turn in the timeline: one post per turn, whose id is derived from the turn's.

Posting it again rewrites it in place, so that a turn resumed on any replica, after a crash at any point, ends
in the same post. Text is sent as growth about fifteen times a second; the closing post holds the whole
answer.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.delivery.pacing import Clock, WallClock
from bot.delivery.stopping import stop_value
from bot.delivery.streaming import GrowingAnswer, follow
from bot.domain.errors import PlatformBusy, StorageUnavailable
from bot.domain.events import ButtonPressed, Event, MessageReceived
from bot.domain.generated import FileNote, GeneratedFile
from bot.domain.replies import Action, Reply
from bot.domain.shown_answers import ShownAnswer
from bot.domain.stream_parts import BranchPlace, ShownPart
from bot.domain.timeline import Growth, Post, PostedFile
from bot.page_ports import Timeline
from bot.ports import TurnHandle

POST = "turn-"  # what the id of a turn's post begins with
BETWEEN = 1 / 15  # seconds between two growths: smooth to read, with few round trips


def question(event: Event) -> Post | None:
    """The person's message as a post; None for an event without text. An event that is put again is still the same
    message.
    """
    match event:
        case MessageReceived():
            id, text = event.message or event.id, event.text
        case ButtonPressed(action=Action.RUN):
            id, text = event.id, event.value
        case _:
            return None
    return Post(id=id, at=event.at, person=True, text=text)


class TimelineSink:
    """One turn in the timeline. Posts the question too, in case its receiver died before it could."""

    def __init__(
        self, *, timeline: Timeline, event: Event, turn_handle: TurnHandle, clock: Clock | None = None
    ) -> None:
        self._timeline = timeline
        self._chat = event.thread.thread
        self._turn_handle = turn_handle
        self._clock = clock or WallClock()
        self._question = question(event)
        self._post = Post(
            id=f"{POST}{turn_handle.id}",
            at=self._clock.now(),
            after=self._question.id if self._question else "",
            turn=stop_value(turn_handle),
            column=turn_handle.column,
            attempt=turn_handle.attempt,
        )

    async def show(self, parts: AsyncGenerator[ShownPart, None]) -> tuple[str, ...]:
        await self._put(replace(self._post, growing=True))
        await self._save(self._post.id)
        answer = await follow(parts, self._drawing(), clock=self._clock)
        closed = replace(
            self._post,
            text=answer.text,
            closing=answer.closing,
            sources=answer.sources,
            place=answer.place,
        )
        await self._put(await self._with_files(closed, answer.files))
        return (self._post.id,)

    async def say(self, reply: Reply) -> str:
        post = replace(self._post, reply=reply)
        if reply.replaces:
            post = replace(post, id=reply.replaces, after="", turn=reply.replaces.removeprefix(POST))
        await self._put(post)
        if reply.forgets:
            async with storage_as_platform():
                first = self._question or post
                await self._timeline.clear(self._chat, before=first.id)
        await self._save(post.id)
        return post.id

    async def rewrite(self, answer: ShownAnswer) -> None:
        for id in answer.messages[-1:]:
            post = replace(
                self._post,
                id=id,
                at=answer.at,
                after=answer.question
                or id,  # its own: who waits for the answer in hand does not take it for that
                text=answer.text,
                closing=answer.closing,
                sources=answer.sources,
                place=answer.place,
                column=answer.column,
                turn=answer.column.turn if answer.column else self._post.turn,
            )
            await self._put(_naming(post, answer.files))

    async def _with_files(self, post: Post, made: Sequence[GeneratedFile]) -> Post:
        """The post, once the bytes of its files are stored."""
        for number, file in enumerate(made):
            async with storage_as_platform():
                await self._timeline.keep(self._chat, f"{post.id}/{number}", file)
        return _naming(post, [file.note for file in made])

    async def _put(self, post: Post) -> None:
        async with storage_as_platform():
            await self._timeline.post(self._chat, *([self._question] if self._question else []), post)

    async def _save(self, post: str) -> None:
        if self._turn_handle.ref is None:
            await self._turn_handle.save({"post": post})

    def _drawing(self) -> Callable[[GrowingAnswer], Awaitable[float]]:
        nothing = Growth(id=self._post.id, attempt=self._post.attempt)
        grow = GrowthSender(self._timeline, self._chat, nothing)
        placed: list[BranchPlace] = []

        async def draw(answer: GrowingAnswer) -> float:
            if answer.place and not placed:  # it is told before there is any text
                placed.append(answer.place)
                await self._put(replace(self._post, growing=True, place=answer.place))
            return await grow(answer)

        return draw


def _naming(post: Post, files: Sequence[FileNote]) -> Post:
    """The post with its files, each of which is stored under the post's id and its number."""
    numbered = [(f"{post.id}/{number}", file) for number, file in enumerate(files)]
    return replace(
        post,
        pictures=tuple(id for id, file in numbered if file.picture),
        files=tuple(
            PostedFile(id=id, name=file.name, size=file.size) for id, file in numbered if not file.picture
        ),
    )


class GrowthSender:
    """Sends what was added to an answer since the last call."""

    def __init__(self, timeline: Timeline, chat: str, nothing: Growth) -> None:
        self._timeline = timeline
        self._chat = chat
        self._nothing = nothing
        self._sent = 0
        self._status = ""
        self._number = 0

    async def __call__(self, answer: GrowingAnswer) -> float:
        text, status = answer.text[self._sent :], answer.status
        if text or status != self._status:
            self._number += 1
            growth = replace(self._nothing, number=self._number, text=text, status=status)
            async with storage_as_platform():
                await self._timeline.grow(self._chat, growth)
            self._sent, self._status = self._sent + len(text), status
        return BETWEEN


@asynccontextmanager
async def storage_as_platform() -> AsyncIterator[None]:
    """Raises PlatformBusy for StorageUnavailable: here the platform is the storage."""
    try:
        yield
    except StorageUnavailable as error:
        raise PlatformBusy(str(error)) from error
