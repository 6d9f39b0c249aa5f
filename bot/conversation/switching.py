"""Switching the model, and taking it back: who did it, where it counts, and what the conversation loses."""

from dataclasses import replace
from typing import Any

from bot.answers.precedence import NoModelAvailable, Selection, select_model
from bot.context import Context, Response
from bot.conversation.model_options import ModelOptions
from bot.conversation.reasons import Doubts, describe_reason, does
from bot.conversation.scopes import FIELDS, default_scope, objection, stored_as, unseen, where
from bot.conversation.switch_costs import Habits, enough_to_count, switch_costs
from bot.conversation.switches import Switches, chosen_at
from bot.domain.catalog import Catalog, Entry, Model
from bot.domain.claims import Outcome
from bot.domain.formatting import clip, escape_markdown
from bot.domain.preferences import ON
from bot.domain.replies import Action, Button, Reply
from bot.ports import PreferenceStore

ONLY = "Only whoever switched, or an administrator, can take it back."
SINCE = "That was changed again since, so there is nothing to take back. "


class Switching:
    """`tools`: whether whoever runs Switchboard has set up any."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        preferences: PreferenceStore,
        switches: Switches,
        options: ModelOptions,
        tools: bool,
    ) -> None:
        self._catalog = catalog
        self._preferences = preferences
        self._switches = switches
        self._options = options
        self._tools = tools

    async def switch(self, context: Context, model: Entry | None, scope: str) -> Response:
        """Makes a model answer at a scope; None clears the choice there."""
        scope = scope or default_scope(context)
        if refusal := objection(context, scope, "the model") or unseen(context, scope, model):
            return Response(reply=refusal)
        made = await self._switches.note(context, scope, model.name if model else "")
        outcome = await self._choose(context, scope, made.name)
        before, after = (self._selected(context, scope, name) for name in (made.before, made.name))
        here = where(context, scope)
        if model is None:
            text = f"the choice {here} is gone."
            text += f" **{escape_markdown(after.model.name)}** {does(after.model)} now: {self._reason(context, after)}."
        else:
            text = f"**{escape_markdown(model.name)}** {does(model)} {here} from now on."
            if after.model != model:
                still = escape_markdown(after.model.name)
                text += f" Here **{still}** still {does(after.model)}: {self._reason(context, after)}."
        costs = await self._costs(context, before.model, after.model)
        undo = Button(action=Action.UNDO, label="Undo", value=f"{scope} {made.turn}")
        reply = self._said(context, scope, f"{_who(context, scope, 'switched: ')}{text}{costs}")
        offered = (undo,) if made.before != made.name else ()
        return Response(reply=replace(reply, buttons=offered), outcome=outcome)

    async def undo(self, context: Context, value: str) -> Response:
        """Takes a switch back, while it is still the last one there."""
        scope, _, turn = value.partition(" ")
        made = await self._switches.last(context, scope) if scope in FIELDS else None
        again = made is not None and made.turn == context.turn_handle.id  # by an earlier attempt
        if made is None or not (again or (made.turn == turn and chosen_at(context, scope) == made.name)):
            return Response(reply=self._refused(context, SINCE + self._active(context)))
        if not (again or made.made_by(context.event.author.id) or context.administers):
            return Response(reply=self._refused(context, ONLY))
        if not again and (refusal := objection(context, scope, "the model")):
            return Response(reply=refusal)
        back = made if again else await self._switches.note(context, scope, made.before)
        outcome = await self._choose(context, scope, back.name)
        after = self._selected(context, scope, back.name)
        text = f"{_who(context, scope, 'took the switch back: ')}**{escape_markdown(after.model.name)}** {does(after.model)} here again:"
        return Response(
            reply=self._said(context, scope, f"{text} {self._reason(context, after)}."), outcome=outcome
        )

    async def _choose(self, context: Context, scope: str, name: str) -> Outcome:
        if scope == "thread":
            return Outcome(thread_model=name)
        await self._preferences.choose(context.workspace, stored_as(context, scope), name)
        return Outcome()

    def _selected(self, context: Context, scope: str, name: str) -> Selection:
        """Who answers here with this choice at that scope."""
        picked: dict[str, Any] = {FIELDS[scope]: name}
        preferences = replace(context.claim.preferences, **picked)
        return select_model(self._catalog, preferences, context.allowed)

    def _reason(self, context: Context, now: Selection) -> str:
        return escape_markdown(describe_reason(now, context.capabilities.tenant), 400)

    def _active(self, context: Context) -> str:
        try:
            now = select_model(self._catalog, context.claim.preferences, context.allowed)
        except NoModelAvailable as none:
            return escape_markdown(str(none), 2_000)
        return (
            f"**{escape_markdown(now.model.name)}** {does(now.model)} here now: {self._reason(context, now)}."
        )

    async def _costs(self, context: Context, before: Entry, after: Entry) -> str:
        """What this conversation loses, or that it loses nothing; and what keeps the model from answering."""
        said: list[str] = []
        if context.claim.history.exists and not (isinstance(before, Model) and isinstance(after, Model)):
            said.append("Whoever it chooses sees what was said in this conversation.")
        elif (
            isinstance(before, Model)
            and isinstance(after, Model)
            and before != after
            and context.claim.history.exists
        ):
            history = context.claim.history
            turns = await history.reach(lambda newest: enough_to_count(newest, before, after))
            preferences = context.claim.preferences
            habits = Habits(
                effort=preferences.effort.level,
                tools=self._tools,
                searches=preferences.search.chosen == ON,
                system=context.policy.system,
            )
            said += switch_costs(before, after, turns, habits, complete=history.complete)
            said = said or ["It sees what was said in this conversation."]
        said.append(await self.doubts(context, after))
        return "".join(f" {one}" for one in said if one)

    async def doubts(self, context: Context, model: Entry) -> str:
        """What else may keep a model from answering here, in a sentence; "" for nothing."""
        if not isinstance(model, Model):
            return ""
        substitutes = [one.name for one in self._catalog.fallbacks(model) if context.allowed(one)]
        condition = await self._options.condition(model)
        return Doubts(condition=condition, reach=self._catalog.reach(model), substitutes=substitutes).said()

    def _said(self, context: Context, scope: str, text: str) -> Reply:
        """To everybody whom it concerns where it was typed or pressed, and to nobody else."""
        own = scope == "me" and not context.direct
        replaces = getattr(context.event, "message", "") if context.event.kind == "button" else ""
        return Reply(
            text=text[:1].upper() + text[1:],
            private=own,
            announced=not own and context.private and not context.direct,
            replaces=replaces,
        )

    def _refused(self, context: Context, text: str) -> Reply:
        return Reply(text=text, private=not context.direct)


def _who(context: Context, scope: str, does: str) -> str:
    """Who did it, where others read that and the message that did it does not stand above."""
    name = escape_markdown(clip(context.event.author.name, 60))
    return f"{name} {does}" if name and scope != "me" and not context.direct else ""
