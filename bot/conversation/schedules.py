"""Questions that ask themselves: made with /every, listed and changed with /schedules, asked when they are due."""

import hashlib
import itertools
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bot.context import Context, Response
from bot.conversation.command_parser import Ask, Command, parse_message
from bot.conversation.questions import Questions
from bot.conversation.schedule_words import (
    FULL,
    NO_COMMANDS,
    NOT_HERE,
    NOT_YOURS,
    ONLY_PEOPLE,
    REFUSED,
    STRANGERS,
    listing,
    made,
    told_paused,
)
from bot.conversation.when.reading import NotUnderstood, Wish, parse_wish
from bot.domain.catalog import Catalog
from bot.domain.command_table import ASKING
from bot.domain.events import Author, Event, MessageReceived
from bot.domain.recurrence import known_zone
from bot.domain.replies import Reply
from bot.domain.schedules import LastingPlace, Schedule
from bot.domain.turns import ChatMessage
from bot.ports import Adapter, Inbox
from bot.schedule_ports import ScheduleStore
from bot.settings.config_file import Policy

ID = re.compile(r"[0-9a-f]{12}")
SHOWN_TIMES = 3

log = logging.getLogger(__name__)


class Schedules:
    """Makes, lists and changes schedules, and knows what becomes of one that is due."""

    def __init__(
        self,
        *,
        adapters: Mapping[str, Adapter],
        catalog: Catalog,
        questions: Questions,
        store: ScheduleStore,
        inbox: Inbox,
        policy: Policy,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._adapters = adapters
        self._catalog = catalog
        self._questions = questions
        self._store = store
        self._inbox = inbox
        self._policy = policy
        self._clock = clock
        self.table = {"every": self._every, "schedules": self._schedules}

    async def _every(self, context: Context, rest: str) -> Response:
        wish = parse_wish(rest)
        if isinstance(wish, NotUnderstood):
            return _privately(context, wish.why)
        place = self._place(context)
        if place.obstacle or context.event.author.app:
            return _privately(context, place.obstacle or ONLY_PEOPLE)
        if not asks(wish.question, self._catalog):
            return _privately(context, NO_COMMANDS)
        around = await self._questions.surroundings(
            context, ChatMessage(author=context.event.author, text=wish.question)
        )
        if (refusal := self._questions.refusal(context, around)) is not None:
            return refusal
        wish = replace(wish, zone=wish.zone or around.time_zone, question=around.said.text)
        schedule = self._schedule(context, place, wish, around.said.author)
        if schedule is None:
            return _privately(context, "That is never due.")
        if full := await self._store.add(schedule):
            return _privately(context, FULL[full])
        times = tuple(itertools.islice(schedule.recurrence.times(self._clock(), schedule.zone), SHOWN_TIMES))
        files = bool(getattr(context.event, "files", ()))
        return Response(reply=made(schedule, wish, times, files=files, private=context.private))

    def _schedule(self, context: Context, place: LastingPlace, wish: Wish, author: Author) -> Schedule | None:
        now, zone = self._clock(), known_zone(wish.zone or "UTC")
        recurrence = wish.recurrence.beginning(now, zone)
        due = recurrence.after(now, zone)
        if due is None:
            return None
        return Schedule(
            id=hashlib.sha256(context.turn_handle.id.encode()).hexdigest()[:12],
            author=author,
            place=place,
            question=wish.question,
            recurrence=recurrence,
            zone=zone,
            next=due,
        )

    async def _schedules(self, context: Context, rest: str) -> Response:
        words = rest.casefold().split()
        if len(words) == 2 and ID.fullmatch(words[1]):
            return await self._change(context, words[0], words[1])
        place = self._place(context)
        found = await self._store.listed(place.thread, context.event.author.id)
        return Response(reply=listing(context, found))

    async def _change(self, context: Context, what: str, id: str) -> Response:
        schedule = await self._store.find(context.workspace, id)
        if schedule is None:
            return _privately(context, NOT_HERE)
        if schedule.author.id != context.event.author.id and not context.administers:
            return _privately(context, NOT_YOURS)
        now, said = self._clock(), f"every {schedule.recurrence.words}"
        match what:
            case "paused":  # nobody types it: its maker is told, unless it goes on again by then
                return Response(reply=told_paused(schedule) if schedule.paused else None)
            case "pause":
                await self._store.pause(schedule, f"by {context.event.author.name or 'hand'}", now=now)
                return _privately(context, f"Paused: {said}. `/schedules` lets it go on.")
            case "resume" if due := schedule.recurrence.after(now, schedule.zone):
                await self._store.keep(replace(schedule, paused="", next=due))
                return _privately(context, f"It asks again: {said}.")
            case "delete":
                await self._store.drop(context.workspace, id)
                return _privately(context, f"Deleted: {said}.")
        return _privately(context, "Write `/schedules`, and press what you want to do.")

    async def overview(self, context: Context) -> Sequence[Schedule]:
        """The person's own."""
        found = await self._store.listed(context.thread, context.event.author.id)
        return [one for one in found if one.author.id == context.event.author.id]

    async def stands(self, context: Context, event: MessageReceived) -> bool:
        """Whether a question that was due is still to be asked: nobody deleted or paused its schedule since."""
        schedule = await self._of(event)
        if schedule is None:
            return False
        if event.author.external and not self._policy.external:
            await self._store.pause(schedule, STRANGERS, now=self._clock())
            return False
        if schedule.paused not in {"", REFUSED} and context.turn_handle.ref is None:
            return False
        assert event.due is not None  # noqa: S101 - it has a schedule
        due, turn = event.due.at, context.turn_handle.id
        return await self._store.take(schedule.workspace, schedule.id, due=due, turn=turn)

    async def refused(self, event: MessageReceived, *, code: str) -> None:
        """The place does not take the answer: the schedule rests, and its maker learns it where that can be."""
        schedule = await self._of(event)
        if not schedule or schedule.paused:
            return
        await self._store.pause(schedule, REFUSED, now=self._clock())
        log.warning("schedule paused", extra={"schedule": schedule.id, "code": code})
        if schedule.place.aside:
            await self._inbox.put(_notice(event, schedule))

    async def shown(self, event: MessageReceived) -> None:
        """The place takes answers again."""
        schedule = await self._of(event)
        if schedule and schedule.paused == REFUSED:
            now = self._clock()
            if due := schedule.recurrence.after(now, schedule.zone):
                await self._store.keep(replace(schedule, paused="", next=due))

    async def _of(self, event: MessageReceived) -> Schedule | None:
        if event.due is None:
            return None
        return await self._store.find(f"{event.thread.platform}:{event.thread.workspace}", event.due.schedule)

    def _place(self, context: Context) -> LastingPlace:
        return self._adapters[context.thread.platform].lasting(context.event)


def asks(question: str, catalog: Catalog) -> bool:
    """Whether a text is a question to models and no other command: a schedule changes nothing, and makes no schedules."""
    match parse_message(question, catalog):
        case Ask(text=text):
            return bool(text) and not text.startswith("/")
        case Command(name=name):
            return name in ASKING
    return False


def _notice(event: MessageReceived, schedule: Schedule) -> Event:
    assert schedule.place.aside is not None  # noqa: S101 - the caller has looked
    thread, reply = schedule.place.aside
    return MessageReceived(
        id=f"{event.id}-paused",
        thread=thread,
        author=schedule.author,
        at=event.at,
        reply=reply,
        text=f"/schedules paused {schedule.id}",
        direct=True,
    )


def _privately(context: Context, text: str) -> Response:
    return Response(reply=Reply(text=text, private=not context.direct))
