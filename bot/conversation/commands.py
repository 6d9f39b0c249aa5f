"""What people can type besides questions: one line of the table per command."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.answers.fallback import route
from bot.context import Scene, Spoken
from bot.conversation.model_picker import Picker, active, because
from bot.domain.catalog import Catalog, Model
from bot.domain.events import Author, ThreadKey
from bot.domain.formatting import clip, count, money, plain
from bot.domain.prompt import RESET, since_reset, tokens
from bot.domain.replies import Action, Button, Option, Reply, Table
from bot.domain.timeline import Standing
from bot.domain.turns import Said, Turn
from bot.policy import allowed
from bot.ports import Choices, Ledger, Outcome, Spend
from bot.settings.config_file import Policy

Handler = Callable[[Scene, str], Awaitable[Spoken]]

STARTERS = (
    "Explain what a vector clock is, with an example",
    "Write a polite reply that says no to a meeting",
    "Make a table that compares three ways to cache in Redis",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the help: what to type and what happens."""

    typed: str
    does: str


HELP = (
    Line(typed="model", does="pick the model that answers; `model why` says why it is this one"),
    Line(typed="model NAME", does="switch; add `--thread`, `--me` or `--channel` to say where"),
    Line(typed="ask NAME question", does="one answer by that model; the choice stays as it is"),
    Line(typed="compare NAME NAME: question", does="two to four answers side by side"),
    Line(typed="reset", does="start over: the model forgets what was said so far"),
    Line(typed="memory", does="what the model sees now"),
    Line(typed="forget", does="erase this conversation's memory for good"),
    Line(typed="usage", does="what you used today and this month"),
)


class Commands:
    """Everything but questions and comparisons. `table` maps a command's name to what handles it."""

    def __init__(
        self, *, catalog: Catalog, picker: Picker, ledger: Ledger, choices: Choices, policy: Policy
    ) -> None:
        self._catalog = catalog
        self._picker = picker
        self._choices = choices
        self._policy = policy
        self._ledger = ledger
        self.table: Mapping[str, Handler] = {
            "model": picker.command,
            "reset": self._reset,
            "memory": self._memory,
            "forget": self._forget,
            "usage": self._usage,
            "help": self._help,
        }

    async def _reset(self, scene: Scene, rest: str) -> Spoken:
        if not since_reset(scene.claim.history):
            return Spoken(
                reply=Reply(text="Nothing to reset: this conversation is new.", private=scene.private)
            )
        mark = Turn(id=scene.hand.id, asked=Said(author=scene.event.author, text=""), reason=RESET)
        reply = Reply(
            text="Started over. The model sees nothing of what was said before.", private=scene.private
        )
        return Spoken(reply=reply, outcome=Outcome(append=(mark,)))

    async def _forget(self, scene: Scene, rest: str) -> Spoken:
        turns = [turn for turn in scene.claim.history if turn.reason != RESET]
        text = "Nothing to erase: nothing of this conversation is kept."
        if turns:
            text = (
                f"Erased {_number(len(turns), 'question')} with the answers from memory. It cannot be undone."
            )
            text += " Messages you see in this chat stay; delete them there."
        return Spoken(reply=Reply(text=text, private=scene.private), outcome=Outcome(replace=()))

    async def _memory(self, scene: Scene, rest: str) -> Spoken:
        turns = since_reset(scene.claim.history)
        now = route(self._catalog, scene.claim.scopes, scene.allowed)
        if not turns:
            text = f"{active(now)} It sees nothing yet: this conversation is new."
            return Spoken(reply=Reply(text=text, private=scene.private))
        used = sum(tokens(turn.asked.text) + tokens(turn.answer) for turn in turns)
        rows = tuple(
            (clip(turn.asked.text, 60), turn.model, count(tokens(turn.answer))) for turn in turns[-10:]
        )
        text = (
            f"{active(now)} It sees {_number(len(turns), 'question')} with the answers, "
            f"about {count(used)} of {count(now.model.context)} tokens."
        )
        return Spoken(
            reply=Reply(
                title="Memory",
                text=text,
                table=Table(header=("question", "answered by", "tokens"), rows=rows),
                buttons=(
                    Button(action=Action.RUN, label="Start over", value="/reset"),
                    Button(action=Action.RUN, label="Erase", value="/forget", danger=True),
                ),
                private=scene.private,
            )
        )

    async def _usage(self, scene: Scene, rest: str) -> Spoken:
        today, month = await self._ledger.spent(scene.workspace, scene.event.author.id)
        rows = (_spend("today", today), _spend("this month", month))
        text = "Costs are estimates from public prices."
        if (limit := scene.policy.usd_per_day) is not None:
            text += f" Your limit is {money(limit)} a day."
        table = Table(header=("", "answers", "tokens in", "tokens out", "cost"), rows=rows)
        return Spoken(reply=Reply(title="Your usage", text=text, table=table, private=scene.private))

    async def _help(self, scene: Scene, rest: str) -> Spoken:
        return Spoken(reply=self.help(scene))

    def help(self, scene: Scene) -> Reply:
        """What works here, spelt the way it is typed here."""
        manners = scene.manners
        slash = "/" if manners.slash else ""
        lines = [f"- `{slash}{line.typed}` {line.does}" for line in HELP]
        lines.append("- `NAME: question` one answer by that model")
        mention = "" if scene.direct else manners.mention
        how = f"Mention {mention}, or write to it directly." if mention else "Just write."
        if manners.slash and manners.threads:
            after = f"after {mention}, " if mention else ""
            how += f" Inside threads type commands {after}without the slash."
        now = route(self._catalog, scene.claim.scopes, scene.allowed)
        return Reply(
            title="Switchboard", text="\n".join([f"{how} {active(now)}", "", *lines]), private=scene.private
        )

    async def home(self, scene: Scene) -> Reply:
        """The bot's own page: my model, my usage, what I can do, where I was."""
        author = scene.event.author.id
        today, month = await self._ledger.spent(scene.workspace, author)
        recent = await self._ledger.recent(scene.workspace, author)
        menu = await self._picker.menu(scene, "me")
        spent = f"Today {_number(today.turns, 'answer')}, this month {_number(month.turns, 'answer')}"
        spent += f" for about {money(month.cost)}." if month.cost else "."
        text = [self.help(scene).text, "", f"**Your usage.** {spent}"]
        if recent:
            text += ["", "**Recent conversations**", *(f"- {plain(one.title, 80)}" for one in recent)]
        return Reply(title="Switchboard", text="\n".join(text), choices=menu.choices)

    async def standing(self, thread: ThreadKey, author: Author) -> Standing:
        """What a page shows all the time: who answers in a conversation, and what else is on offer there."""

        def admitted(model: Model) -> bool:
            return allowed(self._policy, thread, model)

        now = route(self._catalog, await self._choices.in_force(thread, author.id), admitted)
        models = [model for model in self._catalog.featured if admitted(model)]
        return Standing(
            options=await self._picker.options(models, "thread"),
            selected=f"thread {now.model.name}",
            why=because(now),
            starters=now.model.prompts or STARTERS,
            commands=tuple(Option(value=f"/{line.typed}", label=line.typed, hint=line.does) for line in HELP),
        )

    def hello(self, scene: Scene) -> Reply:
        """The first words in a new place."""
        now = route(self._catalog, scene.claim.scopes, scene.allowed)
        mention = "" if scene.direct else scene.manners.mention
        ways = f"Mention {mention}" if mention else "Just write"
        text = (
            f"Hello, I am Switchboard. {ways} to ask any model; {active(now)} "
            "Switch with `model`, and the conversation stays."
        )
        starters = tuple(Button(action=Action.RUN, label=one, value=one) for one in STARTERS)
        return Reply(text=text, buttons=starters)


def _number(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _spend(label: str, spend: Spend) -> tuple[str, ...]:
    cost = money(spend.cost) if spend.cost else "none"
    return (label, f"{spend.turns:,}", count(spend.input), count(spend.output), cost)
