"""/model: show what can be picked, pick it, say why it answers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.answers.fallback import Route, route
from bot.context import Scene, Spoken
from bot.conversation.command_parser import scope_of
from bot.domain.catalog import Catalog, Model
from bot.domain.errors import cause_of
from bot.domain.formatting import count, listed, plain
from bot.domain.replies import Action, Button, Choice, Option, Reply, Table
from bot.domain.turns import Turn
from bot.models.pricing import Prices, price_class
from bot.ports import Choices, Condition, Health, Outcome, Scopes, State

WHERE = {
    "thread": "in this thread",
    "me": "for you, here and in other places of this workspace",
    "channel": "for everybody in this channel",
    "workspace": "for everybody in this workspace",
}
SHOWN = 90  # a platform's longest list takes 100


class Picker:
    """Shows and changes which model answers."""

    def __init__(self, *, catalog: Catalog, choices: Choices, health: Health, prices: Prices) -> None:
        self._catalog = catalog
        self._choices = choices
        self._health = health
        self._prices = prices

    async def command(self, scene: Scene, rest: str) -> Spoken:
        """/model, /model NAME, /model why, /model default, each with a scope."""
        wanted, scope = scope_of(rest)
        if not wanted:
            return Spoken(reply=await self.menu(scene, scope))
        if wanted.lower() == "why":
            return Spoken(reply=self._why(scene))
        if wanted.lower() in {"default", "none"}:
            return await self._switch(scene, None, scope)
        model = self._catalog.find(wanted)
        if model is None or not scene.allowed(model):
            return Spoken(reply=self._unknown(scene, wanted, model))
        return await self._switch(scene, model, scope)

    async def pressed(self, scene: Scene, value: str) -> Spoken:
        """A pick from the menu or a suggestion; the value is a scope and a name."""
        scope, _, name = value.partition(" ")
        model = self._catalog.find(name)
        if scope not in WHERE or model is None or not scene.allowed(model):
            return Spoken(reply=self._unknown(scene, name, model))
        return await self._switch(scene, model, scope)

    async def menu(self, scene: Scene, scope: str = "") -> Reply:
        """Everything that can be picked here, with the active one and why it is active."""
        now = route(self._catalog, scene.claim.scopes, scene.allowed)
        models = scene.usable(self._catalog.featured)[:SHOWN]
        where = scope or _default_scope(scene)
        options = await self.options(models, where)
        pick = Choice(
            action=Action.PICK,
            label=f"Pick one {WHERE[where]}",
            options=options,
            selected=f"{where} {now.model.name}",
        )
        more = len(self._catalog.models) - len(self._catalog.featured)
        tail = f"\n{more} more can be picked by name: `/model NAME`." if more > 0 else ""
        return Reply(title="Models", text=f"{active(now)}{tail}", choices=(pick,), private=scene.private)

    async def others(self, scene: Scene, turn: Turn) -> Reply:
        """The models that could answer a turn's question too."""
        models = [one for one in scene.usable(self._catalog.featured) if one.name != turn.model]
        if not models:
            text = "There is no other model to ask here. Whoever runs Switchboard can add one."
            return Reply(text=text, private=scene.private)
        options = await self.options(models[:SHOWN], turn.id)
        pick = Choice(action=Action.ASK, label="Ask another model", options=options)
        return Reply(text="Who should answer it too?", choices=(pick,), private=scene.private)

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

    def _hint(self, model: Model, condition: Condition) -> str:
        """What makes a model different, in a few plain words."""
        parts = [model.description] if model.description else []
        parts += [f"{count(model.context)} context"]
        parts += [word for word, has in (("images", model.vision), ("reasoning", model.reasoning)) if has]
        parts += [price_class(self._prices.price(model))]
        if condition.state is not State.UP:
            since = datetime.fromtimestamp(condition.since, UTC).strftime("%H:%M UTC")
            parts.append(f"{condition.state.value} since {since}: {cause_of(condition.why)}")
        return " · ".join(part for part in parts if part)

    async def _switch(self, scene: Scene, model: Model | None, scope: str) -> Spoken:
        scope = scope or _default_scope(scene)
        if scope == "workspace" and not scene.administers:
            text = "Only people listed under `admins` in `[policy]` can set the model of the whole workspace."
            return Spoken(reply=Reply(text=text, private=scene.private))
        if scope == "thread" and not scene.threaded:
            text = "There is no thread here. Write it inside a thread, or use `--me` or `--channel`."
            return Spoken(reply=Reply(text=text, private=scene.private))
        name = model.name if model else ""
        outcome = Outcome(thread_choice=name) if scope == "thread" else Outcome()
        if scope != "thread":
            await self._choices.choose(scene.workspace, _field(scene, scope), name)
        return Spoken(reply=self._switched(scene, model, scope), outcome=outcome)

    def _switched(self, scene: Scene, model: Model | None, scope: str) -> Reply:
        after = route(self._catalog, _after(scene, scope, model.name if model else ""), scene.allowed)
        if model is None:
            text = f"The choice {WHERE[scope]} is gone. **{plain(after.model.name)}** answers now: {plain(because(after))}."
        else:
            text = f"**{plain(model.name)}** answers {WHERE[scope]} from now on."
            if after.model != model:
                text += f" Here **{plain(after.model.name)}** still answers: {plain(because(after))}."
        if scene.claim.history and model is not None:
            text += " It sees what was said in this conversation."
        replaces = getattr(scene.event, "message", "") if scene.event.kind == "button" else ""
        return Reply(text=text, private=scene.private, replaces=replaces)

    def _why(self, scene: Scene) -> Reply:
        now = route(self._catalog, scene.claim.scopes, scene.allowed)
        rows = tuple(
            ("→" if link.wins else "", link.scope, link.chosen or "nothing", link.objection)
            for link in now.chain
        )
        return Reply(
            text=f"{active(now)} The first line with a choice wins.",
            table=Table(header=("", "where", "chosen", ""), rows=rows),
            private=scene.private,
        )

    def _unknown(self, scene: Scene, wanted: str, model: Model | None) -> Reply:
        near = list(self._catalog.near(wanted, among=scene.usable(self._catalog.models)))
        start = "is not allowed here" if model else "is not a model I know"
        text = f"“{plain(wanted, 60)}” {start}."
        text += f" Did you mean {listed(near)}?" if near else " `/model` shows what can be picked."
        scope = _default_scope(scene)
        buttons = tuple(Button(action=Action.PICK, label=name, value=f"{scope} {name}") for name in near)
        return Reply(text=text, buttons=buttons, private=scene.private)


def active(now: Route) -> str:
    """One sentence: who answers here, and why."""
    return f"**{plain(now.model.name)}** answers here: {plain(because(now))}."


def because(now: Route) -> str:
    """Why this model answers, as plain text without a full stop."""
    says = {
        "this message": "it was named in the message",
        "this thread": "it was picked in this thread",
        "you": "you picked it",
        "this channel": "it was picked for this channel",
        "this workspace": "it is this workspace's default",
        "the default": "it is the default",
    }.get(now.scope, "it is the first model allowed here")
    return f"{says}; {now.objection}" if now.objection else says


def _default_scope(scene: Scene) -> str:
    return "thread" if scene.threaded else "me"


def _field(scene: Scene, scope: str) -> str:
    if scope == "workspace":
        return "default"
    return f"channel:{scene.thread.channel}" if scope == "channel" else f"person:{scene.event.author.id}"


def _after(scene: Scene, scope: str, name: str) -> Scopes:
    field = {"thread": "thread", "me": "person", "channel": "channel", "workspace": "workspace"}[scope]
    return replace(scene.claim.scopes, **{field: name})
