"""What people press: under an answer, in a menu."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bot.answers.question import Question
from bot.context import Context, Response
from bot.conversation.answer_files import AnswerFiles
from bot.conversation.approvals import Approvals
from bot.conversation.call_approvals import CallApprovals, going_on
from bot.conversation.commands import Commands
from bot.conversation.going_on import go_on
from bot.conversation.keeping import GONE, keep
from bot.conversation.model_picker import ModelPicker
from bot.conversation.own_commands import Handler
from bot.conversation.questions import Questions
from bot.conversation.whole_arguments import show_whole
from bot.domain.catalog import Catalog
from bot.domain.claims import Outcome
from bot.domain.events import ButtonPressed
from bot.domain.prompt import Search
from bot.domain.replies import DECIDING, Action, Reply
from bot.domain.stream_parts import Reason
from bot.domain.turns import ChatMessage, Turn, index_of

BOUND = DECIDING | {Action.WHOLE}
GO_ON = "Go on exactly where you stopped. Do not repeat anything."


class Buttons:
    """Handles a press, except those that stand for something typed. `table`: the commands that do what a button does."""

    def __init__(
        self, *, catalog: Catalog, questions: Questions, picker: ModelPicker, commands: Commands
    ) -> None:
        self._catalog = catalog
        self._questions = questions
        self._picker = picker
        self._elsewhere = commands.elsewhere
        self._files = AnswerFiles(files=questions.files)
        self.table: Mapping[str, Handler] = {"file": self._files.command}
        self._approvals = Approvals(questions=questions)
        self._calls = CallApprovals(questions=questions, sign_ins=commands.sign_ins)

    async def pressed(self, context: Context, event: ButtonPressed) -> Outcome:
        match event.action:
            case Action.PICK | Action.UNDO:
                return await context.respond(await self._picker.pressed(context, event))
            case Action.THERE:
                return await context.respond(await self._elsewhere.pressed(context, event.value))
            case Action.TAKE | Action.LEAVE:
                return await self._files.taken(context, event)
            case Action.STOP | Action.RUN | Action.FORM:
                return Outcome()  # a StopRequested, and what the handler takes as if it were typed
        name, _, rest = event.value.partition(" ")
        record = await context.claim.history.search(lambda turns: index_of(turns, name) is not None)
        place = _place(record, event)
        if event.action in {Action.UP, Action.DOWN}:
            return Outcome() if place is None else _vote(record, place, event)
        if place is None:
            return await context.respond(Response(reply=Reply(text=GONE, private=context.private)))
        if event.action is Action.WHOLE:
            return await show_whole(context, event, record[place], rest)
        if event.action in DECIDING and rest:
            return await self._calls.pressed(context, event, record[place], rest)
        if event.action in DECIDING:
            return await self._approvals.pressed(context, event, record[place])
        return await self._about(context, event.action, place, rest)

    async def _about(self, context: Context, action: Action, place: int, rest: str) -> Outcome:
        """A button under an answer; `rest` is a model's name, "" for the same."""
        turn = context.record[place]
        match action:
            case Action.OTHER:
                return await context.respond(Response(reply=await self._picker.others(context, turn)))
            case Action.FILE:
                return await context.respond(await self._files.of(context, turn, rest))
            case Action.CONTINUE:
                more = ChatMessage(author=context.event.author, text=GO_ON)
                return await self._questions.ask(context, more, turn.model, after=turn.id)
            case Action.GO_ON:
                return await go_on(context, turn)
            case Action.KEEP:
                return await keep(context, turn.id, rest, pickable=self._pickable(context))
            case _ if turn.council:
                return await self._questions.chaired_again(context, turn, rest)
            case Action.AGAIN if turn.candidates and not rest:
                return await self._questions.compared_again(context, turn)
            case _:
                return await self._questions.once_more(context, _once_more(turn, rest))

    def _pickable(self, context: Context) -> Callable[[str], bool]:
        def pickable(name: str) -> bool:
            model = self._catalog.find(name)
            return model is not None and context.allowed(model)

        return pickable


def _place(record: Sequence[Turn], event: ButtonPressed) -> int | None:
    """Where the turn is that was pressed. A card that asks for a decision is bound to its own: what another answer, given in its
    place, wants to run is not what stood there.
    """
    name, _, call = event.value.partition(" ")
    place = index_of(record, name)
    bound = event.action in BOUND and not call
    return None if place is not None and bound and record[place].id != name else place


def _once_more(turn: Turn, model: str) -> Question:
    """The same question, to the same model or another; both answers stay. Where nothing came after its tools
    had run, it goes on with what they gave: what is done once is not done again.
    """
    if turn.steps and not turn.pending and (turn.reason == Reason.FAILED or not turn.answer.strip()):
        return going_on(turn, model or turn.model)
    return Question(
        asked=turn.asked,
        heard=turn.heard,
        place=turn.place,
        time_zone=turn.time_zone,
        inline=model or ("" if turn.hidden else turn.model),
        search=Search.MUST if turn.searched else Search.NO,
        instead_of=turn.id,
    )


def _vote(record: Sequence[Turn], place: int, event: ButtonPressed) -> Outcome:
    """Records one vote per answer, the last one counts, in the turn, beside model, time and cost."""
    vote = event.action.value
    if record[place].vote == vote and not event.comment:
        return Outcome()
    voted = replace(record[place], vote=vote, comment=event.comment)
    return Outcome(replace=(*record[:place], voted, *record[place + 1 :]))
