"""What exists in the fake: workspaces, people, channels, messages, tokens, and the log of calls."""

import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.delivery.pacing import Clock

Json = dict[str, Any]

SCOPES = frozenset(
    [
        "app_mentions:read",
        "assistant:write",
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "mpim:history",
        "mpim:read",
        "reactions:read",
        "reactions:write",
        "usergroups:read",
        "users:read",
    ]
)


class Refused(Exception):
    """An answer with ok false."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.more = more


@dataclass(slots=True, kw_only=True)
class Team:
    """A workspace with the bot in it. `agent`: the app is declared an agent and the plan allows it."""

    id: str
    bot_user: str
    bot_id: str
    enterprise: str = ""
    agent: bool = True
    stop_subscribed: bool = True
    org_wide: bool = False


@dataclass(slots=True, kw_only=True)
class Token:
    """What a bearer token opens. `team` is "" for an app-level token."""

    team: str
    scopes: frozenset[str] = SCOPES
    revoked: bool = False
    expires: float = float("inf")


@dataclass(slots=True, kw_only=True)
class Channel:
    """A place. `kind` is channel, group, im or mpim. `refuses` is what it answers to everything that shows, "" if it does
    not: restricted_action, messages_tab_disabled. People who are `absent` are no members.
    """

    id: str
    team: str
    kind: str = "channel"
    bot_in: bool = True
    archived: bool = False
    user: str = ""  # whose direct message it is
    name: str = ""
    refuses: str = ""
    absent: set[str] = field(default_factory=set)
    messages: dict[str, "Message"] = field(default_factory=dict)
    sessions: dict[str, Json] = field(default_factory=dict)  # thread -> status, title


@dataclass(slots=True, kw_only=True)
class Stream:
    """The streamed part of a message: streaming, stopped, stopped_by_user or expired."""

    began: float
    state: str = "streaming"
    text: str = ""
    tasks: dict[str, Json] = field(default_factory=dict)
    blocks: list[Json] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Message:
    """One message. `unfurls`: links in it may be fetched for a preview. `seen_by`: "" for everybody."""

    ts: str
    channel: str
    user: str
    bot_id: str = ""
    thread_ts: str = ""
    text: str = ""
    markdown: str = ""
    blocks: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    files: list[Json] = field(default_factory=list)
    client_msg_id: str = ""
    unfurls: bool = False
    verbatim: bool = False  # addresses in `text` are not made into links
    edited: str = ""
    seen_by: str = ""
    stream: Stream | None = None
    extra: Json = field(default_factory=dict)  # what else it shows: attachments, subtype, bot_profile, ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to the Web API, a response_url or an upload address, and how it was answered."""

    method: str
    args: Mapping[str, Any]
    team: str
    wire: str  # json, query, form, bytes
    port: int  # the client's
    at: float
    answer: Mapping[str, Any]
    authorization: str = ""


class Slack:
    """The world. `limits`: rate limits are enforced. `seed` makes every choice repeatable."""

    def __init__(self, *, clock: Clock, seed: int = 0, limits: bool = True) -> None:
        self.clock = clock
        self.random = random.Random(seed)  # noqa: S311 - a test's dice
        self.limits = limits
        self.teams: dict[str, Team] = {}
        self.tokens: dict[str, Token] = {}
        self.channels: dict[str, Channel] = {}
        self.people: dict[str, Json] = {}
        self.apps: dict[str, Json] = {}
        self.groups: dict[str, Json] = {}
        self.files: dict[str, Json] = {}
        self.uploads: dict[str, Json] = {}
        self.broken_uploads = False
        self.unattached = ""  # what a message is refused with that is to have files
        self.file_refusals: dict[str, str] = {}  # by name: what an upload is refused with
        self.views: dict[str, Json] = {}
        self.homes: dict[tuple[str, str], Json] = {}
        self.prompts: dict[tuple[str, str], Json] = {}
        self.triggers: dict[str, float] = {}
        self.response_urls: dict[str, Json] = {}
        self.codes: dict[str, Json] = {}
        self.refresh_tokens: dict[str, str] = {}
        self.calls: list[Call] = []
        self.busy = 0  # how often somebody was told to come back later
        self.commercial = (
            False  # sold outside the Marketplace: threads are read slowly, fifteen messages at a time
        )
        self.stream_characters = 12_000
        self.stream_bytes = 11_000
        self.stream_life = 300.0
        self.watchers: list[Callable[[Message], None]] = []
        self._last_ts = 0

    def add_team(self, id: str, *, token: str, **more: Any) -> Team:
        team = Team(id=id, bot_user=f"UBOT{id[1:]}", bot_id=f"BBOT{id[1:]}", **more)
        self.teams[id] = team
        self.tokens[token] = Token(team=id)
        return team

    def add_channel(self, id: str, team: str, **more: Any) -> Channel:
        self.channels[id] = Channel(id=id, team=team, **more)
        return self.channels[id]

    def direct(self, team: str, user: str) -> Channel:
        """The bot's direct messages with a person, opened if need be."""
        for channel in self.channels.values():
            if channel.kind == "im" and channel.user == user and channel.team == team:
                return channel
        return self.add_channel(f"D{user[1:]}", team, kind="im", user=user)

    def add_person(self, id: str, team: str, name: str = "Ada", **more: Any) -> None:
        """`more`: tz, is_restricted, ... as users.info has them."""
        self.people[id] = {"id": id, "team_id": team, "name": name.lower(), "real_name": name} | more

    def next_ts(self) -> str:
        """Unique and increasing, in the clock's time."""
        self._last_ts = max(self._last_ts + 1, int(self.clock.now() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def put(self, message: Message) -> Message:
        self.channels[message.channel].messages[message.ts] = message
        self.changed(message)
        return message

    def changed(self, message: Message) -> None:
        for watch in self.watchers:
            watch(message)

    def trigger(self) -> str:
        """Opens one view, once, within three seconds."""
        id = f"{self.random.randrange(10**12)}.{uuid.UUID(int=self.random.getrandbits(128)).hex}"
        self.triggers[id] = self.clock.now() + 3
        return id

    def thread(self, channel: str, root: str) -> list[Message]:
        """A thread's messages for everybody, oldest first, the root included."""
        return [
            message
            for message in self.channels[channel].messages.values()
            if root in (message.ts, message.thread_ts) and not message.seen_by
        ]

    def channel_of(self, team: str, id: str) -> Channel:
        """The channel as a token of this workspace may use it."""
        channel = self.channels.get(id)
        if channel is None or channel.team != team:
            raise Refused("channel_not_found")
        return channel
