"""What a message's HTML says, as values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedReply:
    """An earlier message that this one quotes. `id` is the message's, `author` the account's that wrote it."""

    text: str
    id: str = ""
    author: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastedPicture:
    """A picture among the words. `hosted` is its id among the message's hosted contents, "" where none is told."""

    address: str
    name: str = ""
    hosted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlWords:
    """What HTML says. `text` is Markdown; `words` are its author's own without any mark, `shown` all that stand in it.

    `structured`: the marks say something too. `others`: it mentions somebody who is not the bot.
    """

    text: str = ""
    words: str = ""
    shown: str = ""
    structured: bool = False
    quoted: tuple[QuotedReply, ...] = ()
    pictures: tuple[PastedPicture, ...] = ()
    others: bool = False
