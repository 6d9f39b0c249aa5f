"""The conversation goes on from another answer, where somebody wants that."""

from bot.answers.comparison_words import shown_name
from bot.answers.moving import show_moved
from bot.context import Context, Response
from bot.domain.claims import Outcome
from bot.domain.formatting import clip, escape_markdown
from bot.domain.replies import Reply
from bot.domain.turns import Turn

ALREADY = "The conversation goes on from that answer already."
DONE = "The conversation goes on from **{model}**'s answer to “{question}”{number}. What came after it on the other way stays here, and models do not see it."
ASKED = 60  # characters of the question


async def go_on(context: Context, turn: Turn) -> Outcome:
    """Makes this answer the one that the next question follows."""
    history = context.claim.history
    if history.tree.position(turn.id).current:
        return await context.respond(Response(reply=Reply(text=ALREADY, private=context.private)))
    await history.place(turn.id)
    await history.search(lambda _: history.tree.meets(turn.id))  # all that stands elsewhere then is known
    marks = history.tree.going_on(context.turn_handle.id, context.event.author, turn.id)
    tree = history.tree.grown(marks)
    position = tree.position(turn.id)
    text = DONE.format(
        model=escape_markdown(_name(turn)),
        question=escape_markdown(clip(turn.asked.text, ASKED)),
        number=f" ({position.number}/{position.of})" if position.of > 1 else "",
    )
    outcome = await context.respond(
        Response(reply=Reply(text=text, private=context.private), outcome=Outcome(append=marks, join=True))
    )
    await show_moved(context, tree)
    return outcome


def _name(turn: Turn) -> str:
    """Whose answer it is, as far as anybody may know."""
    return next((shown_name(turn, one) for one in turn.candidates if one.model == turn.model), turn.model)
