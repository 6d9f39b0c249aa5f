"""What a chat platform can do, as far as it changes what people are told."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformCapabilities:
    """How people talk to the bot on one platform, for help texts that name only what works there."""

    mention: str  # how to address it, e.g. "@Switchboard"
    slash: bool  # whether /commands are native
    threads: bool
    private: bool  # whether an answer can be for the asker only
    hands_over: bool = False  # whether people take files later, when they like
    keeps_messages: bool = False  # whether Switchboard stores the messages that people see
    tenant: str = "workspace"  # what all who share one installation belong to
    slash_in_threads: bool = True  # whether /commands work inside threads
    guests_right: str = (
        ""  # the right by which the platform tells guests from members, as its administrators know it
    )
