"""/model: show the models, pick one, and explain why it answers."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.answers.precedence import Allowed, NoModelAvailable, Selection, select_model
from bot.context import Context, Response
from bot.conversation.command_parser import split_scope
from bot.conversation.effort import describe_effort
from bot.conversation.scopes import FIELDS, WHERE, default_scope, objection, stored_as, unseen, where
from bot.domain.catalog import Catalog, Model
from bot.domain.claims import Outcome
from bot.domain.formatting import compact_number, escape_markdown, join_names
from bot.domain.health import ModelHealth
from bot.domain.preferences import ModelPreferences
from bot.domain.replies import Action, Button, Choice, Option, Reply, Table
from bot.domain.turns import Turn
from bot.models.pricing import Prices, price_class
from bot.models.reach import health_words
from bot.ports import Health, PreferenceStore

SHOWN = 90  # a platform's longest list takes 100
FOUND = 25  # of a search: more are not read


class ModelPicker:
    """Shows and changes which model answers."""

    def __init__(
        self, *, catalog: Catalog, preferences: PreferenceStore, health: Health, prices: Prices
    ) -> None:
        self._catalog = catalog
        self._preferences = preferences
        self._health = health
        self._prices = prices

    async def command(self, context: Context, rest: str) -> Response:
        """/model, /model NAME, /model why, /model default, each with a scope."""
        wanted, scope = split_scope(rest)
        if not wanted:
            return Response(reply=await self.menu(context, scope))
        if wanted.lower() == "why":
            return Response(reply=self._why(context))
        if (first := wanted.partition(" "))[0].lower() == "search":
            return Response(reply=await self._search(context, first[2].strip(), scope))
        if wanted.lower() in {"default", "none"}:
            return await self._switch(context, None, scope)
        model = self._catalog.find(wanted)
        if model is None or not context.allowed(model):
            return Response(reply=self._unknown(context, wanted, model))
        return await self._switch(context, model, scope)

    async def pressed(self, context: Context, value: str) -> Response:
        """A pick from the menu or a suggestion; the value is a scope and a name."""
        scope, _, name = value.partition(" ")
        model = self._catalog.find(name)
        if scope not in WHERE or model is None or not context.allowed(model):
            return Response(reply=self._unknown(context, name, model))
        return await self._switch(context, model, scope)

    async def menu(self, context: Context, scope: str = "") -> Reply:
        """All models that can be picked here, with the active one and the reason for it."""
        now = select_model(self._catalog, context.claim.preferences, context.allowed)
        models = context.usable(self._catalog.featured)[:SHOWN]
        here = scope or default_scope(context)
        options = await self.options(models, here)
        pick = Choice(
            action=Action.PICK,
            label=f"Pick one {where(context, here)}",
            options=options,
            selected=f"{here} {now.model.name}",
            search=here if self._more(context) else "",
        )
        more = self._more(context)
        tail = (
            f"\n{more} more can be picked by name: `/model NAME`, and found: `/model search WORD`."
            if more
            else ""
        )
        return Reply(
            title="Models",
            text=f"{describe_active(now, context.capabilities.tenant)}{tail}",
            choices=(pick,),
            private=context.private,
        )

    async def others(self, context: Context, turn: Turn) -> Reply:
        """The other models that could answer a turn's question."""
        models = [one for one in context.usable(self._catalog.featured) if one.name != turn.model]
        if not models:
            text = "There is no other model to ask here. Whoever runs Switchboard can add one."
            return Reply(text=text, private=context.private)
        options = await self.options(models[:SHOWN], turn.id)
        search = turn.id if self._more(context) else ""
        pick = Choice(action=Action.ASK, label="Ask another model", options=options, search=search)
        return Reply(text="Who should answer it too?", choices=(pick,), private=context.private)

    def _more(self, context: Context) -> int:
        """How many models can be picked here and are not shown."""
        return len(context.usable(self._catalog.models)) - len(context.usable(self._catalog.featured)[:SHOWN])

    async def found(self, words: str, prefix: str, allowed: Allowed, limit: int) -> tuple[Option, ...]:
        """Options for the likeliest models that match typed words."""
        models = self._catalog.search(words, among=[one for one in self._catalog.models if allowed(one)])
        return await self.options(models[:limit], prefix)

    async def _search(self, context: Context, words: str, scope: str) -> Reply:
        """/model search WORD: what matches among all that can be picked here."""
        if not words:
            text = "Write what to look for behind it: `/model search WORD`."
            return Reply(text=text, private=context.private)
        usable = context.usable(self._catalog.models)
        models = self._catalog.search(words, among=usable)
        typed = f"“{escape_markdown(words, 60)}”"
        if not models:
            near = list(self._catalog.near(words, among=usable))
            hint = f" Did you mean {join_names(near)}?" if near else " `/model` shows what there is."
            return Reply(
                text=f"None of {len(usable):,} models matches {typed}.{hint}", private=context.private
            )
        here = scope or default_scope(context)
        options = await self.options(models[:FOUND], here)
        some = f" The first {FOUND} are shown: another word finds fewer." if len(models) > FOUND else ""
        verb = "matches" if len(models) == 1 else "match"
        return Reply(
            title="Models",
            text=f"{len(models):,} of {len(usable):,} models {verb} {typed}.{some}",
            choices=(Choice(action=Action.PICK, label=f"Pick one {where(context, here)}", options=options),),
            private=context.private,
        )

    async def options(self, models: Sequence[Model], prefix: str) -> tuple[Option, ...]:
        """One option per model; its value is the prefix and the name."""
        conditions = await self._health.conditions([model.key for model in models])
        return tuple(
            Option(
                value=f"{prefix} {model.name}",
                label=model.name,
                hint=self._hint(model, conditions[model.key]),
            )
            for model in models
        )

    def _hint(self, model: Model, condition: ModelHealth) -> str:
        """What makes a model different, in a few plain words."""
        parts = [model.provider, f"{compact_number(model.context)} context"]
        parts += [word for word, has in (("images", model.vision), ("reasoning", model.reasoning)) if has]
        parts += [price_class(self._prices.price(model))]
        words = health_words(condition, self._catalog.reach(model))
        parts += [words] if words != "up" else []
        parts += [model.description]
        return " · ".join(part for part in parts if part)

    async def _switch(self, context: Context, model: Model | None, scope: str) -> Response:
        scope = scope or default_scope(context)
        if refusal := objection(context, scope, "the model") or unseen(context, scope, model):
            return Response(reply=refusal)
        name = model.name if model else ""
        outcome = Outcome(thread_model=name) if scope == "thread" else Outcome()
        if scope != "thread":
            await self._preferences.choose(context.workspace, stored_as(context, scope), name)
        return Response(reply=self._switched(context, model, scope), outcome=outcome)

    def _switched(self, context: Context, model: Model | None, scope: str) -> Reply:
        after = select_model(
            self._catalog, _after(context, scope, model.name if model else ""), context.allowed
        )
        here, name = where(context, scope), escape_markdown(after.model.name)
        reason = escape_markdown(describe_reason(after, context.capabilities.tenant))
        if model is None:
            text = f"The choice {here} is gone. **{name}** answers now: {reason}."
        else:
            text = f"**{escape_markdown(model.name)}** answers {here} from now on."
            if after.model != model:
                text += f" Here **{name}** still answers: {reason}."
        if context.claim.history.exists and model is not None:
            text += " It sees what was said in this conversation."
        replaces = getattr(context.event, "message", "") if context.event.kind == "button" else ""
        return Reply(text=text, private=context.private, replaces=replaces)

    def _why(self, context: Context) -> Reply:
        now = select_model(self._catalog, context.claim.preferences, context.allowed)
        tenant = context.capabilities.tenant
        rows = tuple(
            (
                "→" if link.wins else "",
                link.scope.replace("workspace", tenant),
                link.chosen or "nothing",
                link.objection,
            )
            for link in now.chain
        )
        return Reply(
            text=f"{describe_active(now, tenant)} The first line with a choice wins. "
            + describe_effort(now.model, context.claim.preferences.effort, tenant),
            table=Table(header=("", "where", "chosen", ""), rows=rows),
            private=context.private,
        )

    def _unknown(self, context: Context, wanted: str, model: Model | None) -> Reply:
        near = list(self._catalog.near(wanted, among=context.usable(self._catalog.models)))
        refused = escape_markdown(model.obstacle, 200) if model else ""
        start = refused or "is not allowed here" if model else "is not a model I know"
        text = f"“{escape_markdown(wanted, 60)}” {start}."
        text += f" Did you mean {join_names(near)}?" if near else " `/model` shows what can be picked."
        scope = default_scope(context)
        buttons = tuple(Button(action=Action.PICK, label=name, value=f"{scope} {name}") for name in near)
        return Reply(text=text, buttons=buttons, private=context.private)


def describe_here(catalog: Catalog, context: Context) -> str:
    """One sentence: the model that answers here, and why; or why there is none."""
    try:
        now = select_model(catalog, context.claim.preferences, context.allowed)
    except NoModelAvailable as none:
        return escape_markdown(str(none), 2_000)
    return describe_active(now, context.capabilities.tenant)


def describe_active(now: Selection, tenant: str) -> str:
    """One sentence: the model that answers here, and why. `tenant` is the platform's word for the workspace."""
    return f"**{escape_markdown(now.model.name)}** answers here: {escape_markdown(describe_reason(now, tenant))}."


def describe_reason(now: Selection, tenant: str) -> str:
    """Why this model answers, as plain text without a full stop."""
    says = {
        "this message": "it was named in the message",
        "this thread": "it was picked in this thread",
        "you": "you picked it",
        "this channel": "it was picked for this channel",
        "this workspace": f"it is this {tenant}'s default",
        "the default": "it is the default",
    }.get(now.scope, "it is the first model allowed here")
    return f"{says}; {now.objection}" if now.objection else says


def _after(context: Context, scope: str, name: str) -> ModelPreferences:
    picked: dict[str, Any] = {FIELDS[scope]: name}
    return replace(context.claim.preferences, **picked)
