"""The commands, except /ask and /compare. Their names and help are rows of bot.domain.command_table."""

from collections.abc import Mapping, Sequence

from bot import policy as policies
from bot.answers.budgets import BudgetKeeper
from bot.answers.precedence import asked_by, select_model
from bot.context import Context, Response
from bot.conversation.agent_setup import ChatAgents
from bot.conversation.elsewhere import OtherConversations
from bot.conversation.forgetting import forget
from bot.conversation.hearing import knows_muted, muted
from bot.conversation.model_picker import ModelPicker
from bot.conversation.own_commands import Handler
from bot.conversation.place_status import STARTERS, PlaceStatus
from bot.conversation.reasons import describe_active, describe_here
from bot.conversation.signing_in import SignIns
from bot.domain.catalog import Catalog
from bot.domain.claims import Outcome
from bot.domain.command_table import HELP
from bot.domain.events import MessageReceived
from bot.domain.formatting import clip, compact_number, escape_markdown, money, number_of
from bot.domain.prompt import tokens
from bot.domain.replies import Action, Button, Reply, Table
from bot.domain.turns import MUTED, RESET, UNMUTED, ChatMessage, Turn, knows_reset, since_reset
from bot.domain.usage import Spend
from bot.ports import Inbox, Ledger, PreferenceStore
from bot.schedule_ports import ScheduleStore
from bot.score_ports import ScoreStore
from bot.settings.config_file import Policy

FILELESS = (
    "Files and pictures do not reach me here: paste their text, or send them to me in a chat of our own."
)


class Commands:
    """Handles everything but questions and comparisons. `table` maps a command's name to its handler; `own` are those
    that have a module of their own.
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        picker: ModelPicker,
        ledger: Ledger,
        preferences: PreferenceStore,
        policy: Policy,
        budgets: BudgetKeeper,
        inbox: Inbox,
        own: Mapping[str, Handler],
        schedules: ScheduleStore,
        sign_ins: SignIns,
        agents: ChatAgents,
        scores: ScoreStore,
    ) -> None:
        self.sign_ins, self.agents, self.forms = sign_ins, agents, agents.desk
        status = PlaceStatus(catalog=catalog, picker=picker, preferences=preferences, policy=policy)
        self.standing, self.found = agents.here.standing(status.standing), agents.here.found(status.found)
        self.elsewhere = OtherConversations(
            ledger=ledger,
            inbox=inbox,
            preferences=preferences,
            schedules=schedules,
            sign_ins=sign_ins,
            agents=agents.commands,
            scores=scores,
        )
        self._schedules, self._budgets = schedules, budgets
        self._catalog, self._picker = catalog, picker
        self.preferences = preferences
        self._policy, self._ledger = policy, ledger
        self.table: Mapping[str, Handler] = {
            "model": picker.command,
            "reset": self._reset,
            "memory": self._memory,
            "forget": self._forget,
            "mute": self._mute,
            "unmute": self._unmute,
            "usage": self._usage,
            "help": self._help,
            **own,
        }

    async def _mute(self, context: Context, rest: str) -> Response:
        """Silence in this thread. The mark is in its history, so a mention ends it like any other turn."""
        if not context.threaded or context.direct:
            return Response(reply=Reply(text=_not_followed(context), private=True))
        text = "I stay silent in this thread until somebody mentions me."
        return self._marked(context, MUTED, text)

    async def _unmute(self, context: Context, rest: str) -> Response:
        if not muted(await context.claim.history.search(knows_muted)):
            text = "I was not muted here."
            return Response(reply=Reply(text=text, private=True))
        follows = policies.follows(self._policy, context.thread)
        text = "I follow this thread again." if follows else "I answer here again when somebody mentions me."
        return self._marked(context, UNMUTED, text)

    def _marked(self, context: Context, mark: str, text: str) -> Response:
        said = ChatMessage(author=context.event.author, text="")
        turn = Turn(id=context.turn_handle.id, asked=said, reason=mark)
        private = context.private or context.event.kind == "button"
        return Response(reply=Reply(text=text, private=private), outcome=Outcome(append=(turn,)))

    async def _reset(self, context: Context, rest: str) -> Response:
        if _nowhere(context):
            return await self.elsewhere.offer(context, "reset")
        if not since_reset(await context.claim.history.reach(knows_reset)):
            return Response(
                reply=Reply(text="Nothing to reset: this conversation is new.", private=context.private)
            )
        mark = Turn(
            id=context.turn_handle.id, asked=ChatMessage(author=context.event.author, text=""), reason=RESET
        )
        reply = Reply(
            text="Started over. The model sees nothing of what was said before.", private=context.private
        )
        return Response(reply=reply, outcome=Outcome(append=(mark,)))

    async def _forget(self, context: Context, rest: str) -> Response:
        if rest.casefold().strip(" .!") == "me":
            return await self.elsewhere.forget_me(context)
        if _nowhere(context):
            return await self.elsewhere.offer(context, "forget")
        return await forget(context, self._schedules)

    async def _memory(self, context: Context, rest: str) -> Response:
        if _nowhere(context):
            return await self.elsewhere.offer(context, "memory")
        history = await context.claim.history.whole()
        turns = [turn for turn in since_reset(history) if turn.is_question]
        now = select_model(self._catalog, context.claim.preferences, context.allowed)
        active = describe_active(now, context.capabilities.tenant)
        if not turns:
            text = f"{active} It sees nothing yet: this conversation is new."
            return Response(reply=Reply(text=text, private=not context.direct))
        widest = max(model.context for model in asked_by(now.model, self._catalog, context.allowed))
        used = sum(tokens(turn.asked.text) + tokens(turn.answer) for turn in turns)
        rows = tuple(
            (
                clip(turn.asked.text, 60),
                "hidden" if turn.hidden else turn.model,
                compact_number(tokens(turn.answer)),
            )
            for turn in turns[-10:]
        )
        text = (
            f"{active} It sees {number_of(len(turns), 'question')} with the answers, "
            f"about {compact_number(used)} of {compact_number(widest)} tokens."
        )
        return Response(
            reply=Reply(
                title="Memory",
                text=text,
                table=Table(header=("question", "answered by", "tokens"), rows=rows),
                buttons=(
                    Button(action=Action.RUN, label="Start over", value="/reset"),
                    Button(action=Action.RUN, label="Erase", value="/forget", danger=True),
                ),
                private=not context.direct,  # who asked what is no news for everybody
                secret=True,
            )
        )

    async def _usage(self, context: Context, rest: str) -> Response:
        today, month = await self._ledger.spent(context.workspace, context.event.author.id)
        rows = (_spend("today", today), _spend("this month", month))
        text = "Costs are estimates from public prices."
        text = "\n\n".join([text, *await self._budgets.standing(context)])
        table = Table(header=("", "answers", "tokens in", "tokens out", "cost"), rows=rows)
        private = not context.direct  # what somebody spends is for nobody else
        return Response(reply=Reply(title="Your usage", text=text, table=table, private=private, secret=True))

    async def _help(self, context: Context, rest: str) -> Response:
        return Response(reply=self.help(context))

    def help(self, context: Context) -> Reply:
        """The commands that work here, as they are typed here."""
        capabilities = context.capabilities
        slash = "/" if capabilities.slash else ""
        tenant = capabilities.tenant
        lines = [
            f"- `{slash}{line.typed}` {line.does.replace('workspace', tenant)}"
            for line in HELP
            if not (line.shared and context.direct)
        ]
        lines.append("- `NAME: question` one answer by that model")
        mention = "" if context.direct else capabilities.mention
        how = f"Mention {mention}, or write to it directly." if mention else "Just write."
        if capabilities.slash and capabilities.threads and not capabilities.slash_in_threads:
            after = f"after {mention}, " if mention else ""
            how += f" Inside threads type commands {after}without the slash."
        here = describe_here(self._catalog, context)
        return Reply(
            title="Switchboard",
            text="\n".join([f"{how} {here}{_fileless(context)}", "", *lines]),
            private=context.private,
        )

    async def home(self, context: Context, schedules: Sequence[str] = ()) -> Reply:
        """The bot's own page: the person's model, usage, commands, `schedules` and recent conversations."""
        author = context.event.author.id
        today, month = await self._ledger.spent(context.workspace, author)
        recent = await self._ledger.recent(context.workspace, author)
        choices = (await self._picker.menu(context, "me")).choices if self._catalog.models else ()
        spent = f"Today {number_of(today.turns, 'answer')}, this month {number_of(month.turns, 'answer')}"
        spent += f" for about {money(month.cost)}." if month.cost else "."
        text = [self.help(context).text, "", f"**Your usage.** {spent}"]
        if schedules:
            text += ["", "**Your schedules**", *(f"- {one}" for one in schedules)]
        if recent:
            text += [
                "",
                "**Recent conversations**",
                *(f"- {escape_markdown(one.title, 80)}" for one in recent),
            ]
        return Reply(title="Switchboard", text="\n".join(text), choices=choices)

    def hello(self, context: Context) -> Reply:
        """The greeting in a new conversation."""
        mention = "" if context.direct else context.capabilities.mention
        ways = f"Mention {mention}" if mention else "Just write"
        active = describe_here(self._catalog, context)
        text = (
            f"Hello, I am Switchboard. {ways} to ask any model; {active} "
            f"Switch with `model`, and the conversation stays.{_fileless(context)}"
        )
        starters = tuple(Button(action=Action.RUN, label=one, value=one) for one in STARTERS)
        return Reply(text=text, buttons=starters)


def _fileless(context: Context) -> str:
    """What to know of files where they are lost without a word."""
    event = context.event
    return f" {FILELESS}" if isinstance(event, MessageReceived) and event.fileless else ""


def _not_followed(context: Context) -> str:
    """Why there is nothing to be silent in."""
    if context.direct:
        return "Here I answer everything you write. An answer that still grows ends with its Stop."
    text = "I only answer here when I am mentioned."
    if not context.capabilities.threads or not (context.private or context.thread.thread):
        return text
    return f"{text} In a thread that I follow, write `{context.capabilities.mention} mute`."


def _nowhere(context: Context) -> bool:
    """Whether a command about a conversation is typed where none is: as a slash command, outside of threads."""
    return context.private and not context.threaded and not context.claim.history.exists


def _spend(label: str, spend: Spend) -> tuple[str, ...]:
    cost = money(spend.cost) if spend.cost else "none"
    return (label, f"{spend.turns:,}", compact_number(spend.input), compact_number(spend.output), cost)
