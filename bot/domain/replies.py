"""What Switchboard says besides streamed answers, in terms every platform can show.

Text in a reply is Markdown written by Switchboard. Text from people or models goes through
`bot.domain.formatting.escape_markdown` first, so that it cannot become markup. Adapters render a reply; they
never change what it says.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.confidence import Estimate
from bot.domain.forms import Form


class Action(StrEnum):
    """What can be pressed. The button's value is in brackets; a turn's id unless said otherwise."""

    STOP = "stop"  # [turn] stop the answer that is growing; sinks add it themselves while they stream
    AGAIN = "again"  # [turn] answer the same question again
    OTHER = "other"  # [turn] offer the models that could answer it too
    ASK = "ask"  # [turn and model, separated by a space] let that model answer it too
    GO_ON = "go_on"  # [turn] let the conversation go on from that answer
    CONTINUE = "continue"  # [turn] go on where the answer was cut off
    PICK = "pick"  # [scope and model, separated by a space] use that model from now on
    UNDO = "undo"  # [scope and turn, separated by a space] take back the switch that this turn made
    KEEP = "keep"  # [turn and model] keep one answer of a comparison and continue with it
    RUN = "run"  # [text] handled as if the person had typed it: a starter, a command
    FORM = "form"  # [text] the same, for a command that is answered with a form: it may open at once
    THERE = "there"  # [command and a conversation's digest] a command in another conversation of this person
    APPROVE = "approve"  # [turn, and call of ours] run what the answer wants to run
    DECLINE = "decline"  # [turn, and call of ours] do not
    ALWAYS = "always"  # [turn and call] run it, and this tool in this thread from now on
    WHOLE = "whole"  # [turn, and call of ours] show all arguments of what the answer wants to run
    SIGN_IN = "sign_in"  # [turn, and call of ours] tell me where to sign in
    FILE = "file"  # [turn, and "csv"] the answer as a file, or its tables
    TAKE = "take"  # [a kept file's key] hand me that file
    LEAVE = "leave"  # [a kept file's key] I do not want it
    UP = "up"  # [turn] a good answer
    DOWN = "down"  # [turn] a bad answer


DECIDING = frozenset({Action.APPROVE, Action.DECLINE, Action.ALWAYS, Action.SIGN_IN})
"""What lets a waiting answer go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Something to press. `value` is at most 200 characters."""

    action: Action
    label: str
    value: str = ""
    primary: bool = False
    danger: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One line of a choice. `hint` says what makes it different (capabilities, price class, health). Options of one `group`
    (a vendor) stand together; "" for none.
    """

    value: str
    label: str
    hint: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Pick one of many. Picking sends a `ButtonPressed` with this action and the option's value.

    `search`: there are more than are shown, to be found by typing; it is what their options' values begin with.
    """

    action: Action
    label: str
    options: tuple[Option, ...]
    selected: str = ""
    search: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of plain text under a header row."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What one kind of bar says of each category, in the same order; None where nothing is said of it."""

    name: str
    values: tuple[Estimate | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Shares, as bars with the range in which they may lie. All words are plain text. What it shows stands in the reply's
    table, too, for whoever cannot see it and for places that draw none.
    """

    title: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]

    @property
    def told(self) -> str:
        """What it shows, in words."""
        lines = (
            f"{series.name}: {', '.join(_shares(self.categories, series.values))}." for series in self.series
        )
        return " ".join(lines)


def _shares(categories: Sequence[str], values: Sequence[Estimate | None]) -> Iterator[str]:
    for category, one in zip(categories, values, strict=True):
        if one:
            yield f"{category} {one.value:.0%} ({one.low:.0%} to {one.high:.0%})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of a longer reply, such as one model's answer in a comparison. `text` may be a model's
    Markdown.
    """

    title: str
    text: str
    note: str = ""
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInOffer:
    """A sign-in for one person: by `link` with a browser, or with a token for `resource` that the platform has of this person,
    where that is something. It goes to bot.sign_in_ports.SignInExchange with the `ticket`. One of both works, once.
    """

    link: str = field(repr=False)
    ticket: str = field(repr=False)
    resource: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One thing to say. Shown in this order: title, text, chart, table, sections, choices, form, buttons."""

    text: str
    title: str = ""
    chart: Chart | None = None
    table: Table | None = None
    sections: tuple[Section, ...] = ()
    choices: tuple[Choice, ...] = ()
    buttons: tuple[Button, ...] = ()
    unanswered: bool = False  # a question was asked, and no model answered it
    generated: bool = False  # a model wrote some of it, or is about to
    forgets: bool = False  # what was said before goes, where the messages are Switchboard's own
    private: bool = False  # only the person who asked should see it, where the platform can do that
    announced: bool = False  # it concerns everybody there, also where only the asker reads what is answered
    secret: bool = False  # and where it cannot, it is not shown: costs, what was said
    form: Form | None = None  # to be filled in; where it cannot stand in a message, a button opens it
    sign_in: SignInOffer | None = None  # beside its link, which the text tells
    replaces: str = ""  # id of the bot's own message that this replaces, "" for a new one
