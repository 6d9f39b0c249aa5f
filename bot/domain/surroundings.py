"""What a platform tells about a message when it is handled, besides what the event carries."""

from dataclasses import dataclass

from bot.domain.turns import ChatMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """A message with what stands around it.

    `said` is the message with the names of people, channels and groups in place of their ids, its author's name, and
    its files as they really are. `before` is what others said before it and was not delivered, oldest first; where
    some of that is left out, one without an author says so in its text. `place` is in plain words: "the channel
    #incidents", "" where it is not known. `time_zone` is the author's, an IANA name, "" where it is not known.
    `obstacle` is why the question cannot be answered, in a sentence for the person who asked: what they ask about
    cannot be read. `known`: the platform told who the author is; not where it was asked and did not answer.
    """

    said: ChatMessage
    before: tuple[ChatMessage, ...] = ()
    place: str = ""
    time_zone: str = ""
    obstacle: str = ""
    known: bool = True
