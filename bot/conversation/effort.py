"""/effort: how long models may think, with the scopes of /model."""

from dataclasses import replace

from bot.answers.precedence import select_model
from bot.context import Context, Response
from bot.conversation.command_parser import split_scope
from bot.conversation.scopes import FIELDS, default_scope, objection, stored_as, where
from bot.conversation.switch_costs import thinks
from bot.domain.catalog import Catalog, Entry, Model
from bot.domain.claims import Outcome
from bot.domain.formatting import escape_markdown
from bot.domain.preferences import LEVELS, EffortPreferences
from bot.domain.replies import Action, Button, Reply
from bot.ports import PreferenceStore

OWN = "default"  # what people type to leave it to the model again


class EffortPicker:
    """Shows and changes how long models may think."""

    def __init__(self, *, catalog: Catalog, preferences: PreferenceStore) -> None:
        self._catalog = catalog
        self._preferences = preferences

    async def command(self, context: Context, rest: str) -> Response:
        """/effort, /effort high, /effort default, each with a scope."""
        wanted, scope = split_scope(rest)
        level, here = wanted.casefold(), scope or default_scope(context)
        if level not in {*LEVELS, OWN, "none"}:
            return Response(reply=self._menu(context, here, wanted))
        if refusal := objection(context, here, "the effort"):
            return Response(reply=refusal)
        return await self._switch(context, level if level in LEVELS else "", here)

    async def _switch(self, context: Context, level: str, scope: str) -> Response:
        outcome = Outcome(thread_effort=level) if scope == "thread" else Outcome()
        if scope != "thread":
            await self._preferences.choose(context.workspace, f"effort:{stored_as(context, scope)}", level)
        after = replace(context.claim.preferences.effort, **{FIELDS[scope]: level})
        said = f"The choice {where(context, scope)} is gone."
        if level:
            said = f"Models think with **{level}** effort {where(context, scope)} from now on."
        text = said if after.level == level != "" else f"{said} {self._describe(context, after)}"
        if level and not thinks(model := self._answering(context)):
            text += f" Here {escape_markdown(model.name)} answers, which does not think first."
        return Response(reply=Reply(text=text, private=context.private), outcome=outcome)

    def _menu(self, context: Context, scope: str, unknown: str) -> Reply:
        """What is in force, and what can be chosen."""
        start = f"“{escape_markdown(unknown, 60)}” is no effort. " if unknown else ""
        buttons = tuple(
            Button(action=Action.RUN, label=label, value=f"/effort {level} --{scope}")
            for level, label in (*((level, level.capitalize()) for level in LEVELS), (OWN, "As the model is"))
        )
        text = f"{start}{self._describe(context, context.claim.preferences.effort)} Choose {where(context, scope)}:"
        return Reply(title="Effort", text=text, buttons=buttons, private=context.private)

    def _describe(self, context: Context, effort: EffortPreferences) -> str:
        return describe_effort(self._answering(context), effort, context.capabilities.tenant)

    def _answering(self, context: Context) -> Entry:
        return select_model(self._catalog, context.claim.preferences, context.allowed).model


def describe_effort(model: Entry, effort: EffortPreferences, tenant: str) -> str:
    """One sentence: how long this model thinks, or those that auto chooses, and why. `tenant` is the platform's word for the
    workspace.
    """
    name, own = escape_markdown(model.name), ""
    if isinstance(model, Model):
        own = model.effort
    else:
        name = f"Whoever {name} chooses"
    reasons = (
        (effort.thread, "as was chosen in this thread"),
        (effort.person, "as you chose"),
        (effort.channel, "as was chosen for this channel"),
        (effort.workspace, f"as was chosen for this {tenant}"),
    )
    level, reason = next((pair for pair in reasons if pair[0]), (own, "as it is set up"))
    if not thinks(model):
        return f"{name} does not think before it answers, so effort changes nothing."
    if not level:
        return f"{name} thinks as long as its vendor lets it: nobody chose an effort."
    return f"{name} thinks with **{level}** effort, {reason}."
