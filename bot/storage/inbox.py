"""Stores events: the one step between a platform's delivery and its acknowledgement."""

import json
import random
import re
import secrets
import time

from bot.domain.claims import Receipt
from bot.domain.command_table import QUICK
from bot.domain.errors import StorageUnavailable
from bot.domain.events import (
    EVENT,
    ButtonPressed,
    Event,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    StopRequested,
)
from bot.domain.replies import Action
from bot.storage.claims import event_place, message_mark
from bot.storage.connection import Database
from bot.storage.encryption import RecordCipher
from bot.storage.keys import Keys, Lifetimes, workspace_of
from bot.storage.scripts import ScriptCall, Scripts, Word

PROBES = 16  # parts of a cluster that are tried at most
TRIES = 20  # places in the mailbox; another is needed when somebody else was quicker
ASKING = frozenset(
    [Action.AGAIN, Action.ALWAYS, Action.APPROVE, Action.ASK, Action.CONTINUE, Action.DECLINE, Action.RUN]
)

STOP = re.compile(r"/?stop[.!]?", re.IGNORECASE)


class RedisInbox:
    """The Inbox on Redis. One round trip per event, or two when another replica's clock is ahead."""

    def __init__(
        self, *, database: Database, keys: Keys, cipher: RecordCipher, scripts: Scripts, lifetimes: Lifetimes
    ) -> None:
        self._database = database
        self._keys = keys
        self._cipher = cipher
        self._scripts = scripts
        self._lifetimes = lifetimes

    async def put(self, event: Event) -> Receipt:
        """Chooses the place in the mailbox itself, as the event is sealed to it before Redis sees it."""
        last = (0, 0)
        for _ in range(TRIES):
            # A failover must not undo what the platform is told is stored.
            (answer,) = await self._database.ask_for_good(self._storing(event, _behind(last)))
            told = answer.decode()
            if not told.startswith("behind "):
                return Receipt(told)
            moment, _, number = told.removeprefix("behind ").partition("-")
            last = int(moment), int(number)
        raise StorageUnavailable("the mailbox takes no more entries")

    async def probe(self) -> None:
        """Goes the whole way of an event, in every part of a cluster, and leaves nothing behind. Raises
        StorageUnavailable where an event could not be stored.
        """
        shards = range(0, self._keys.shards, -(-self._keys.shards // PROBES))
        conversations = [f"{shard:08x}{secrets.token_hex(12)}" for shard in shards]
        place = _behind((0, 0))
        await self._database.ask_for_good(
            *(self._call(one, "probe", "probe", one, "", "", "[]", "", place, "") for one in conversations)
        )

    def _storing(self, event: Event, place: str) -> ScriptCall:
        thread = event.thread
        conversation = thread.digest
        workspace = workspace_of(thread.platform, thread.workspace)
        about = event_place(conversation, place)
        return self._call(
            conversation,
            workspace,
            _mode(event),
            json.dumps([thread.platform, thread.workspace, event.id]),
            # warnings="error": a field of the wrong type could be written, but not read again.
            self._cipher.encrypt(EVENT.dump_json(event, warnings="error"), about=about),
            event.author.id,
            json.dumps([workspace, thread.channel, event.author.id, _lane(event)]),
            event.turn if isinstance(event, StopRequested) else "",
            place,
            message_mark(event),
        )

    def _call(self, conversation: str, workspace: str, mode: str, seen: str, *event: Word) -> ScriptCall:
        """`event`: the sealed event, its author, scopes, turn, place in the mailbox and message, as put.lua has them."""
        keys, lasts = self._keys, self._lifetimes
        shard = keys.shard(conversation)
        own = (
            keys.seen(conversation, seen),
            keys.state(conversation),
            keys.mail(conversation),
            keys.turn(conversation),
            keys.delay(shard),
            keys.index(shard, workspace),
        )
        bounds = (lasts.waiting, lasts.dedupe, lasts.told, lasts.memory)
        words = (keys.publish, mode, conversation, *event, *bounds)
        return self._scripts.call("put", (*keys.line(shard), *own), *words)


def _behind(last: tuple[int, int]) -> str:
    """A place in a mailbox: now, or behind the last entry, with a gap so that two writers rarely choose the same."""
    now = divmod(time.time_ns(), 1_000_000)
    moment, number = now if now > last else (last[0], last[1] + random.randint(1, 1_000_000))  # noqa: S311
    return f"{moment}-{number}"


def _mode(event: Event) -> str:
    match event:
        case StopRequested():
            return "stop"
        case MessageEdited():
            return "change"
        case MessageDeleted():
            return "delete"
        case MessageReceived(addressed=addressed, text=text):
            words = ("stop word", "message") if addressed else ("stop word overheard", "overheard")
            return words[0] if STOP.fullmatch(text.strip()) else words[1]
        case _:
            return "message"


def _lane(event: Event) -> str:
    """What is answered at once must not wait until a person's questions are, so it stands in a line of its own."""
    match event:
        case MessageReceived(addressed=False, others=True):
            return "quick"  # people talk to each other: it is only remembered
        case MessageReceived(text=text):
            return "quick" if text.partition(" ")[0].lower() in QUICK else ""
        case ButtonPressed(action=action):
            return "" if action in ASKING else "quick"
        case _:
            return "quick"
