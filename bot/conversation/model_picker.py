"""/model: show the models, pick one, and explain why it answers."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.answers.precedence import Allowed, may_pick, pickable, select_model
from bot.context import Context, Response
from bot.conversation.auto_words import describe_auto
from bot.conversation.command_parser import split_scope
from bot.conversation.effort import describe_effort
from bot.conversation.further_choices import further_choices
from bot.conversation.model_options import NO_WORDS, ModelOptions, vendor_of
from bot.conversation.reasons import describe_active, why_not
from bot.conversation.scopes import WHERE, default_scope, where
from bot.conversation.switches import Switches
from bot.conversation.switching import Switching
from bot.domain.catalog import Catalog, Entry, Model
from bot.domain.events import ButtonPressed
from bot.domain.formatting import escape_markdown, join_names
from bot.domain.replies import Action, Button, Choice, Option, Reply, Table
from bot.domain.turns import Turn
from bot.health_ports import Health
from bot.models.pricing import Prices
from bot.picker_ports import ScoreWords
from bot.ports import PreferenceStore, SecretStore

SHOWN = 90  # a platform's longest list takes 100
FOUND = 25  # of a search: more are not read
INSTEAD = 3  # models that are offered in place of one that is not allowed


class Endpoints(Protocol):
    """What the picker asks of the endpoints that were set up, and of those that were not."""

    @property
    def titles(self) -> Mapping[str, str]:
        """What people call them, by provider."""

    def missing(self, name: str) -> str:
        """What has to be set up before a model of that name can be asked, in a sentence; "" where none is known."""


class ModelPicker:
    """Shows and changes which model answers."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        preferences: PreferenceStore,
        health: Health,
        prices: Prices,
        secrets: SecretStore,
        endpoints: Endpoints | None = None,
        scores: ScoreWords | None = None,
        tools: bool = False,
    ) -> None:
        """`tools`: whether any are set up."""
        self._catalog = catalog
        self._endpoints = endpoints
        self._options = ModelOptions(
            catalog=catalog,
            health=health,
            prices=prices,
            titles=endpoints.titles if endpoints else NO_WORDS,
            scores=scores,
        )
        self._switching = Switching(
            catalog=catalog,
            preferences=preferences,
            switches=Switches(secrets),
            options=self._options,
            tools=tools,
        )

    async def command(self, context: Context, rest: str) -> Response:
        """/model, /model NAME, /model why, /model why NAME, /model default, each with a scope."""
        wanted, scope = split_scope(rest)
        if not wanted:
            return Response(reply=await self.menu(context, scope))
        first, _, others = wanted.partition(" ")
        if first.lower() == "why":
            return Response(reply=await self._why(context, others.strip()))
        if first.lower() == "search":
            return Response(reply=await self._search(context, others.strip(), scope))
        if wanted.lower() in {"default", "none"}:
            return await self._switching.switch(context, None, scope)
        model = self._catalog.entry(wanted)
        if model is None or not may_pick(model, self._catalog, context.allowed):
            return Response(reply=self._unknown(context, wanted, model, scope))
        return await self._switching.switch(context, model, scope)

    async def pressed(self, context: Context, event: ButtonPressed) -> Response:
        """A pick from the menu or a suggestion, whose value is a scope and a name; or what takes one back."""
        if event.action is Action.UNDO:
            return await self._switching.undo(context, event.value)
        scope, _, name = event.value.partition(" ")
        model = self._catalog.entry(name)
        if scope not in WHERE or model is None or not may_pick(model, self._catalog, context.allowed):
            return Response(reply=self._unknown(context, name, model, scope if scope in WHERE else ""))
        return await self._switching.switch(context, model, scope)

    async def menu(self, context: Context, scope: str = "") -> Reply:
        """All models that can be picked here, with the active one and the reason for it."""
        now = select_model(self._catalog, context.claim.preferences, context.allowed)
        models = pickable(self._catalog, context.allowed, featured=True)[:SHOWN]
        here = scope or default_scope(context)
        options = await self._options.of(models, here, context.workspace)
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
            choices=(
                pick,
                *further_choices(now.model, context.claim.preferences, here, where(context, here)),
            ),
            private=context.private,
        )

    async def others(self, context: Context, turn: Turn) -> Reply:
        """The other models that could answer a turn's question."""
        entries = pickable(self._catalog, context.allowed, featured=True)
        models = [one for one in entries if one.name != turn.model]
        if not models:
            text = "There is no other model to ask here. Whoever runs Switchboard can add one."
            return Reply(text=text, private=context.private)
        options = await self._options.of(models[:SHOWN], turn.id, context.workspace)
        search = turn.id if self._more(context) else ""
        pick = Choice(action=Action.ASK, label="Ask another model", options=options, search=search)
        return Reply(text="Who should answer it too?", choices=(pick,), private=context.private)

    def _more(self, context: Context) -> int:
        """How many models can be picked here and are not shown."""
        shown = pickable(self._catalog, context.allowed, featured=True)[:SHOWN]
        return len(pickable(self._catalog, context.allowed)) - len(shown)

    async def found(
        self, words: str, prefix: str, allowed: Allowed, limit: int, workspace: str
    ) -> tuple[Option, ...]:
        """Options for the likeliest models that match typed words."""
        return await self._options.found(words, prefix, allowed, limit, workspace)

    async def _search(self, context: Context, words: str, scope: str) -> Reply:
        """/model search WORD: what matches among all that can be picked here."""
        if not words:
            text = "Write what to look for behind it: `/model search WORD`."
            return Reply(text=text, private=context.private)
        usable = pickable(self._catalog, context.allowed)
        models = self._catalog.search(words, among=usable)
        typed = f"“{escape_markdown(words, 60)}”"
        if not models:
            near = list(self._catalog.near(words, among=usable))
            hint = f" Did you mean {join_names(near)}?" if near else " `/model` shows what there is."
            return Reply(
                text=f"None of {len(usable):,} models matches {typed}.{hint}", private=context.private
            )
        here = scope or default_scope(context)
        options = await self._options.of(models[:FOUND], here, context.workspace)
        some = f" The first {FOUND} are shown: another word finds fewer." if len(models) > FOUND else ""
        verb = "matches" if len(models) == 1 else "match"
        return Reply(
            title="Models",
            text=f"{len(models):,} of {len(usable):,} models {verb} {typed}.{some}",
            choices=(Choice(action=Action.PICK, label=f"Pick one {where(context, here)}", options=options),),
            private=context.private,
        )

    async def options(self, models: Sequence[Entry], prefix: str, workspace: str) -> tuple[Option, ...]:
        """One option per model, and for auto; its value is the prefix and the name."""
        return await self._options.of(models, prefix, workspace)

    async def _why(self, context: Context, about: str) -> Reply:
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
        model = self._catalog.entry(about) if about else now.model
        if model is None:
            return self._unknown(context, about, None)
        said = [describe_active(now, tenant)]
        if model != now.model:
            usable = may_pick(model, self._catalog, context.allowed)
            said.insert(0, why_not(model, now, self._catalog, tenant, allowed=usable))
        said.append(await self._switching.doubts(context, model))
        if model == now.model:
            effort = describe_effort(model, context.claim.preferences.effort, tenant)
            said += ["The first line with a choice wins.", effort]
        if not isinstance(model, Model):
            said.append(await describe_auto(context))
        return Reply(
            text=" ".join(filter(None, said)),
            table=Table(header=("", "where", "chosen", ""), rows=rows),
            private=context.private,
        )

    def _unknown(self, context: Context, wanted: str, model: Entry | None, scope: str = "") -> Reply:
        usable = pickable(self._catalog, context.allowed)
        near = list(self._catalog.near(wanted, among=usable))
        if model and not near:  # the same vendor's, or what is shown first
            alike = [one.name for one in usable if vendor_of(one) == vendor_of(model)]
            near = (alike or [one.name for one in context.usable(self._catalog.featured)])[:INSTEAD]
        refused = escape_markdown(model.obstacle, 200) if isinstance(model, Model) else ""
        start = (refused or "is not allowed here") if model else "is not a model I know"
        missing = self._endpoints.missing(wanted) if self._endpoints and not model else ""
        said = [f"“{escape_markdown(wanted, 60)}” {start}.", escape_markdown(missing, 300)]
        asks = "Pick one that is:" if model else "Did you mean"
        said.append(
            f"{asks} {join_names(near)}{'.' if model else '?'}"
            if near
            else "`/model` shows what can be picked."
        )
        scope = scope or default_scope(context)
        buttons = tuple(Button(action=Action.PICK, label=name, value=f"{scope} {name}") for name in near)
        return Reply(text=" ".join(filter(None, said)), buttons=buttons, private=context.private)
