"""The data of the bot's buttons in Teams: written when shown, read back when pressed. Pure."""

from dataclasses import dataclass
from typing import Any

from bot.domain.replies import Action

ACTION = "sb_action"
VALUE = "sb_value"
DATASET = "models"  # of a list that finds: behind it, and a blank, is what its options' values begin with
INPUT = "sb_input"  # the card's input that holds the value instead
KEY = "sb_file"  # of a file that somebody lets into their OneDrive, or does not
PRIVATE = "sb_private"  # whether only one person sees the card


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSubmission:
    """The data of a pressed button, in whichever form Teams sent it."""

    action: Action
    value: str
    private: bool


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
