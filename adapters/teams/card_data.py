"""The data of the bot's buttons in Teams: written when shown, read back when pressed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.replies import Action

ACTION = "sb_action"
VALUE = "sb_value"
DATASET = "models"  # of a list that finds: behind it, and a blank, is what its options' values begin with
INPUT = "sb_input"  # the card's input that holds the value instead
KEY = "sb_file"  # of a file that somebody lets into their OneDrive, or does not
FORM = "sb_form"  # the id of the form that a card shows
LINE, SOME = (
    "sb_line_",
    "sb_some_",
)  # before the ids of its fields; of several options, Teams joins those picked
PRIVATE = "sb_private"  # whether only one person sees the card

LONGEST, MOST = 10_000, 40  # characters of a value, and how many there are in a form


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSubmission:
    """The data of a pressed button, in whichever form Teams sent it."""

    action: Action
    value: str
    private: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CardForm:
    """A form that was filled into a card."""

    form: str
    values: Mapping[str, str]
    private: bool


def read_form(data: Any) -> CardForm | None:
    """What was filled in; None for what is no form."""
    if not isinstance(data, dict) or not isinstance(data.get(FORM), str):
        return None
    told = [(name, text[:LONGEST]) for name, text in data.items() if isinstance(text, str)][:MOST]
    values = {name.removeprefix(LINE): text for name, text in told if name.startswith(LINE)}
    values |= {
        name.removeprefix(SOME): text.replace(",", "\n") for name, text in told if name.startswith(SOME)
    }
    return CardForm(form=data[FORM][:200], values=values, private=data.get(PRIVATE) is True)


def is_unchosen(data: Any) -> bool:
    """Whether a button of the bot's was pressed before anything was chosen: then the input is absent, or empty."""
    if not isinstance(data, dict) or data.get(ACTION) not in list(Action):
        return False
    return isinstance(data.get(INPUT), str) and not data.get(data[INPUT])


def read_submission(data: Any) -> CardSubmission | None:
    """Reads a button's data. Teams merges the card's inputs into the same object."""
    if not isinstance(data, dict) or data.get(ACTION) not in list(Action):
        return None
    value = data.get(str(data[INPUT])) if INPUT in data else data.get(VALUE, "")
    if not isinstance(value, str) or (INPUT in data and not value):
        return None
    return CardSubmission(action=Action(data[ACTION]), value=value[:200], private=data.get(PRIVATE) is True)
