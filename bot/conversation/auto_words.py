"""What is said of auto's choices."""

from bot.answers.auto_decision import AS_BEFORE, RATED, TRIED
from bot.context import Context
from bot.domain.formatting import escape_markdown
from bot.domain.turns import since_reset

RULE = (
    "For each question it passes over who cannot do what is needed (pictures, a search, tools, length, price) or is down, "
    "stays with whom this conversation had in the last hour, and else goes by the scoreboard and the order of the list."
)
REASONS = {
    "": "it is the first that can",
    AS_BEFORE: "it answered here before",
    TRIED: "now and then another one is tried",
    RATED: "people here like its answers to such questions best",
    "pictures": "there are pictures to be seen",
    "search": "it can search the web",
    "tools": "it can use the tools here",
    "another": "you wanted another one",
    "long": "it has room for all of it",
    "price": "others cost too much",
    "code": "it is asked about code",
}


async def describe_auto(context: Context) -> str:
    """How auto chooses, and whom it chose for the last question."""
    turns = since_reset(await context.claim.history.reach(lambda turns: any(turn.auto for turn in turns)))
    choice = next((turn.auto for turn in reversed(turns) if turn.auto), None)
    if choice is None:
        return RULE
    reason = REASONS.get(choice.why, escape_markdown(choice.why))
    return f"{RULE} Here it chose **{escape_markdown(choice.model)}** last: {reason}."
