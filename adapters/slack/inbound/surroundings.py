"""What stands around a message in Slack: names for ids, what was said before, what is in view, files as they really are.

Everything here costs calls to Slack, so it is asked when a message is handled and not when it arrives; several at once,
and names are kept. What cannot be read is left as it is, or said.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from adapters.slack.conversation_reference import ConversationReference
from adapters.slack.inbound.content.files import file_from
from adapters.slack.inbound.content.message import author_of, read_message
from adapters.slack.inbound.history import ReadMessage, channel_before, one_message, thread_before, unread
from adapters.slack.inbound.names import Directory, NamedThing, name_ids
from adapters.slack.install.installations import Installation
from adapters.slack.web_api import WebApi
from adapters.slack.web_errors import ABSENT
from bot.domain.errors import PlatformError
from bot.domain.events import Author, Event, File, MessageReceived, Quotation
from bot.domain.surroundings import Surroundings
from bot.domain.turns import ChatMessage

PATIENCE = 10.0  # seconds, for what was said before or is in view
ASKED = 10  # files that files.info is asked about for one question
PLACES = {
    "channel": "the channel #{name}",
    "private": "the private channel #{name}",
    "group": "a group direct message",
    "direct": "a direct message",
}
NOTHING_OPEN = "I do not see which channel you mean. Open it beside this chat and ask again, or mention me in the channel itself."
CLOSED = "I am not in {name}, so I cannot read it. Type `/invite @Switchboard` there and ask again."
SLOW = "Slack does not answer just now, so I cannot read it. Ask again in a moment."
LEFT = "Whose question this is has left the workspace, so it is not asked."
UNREADABLE = "I cannot read {what}. Paste what it says, or ask where I can see it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was read before the question, or why it could not be."""

    before: Sequence[ReadMessage] = ()
    files: tuple[File, ...] = ()
    obstacle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurroundingsReader:
    """Reads with one workspace's token."""

    web_api: WebApi
    installation: Installation
    directory: Directory

    async def read(self, event: Event, said: ChatMessage, *, after: float | None) -> Surroundings:
        """As `bot.ports.Adapter.surroundings`."""
        reference = ConversationReference.of(event)
        ids = reference.ids.split()
        if isinstance(event, MessageReceived):
            seen = await self._seen(reference, after)  # first: where calls are scarce, it tells more
            said, more = await self._whole(event, reference, said)
            ids += more
        else:
            seen = Seen()
        wanted = [
            said.author.id,
            reference.channel,
            *ids,
            *(one.bot or one.said.author.id for one in seen.before),
        ]
        wanted += [id for one in seen.before for id in one.ids]
        known = await self.directory.look_up(wanted)
        said = replace(said, files=(*said.files, *seen.files))
        told = await self._told([said, *(one.said for one in reversed(seen.before))])
        return Surroundings(
            said=_named(said, ids, known, told),
            before=tuple(_named(one.said, one.ids, known, told, bot=one.bot) for one in seen.before),
            place=_place(known.get(reference.channel, NamedThing()), direct=reference.direct),
            time_zone=known.get(said.author.id, NamedThing()).time_zone,
            obstacle=LEFT if known.get(said.author.id, NamedThing()).left else seen.obstacle,
            known=bool(known.get(said.author.id, NamedThing()).name) or said.author.app,
        )

    async def _whole(
        self, event: MessageReceived, reference: ConversationReference, said: ChatMessage
    ) -> tuple[ChatMessage, list[str]]:
        """The message with what its event may lack: a mention comes without files where the app hears nothing else; and the
        message that a shortcut was used on.
        """
        lacking = event.gaps and event.message and not said.files
        if lacking and (message := await self._reread(reference.channel, event.message)):
            content = read_message(message, self.installation)
            return replace(said, files=content.files, quotes=said.quotes or content.quotes), list(content.ids)
        if reference.about and (message := await self._reread(reference.channel, reference.about)):
            content = read_message(message, self.installation)
            author = author_of(message)
            name = author.name or (await self.directory.one(author.id)).name
            quote = Quotation(text=content.text, source=name or "a message")
            return replace(said, quotes=(quote, *content.quotes), files=content.files), list(content.ids)
        return said, []

    async def _reread(self, channel: str, ts: str) -> Mapping[str, object] | None:
        try:
            return await one_message(self.web_api, channel=channel, ts=ts)
        except PlatformError:
            return None

    async def _seen(self, reference: ConversationReference, after: float | None) -> Seen:
        """What was read in time: nobody waits long for it, and nothing is invented in its place."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await (self._view(reference) if reference.view else self._thread(reference, after))
        except TimeoutError:
            return Seen(obstacle=SLOW) if reference.view else Seen(before=[unread()])

    async def _thread(self, reference: ConversationReference, after: float | None) -> Seen:
        if after is None or not reference.thread:
            return Seen()
        before = await thread_before(
            self.web_api,
            self.installation,
            channel=reference.channel,
            thread=reference.thread,
            ts=reference.ts,
            after=after,
        )
        return Seen(before=before)

    async def _view(self, reference: ConversationReference) -> Seen:
        """What the person has open and asks about."""
        kind, _, where = reference.view.partition(" ")
        channel, _, ts = where.partition(" ")
        try:
            match kind:
                case "channel":
                    return Seen(before=await channel_before(self.web_api, self.installation, channel=channel))
                case "message":
                    return await self._message(channel, ts)
                case "canvas":
                    answer = await self.web_api.must("files.info", file=channel)
                    return Seen(files=(file_from(answer["file"], self.installation),))
                case "list":
                    return Seen(obstacle=UNREADABLE.format(what="lists"))
        except PlatformError as error:
            if kind == "channel" and error.code not in ABSENT:
                return Seen(obstacle=UNREADABLE.format(what="this channel"))
            if kind == "canvas":
                return Seen(obstacle=UNREADABLE.format(what="this canvas"))
            name = (await self.directory.one(channel)).name
            return Seen(obstacle=CLOSED.format(name=f"#{name}" if name else "that channel"))
        return Seen(obstacle=NOTHING_OPEN)

    async def _message(self, channel: str, ts: str) -> Seen:
        """The message in view with its thread."""
        message = await one_message(self.web_api, channel=channel, ts=ts)
        if message is None:
            return Seen(obstacle=UNREADABLE.format(what="this message"))
        thread = str(message.get("thread_ts") or ts)
        found = await thread_before(
            self.web_api, self.installation, channel=channel, thread=thread, ts="9999999999.0", after=0.0
        )
        return Seen(before=found)

    async def _told(self, sayings: Sequence[ChatMessage]) -> Mapping[str, File]:
        """Files as files.info knows them, where an event does not: the first of what was said, by id."""
        unsure = [file.id for said in sayings for file in said.files if file.source.get("ask")][:ASKED]
        async with asyncio.TaskGroup() as group:
            asked = {id: group.create_task(self._info(id)) for id in unsure}
        return {id: file for id, task in asked.items() if (file := task.result())}

    async def _info(self, id: str) -> File | None:
        try:
            answer = await self.web_api.may("files.info", file=id)
        except PlatformError:
            return None
        file = (answer or {}).get("file")
        return file_from(file, self.installation) if isinstance(file, Mapping) and file.get("id") else None


def _named(
    said: ChatMessage,
    ids: Sequence[str],
    known: Mapping[str, NamedThing],
    told: Mapping[str, File],
    *,
    bot: str = "",
) -> ChatMessage:
    """With names for ids, and files as Slack told of them."""
    person = known.get(bot or said.author.id, NamedThing())
    author = replace(said.author, name=said.author.name or person.name, guest=person.guest)
    quotes = tuple(
        replace(quote, text=name_ids(quote.text, ids, known), source=name_ids(quote.source, ids, known))
        for quote in said.quotes
    )
    return replace(
        said,
        author=author if said.author.id else Author(id=""),
        text=name_ids(said.text, ids, known),
        quotes=quotes,
        files=tuple(told.get(file.id, file) for file in said.files),
    )


def _place(channel: NamedThing, *, direct: bool) -> str:
    kind = "direct" if direct else channel.kind
    if kind in ("channel", "private") and not channel.name:
        return ""
    return PLACES[kind].format(name=channel.name) if kind in PLACES else ""
