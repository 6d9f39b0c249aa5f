"""What a model wants to see again of its own turn while it calls tools: signed thoughts, encrypted reasoning.

A dialect packs its turn into the `carry` of the turn's first call and gets it back in the next rounds of the same answer. It
is bound to the dialect and the model: what another one made, or nobody, is no turn, and the request is made without.
"""

from typing import Any

from bot.domain.catalog import Model
from bot.domain.prompt import CallPart, PromptMessage
from providers.lenient_json import as_json, load_json

MOST = 2_000_000  # characters of a turn that is carried; a larger one is not


def packed(dialect: str, model: Model, turn: Any) -> str:
    """A turn (JSON values) as a `carry`; "" where there is nothing to carry."""
    said = as_json([dialect, model.key, turn]) if turn else ""
    return said if len(said) <= MOST else ""


def unpacked(dialect: str, model: Model, message: PromptMessage) -> Any:
    """What this dialect packed for this model, None for nothing."""
    carry = next((part.carry for part in message.parts if isinstance(part, CallPart)), "")
    try:
        whole = load_json(carry) if carry else None
    except ValueError:
        return None
    match whole:
        case [str(maker), str(key), turn] if (maker, key) == (dialect, model.key):
            return turn
    return None


def calls_in(message: PromptMessage) -> list[CallPart]:
    return [part for part in message.parts if isinstance(part, CallPart)]
