"""A question on its way to an answer: what stands around it, whether it may be asked, and who is asked."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.answers.answering import Answers
from bot.answers.question import Question
from bot.context import Context, Response
from bot.conversation.changes import answered
from bot.conversation.commands import Commands
from bot.conversation.council import USAGE as COUNCIL_USAGE
from bot.conversation.several_answers import SeveralAnswers
from bot.domain.claims import Claim, Outcome
from bot.domain.errors import PlatformError
from bot.domain.events import ButtonPressed, MessageEdited, MessageReceived
from bot.domain.prompt import Search
from bot.domain.replies import Reply
from bot.domain.surroundings import Surroundings
from bot.domain.turns import ChatMessage, Turn
from bot.interceptor import Interceptors
from bot.ports import Adapter
from bot.settings.config_file import Policy

UNKNOWN = (
    "Guests may not ask here, and I cannot find out whether you are one. Ask again in a moment; if it stays so, an "
    "administrator has to allow the app to read who people are{right}."
)
UNKNOWN_QUESTION = "The question that you changed is not in memory any more. Ask it below, as a new one."
GUESTS = "Guests may not ask here. Ask a member of this {tenant} to ask for you."

log = logging.getLogger(__name__)


class Questions:
    """Asks one model, or several side by side."""

    def __init__(
        self,
        *,
        adapters: Mapping[str, Adapter],
        answers: Answers,
        several: SeveralAnswers,
        commands: Commands,
        interceptors: Interceptors,
        policy: Policy,
    ) -> None:
        self._adapters = adapters
        self._answers = answers
        self.files = answers.files
        self._comparison, self._council = several.comparison, several.council
        self._commands = commands
        self._interceptors = interceptors
        self._policy = policy

    async def ask(
        self,
        context: Context,
        asked: ChatMessage,
        model: str = "",
        *,
        search: Search = Search.NO,
        after: str = "",
    ) -> Outcome:
        """`after`: the id of the turn that it follows, "" for the newest."""
        instead_of = await _asked_anew(context)
        if instead_of is None and context.claim.record.final is None:
            return await context.respond(Response(reply=Reply(text=UNKNOWN_QUESTION)).unanswered())
        placed = Question(asked=asked, inline=model, search=search, after=after, instead_of=instead_of or "")
        if context.claim.record.final is not None:
            return await self.answer(context, placed)  # what stands around it does not matter any more
        around = await self.surroundings(context, asked)
        asked = around.said
        if not (asked.text or asked.files or asked.quotes):
            return await context.respond(Response(reply=self._commands.hello(context)))
        if (refusal := self.refusal(context, around)) is not None:
            return await context.respond(refusal.unanswered())
        return await self.answer(context, _stood(placed, around))

    async def once_more(self, context: Context, question: Question) -> Outcome:
        """A question of the past, for whoever presses for another answer."""
        if (refusal := await self._refused_presser(context)) is not None:
            return await context.respond(refusal.unanswered())
        return await self.answer(context, question)

    async def several(self, context: Context, name: str, said: ChatMessage) -> Outcome:
        """/compare or /council, with what is typed behind it."""
        if name == "compare" and (told := await self._comparison.typed(context, said.text)) is not None:
            return await context.respond(told)
        instead_of = await _asked_anew(context)
        if instead_of is None and context.claim.record.final is None:
            return await context.respond(Response(reply=Reply(text=UNKNOWN_QUESTION)).unanswered())
        question = Question(asked=said, instead_of=instead_of or "")
        if name == "compare":
            return await self._compare(context, question)
        said = replace(said, text=said.text.lstrip(": "))
        return await self._chaired(context, replace(question, asked=said))

    async def _compare(self, context: Context, question: Question) -> Outcome:
        if context.claim.record.final is not None:
            return await _told(context, await self._comparison.command(context, question))
        around = await self.surroundings(context, question.asked)
        refusal = self.refusal(context, around)
        return await _told(
            context, refusal or await self._comparison.command(context, _stood(question, around))
        )

    async def compared_again(self, context: Context, turn: Turn) -> Outcome:
        """The same comparison once more, for whoever presses for one."""
        question = _question_again(turn)
        if (refusal := await self._refused_presser(context)) is not None:
            return await context.respond(refusal.unanswered())
        return await _told(context, await self._comparison.again(context, question, turn))

    async def _chaired(self, context: Context, question: Question) -> Outcome:
        if context.claim.record.final is not None:
            return await self._council.convene(context, question)
        around = await self.surroundings(context, question.asked)
        if (refusal := self.refusal(context, around)) is not None:
            return await context.respond(refusal.unanswered())
        if not (around.said.text or around.said.files or around.said.quotes):
            usage = Response(reply=Reply(text=COUNCIL_USAGE, private=context.private))
            return await context.respond(usage.unanswered())
        return await self._council.convene(context, _stood(question, around))

    async def chaired_again(self, context: Context, turn: Turn, model: str) -> Outcome:
        """Another word of a council's chair, for whoever presses for one."""
        if (refusal := await self._refused_presser(context)) is not None:
            return await context.respond(refusal.unanswered())
        return await self._council.again(context, _question_again(turn), turn, model)

    async def _refused_presser(self, context: Context) -> Response | None:
        if context.claim.record.final is not None:
            return None
        presser = await self.surroundings(context, ChatMessage(author=context.event.author, text=""))
        return self.refusal(context, presser)

    def refusal(self, context: Context, around: Surroundings) -> Response | None:
        """Why a question is not asked at all, for the person alone."""
        if not self._policy.guests and (around.said.author.guest or not around.known):
            right = context.capabilities.guests_right
            unknown = UNKNOWN.format(right=f" ({right})" if right else "")
            text = GUESTS.format(tenant=context.capabilities.tenant) if around.known else unknown
            return Response(reply=Reply(text=text, private=True))
        return Response(reply=Reply(text=around.obstacle, private=True)) if around.obstacle else None

    async def surroundings(self, context: Context, said: ChatMessage) -> Surroundings:
        """What stands around the message in hand. Where the platform does not tell, the message stands alone."""
        event = context.event
        if isinstance(event, ButtonPressed) and self._policy.guests:  # then it does not matter who presses
            return Surroundings(said=said)
        if not isinstance(event, MessageReceived | MessageEdited | ButtonPressed):
            return Surroundings(said=said)
        adapter = self._adapters[context.thread.platform]
        try:
            return await adapter.surroundings(event, said, after=await _known_until(context.claim))
        except PlatformError as error:
            log.warning("surroundings not read", extra={"event": event.id, "code": error.code})
            return Surroundings(said=said, known=False)

    async def answer(self, context: Context, question: Question) -> Outcome:
        if context.claim.record.final is None:  # else it was admitted, and asked
            question = await self._answers.with_history(context, question)
            plan = self._answers.plan(question)
            if (refusal := await self._interceptors.admit(context, plan=plan)) is not None:
                return await context.respond(refusal.unanswered())
        return await self._answers.answer(context, question)


async def _asked_anew(context: Context) -> str | None:
    """The id of the turn whose question somebody asks in other words; "" where it is a new one, None where that is gone."""
    event = context.event
    if not isinstance(event, MessageReceived) or not event.anew:
        return ""
    record = await context.claim.history.search(lambda turns: answered(turns, event.anew) is not None)
    if (old := answered(record, event.anew)) is None:
        return None
    await context.claim.history.place(old.id)  # and with it whatever else answered that message
    return (answered(context.history, event.anew) or old).id


async def _told(context: Context, spoken: Response) -> Outcome:
    """Says it, and whether it is an answer."""
    answered = spoken.reply is not None and spoken.reply.generated
    return await context.respond(spoken if answered else spoken.unanswered())


def _question_again(turn: Turn) -> Question:
    return Question(
        asked=turn.asked,
        heard=turn.heard,
        place=turn.place,
        time_zone=turn.time_zone,
        instead_of=turn.id,
    )


def _stood(question: Question, around: Surroundings) -> Question:
    """The question with what stands around it."""
    return replace(
        question,
        asked=around.said,
        heard=around.before,
        place=around.place,
        time_zone=around.time_zone,
    )


async def _known_until(claim: Claim) -> float | None:
    """The moment (unix seconds) up to which what was said is known; None where nothing was missed since."""
    event = claim.event
    if not isinstance(event, MessageReceived) or not (event.late or (event.gaps and event.threaded)):
        return None
    record = await claim.history.search(_asked)
    if not _asked(record):  # a mark, such as mute's, tells nothing of the thread
        return claim.erased
    return max(claim.erased, *(turn.asked.at for turn in record)) if event.gaps else None


def _asked(record: Sequence[Turn]) -> bool:
    return any(turn.is_question for turn in record)
