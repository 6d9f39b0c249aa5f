"""What our buttons in Teams carry: written where they are shown, read back where they are pressed. Pure."""

from dataclasses import dataclass
from typing import Any

from bot.domain.replies import Action

ACTION = "sb_action"
VALUE = "sb_value"
INPUT = "sb_input"  # the input of the card that holds the value instead
PRIVATE = "sb_private"  # whether the card is seen by one person only


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSubmission:
    """What a button of ours carried, however it came back."""

    action: Action
    value: str
    private: bool


def read_submission(data: Any) -> CardSubmission | None:
    """What our button carried; inputs of the card are merged into the same object."""
    if not isinstance(data, dict) or data.get(ACTION) not in list(Action):
        return None
    value = data.get(str(data[INPUT])) if INPUT in data else data.get(VALUE, "")
    if not isinstance(value, str) or (INPUT in data and not value):
        return None
    return CardSubmission(action=Action(data[ACTION]), value=value[:200], private=data.get(PRIVATE) is True)
