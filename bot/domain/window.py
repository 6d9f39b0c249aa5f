"""Which turns a model's window has room for. Pure."""

from collections.abc import Sequence

AGAIN = 0.55  # of the room is used after the oldest turns have left it: then 81 % of prompts at 8k begin as the last one


def first_shown(sizes: Sequence[tuple[int, int]], room: float) -> int:
    """The index of the oldest turn that is shown with the last one, the question.

    `sizes` are the tokens of each turn's question, and of the whole turn. The conversation is gone through as it went:
    whenever a question did not fit, the oldest turns left in a block, so the next ones found the same beginning.
    """
    first, used = 0, 0
    for at, (asked, whole) in enumerate(sizes):
        if used + asked > room:
            # The newest turn stays wherever it fits: the question is about that one.
            while first < at and used + asked > (room if first == at - 1 else room * AGAIN):
                used -= sizes[first][1]
                first += 1
        used += whole
    return first
