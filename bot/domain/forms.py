"""Forms: what people fill in, in terms every platform can show. Labels and hints are Switchboard's words, as plain text; values
are anybody's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum


class FieldKind(StrEnum):
    """How something is filled in."""

    LINE = "line"  # a line of text
    TEXT = "text"  # several lines of text
    ONE = "one"  # one of the options
    SOME = "some"  # any of the options; the value has one in each line


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldOption:
    """One of several. `hint` says what makes it different."""

    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """`longest` is in characters, 3,000 at most. `fault`: what is wrong with the value."""

    id: str
    label: str
    kind: FieldKind = FieldKind.LINE
    value: str = ""
    hint: str = ""
    options: tuple[FieldOption, ...] = ()
    longest: int = 3_000
    required: bool = False
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What is filled in comes back as bot.domain.events.FormFilled with the form's `id`. `opens` is the text of a button that
    opens it where it cannot stand in a message; `typed` says how to do without it, in Markdown.
    """

    id: str
    title: str
    submit: str
    fields: tuple[FormField, ...]
    opens: str
    typed: str = ""

    def filled(self, values: Mapping[str, str], faults: Mapping[str, str]) -> "Form":
        """The same with what somebody typed, and what is wrong with it."""
        fields = tuple(
            replace(one, value=values.get(one.id, one.value), fault=faults.get(one.id, ""))
            for one in self.fields
        )
        return replace(self, fields=fields)
