"""What a Stop names."""

from bot.turn_ports import TurnHandle


def stop_value(turn_handle: TurnHandle) -> str:
    """The id of the turn: of several answers side by side, Stop ends all."""
    return turn_handle.column.turn if turn_handle.column else turn_handle.id
