"""Where to answer: stored in an event when it is received, read back when it is answered."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from adapters.slack.install.installations import Installation
from bot.domain.events import Event, ThreadKey
from bot.domain.schedules import LastingPlace

PLATFORM = "slack"


class Surface(StrEnum):
    """The kind of place that Slack wants the answer in."""

    THREAD = "thread"  # messages in a thread, for everybody there
    COMMAND = "command"  # a slash command: through its response_url, for the asker only
    HOME = "home"  # the App Home page
    GREETING = "greeting"  # suggested prompts in the app's Messages tab


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationReference:
    """One place to answer in. Ids are Slack's, "" where there is none. `ts` is the message to answer."""

    workspace: str
    enterprise: str = ""
    channel: str = ""
    thread: str = ""
    user: str = ""
    user_team: str = ""
    ts: str = ""
    direct: bool = False
    surface: Surface = Surface.THREAD
    response_url: str = ""
    view: str = ""  # what is open, where the question is about it: its kind, channel or id, and message
    ids: str = ""  # of people, channels and groups that stand in the text, separated by spaces
    about: str = ""  # the message that a shortcut was used on
    pressed_in: str = ""  # the channel of the message that was pressed, where it is another

    @classmethod
    def of(cls, event: Event) -> Self:
        known = {key: value for key, value in event.reply.items() if key in cls.__dataclass_fields__}
        surface, direct = Surface(known.pop("surface", Surface.THREAD)), bool(known.pop("direct", ""))
        return cls(workspace=event.thread.workspace, surface=surface, direct=direct, **known)


def reply_fields(
    installation: Installation, *, surface: Surface = Surface.THREAD, direct: bool = False, **parts: str
) -> Mapping[str, str]:
    """The reference as an event stores it. `parts` are fields of `ConversationReference`."""
    known = {
        "enterprise": installation.enterprise,
        "user_team": installation.workspace,
        **parts,
        "direct": "1" if direct else "",
    }
    if surface is not Surface.THREAD:
        known["surface"] = surface.value
    return {key: value for key, value in known.items() if value}


def thread_key(installation: Installation, channel: str, root: str = "") -> ThreadKey:
    return ThreadKey(platform=PLATFORM, workspace=installation.workspace, channel=channel, thread=root)


def command_thread(installation: Installation, channel: str, user: str) -> ThreadKey:
    """One person's slash commands in one channel are a conversation."""
    return thread_key(installation, channel, f"/{user}")


def home_thread(installation: Installation, user: str) -> ThreadKey:
    """A person's App Home is a conversation, so that its buttons are handled in order."""
    return thread_key(installation, "home", user)


def lasting_place(event: Event) -> LastingPlace:
    """Where the bot can post long after the event: a response_url lasts half an hour, a channel and a thread for ever. A
    slash command has no thread, so that is the channel itself.
    """
    reference = ConversationReference.of(event)
    if reference.surface in {Surface.HOME, Surface.GREETING}:
        where = "Type it in a channel or in a direct message, where the answers are to be."
        return LastingPlace(thread=event.thread, obstacle=where)
    user = reference.user or event.author.id
    direct = reference.direct or reference.channel.startswith("D")
    known = {key: event.reply[key] for key in ("enterprise", "user_team") if key in event.reply}
    here = {
        "channel": reference.channel,
        "thread": reference.thread,
        "user": user,
        "direct": "1" if direct else "",
    }
    alone = {"channel": user, "user": user, "direct": "1"}
    threaded = reference.surface is Surface.THREAD
    return LastingPlace(
        thread=event.thread if threaded else replace(event.thread, thread=""),
        reply={**known, **{key: value for key, value in here.items() if value}},
        direct=direct,
        threaded=bool(reference.thread),
        aside=(replace(event.thread, channel=user, thread=""), {**known, **alone}) if user else None,
    )
