"""A question, and the prompts that are made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.answers.attempt import Attempt
from bot.answers.files_at_hand import FilesAtHand, Sayings
from bot.answers.instructions import instructions
from bot.answers.precedence import Answerer
from bot.answers.searching import way_of
from bot.answers.tools.names import called_in_prompts
from bot.answers.tools.toolbox import OfferedTool
from bot.context import Context
from bot.domain.approvals import Decision
from bot.domain.catalog import Model
from bot.domain.generated import FileNote, GeneratedFile
from bot.domain.prompt import ImagePart, Prompt, Search, size
from bot.domain.prompt_building import build
from bot.domain.quoted import gathered
from bot.domain.sign_ins import Caller
from bot.domain.turns import ChatMessage, Step, Turn, refused_before, since_reset
from bot.domain.work import ToolWork
from bot.models.estimates import counted
from bot.models.pricing import Corrections

WITHOUT = "answered without searching the web: {why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question with the history before it (`prior`, see `Answers.with_history`), what others said since (`heard`), and
    where and when it is asked. `instead_of` is the id of the turn whose place another answer takes, `after` of the one that it
    follows, "" for the newest.
    """

    asked: ChatMessage
    prior: Sequence[Turn] = ()
    heard: tuple[ChatMessage, ...] = ()
    place: str = ""
    time_zone: str = ""
    inline: str = ""
    instead_of: str = ""
    after: str = ""
    continues: str = (
        ""  # id of the turn that waited for a person, and goes on: with its calls, and what it had said
    )
    steps: tuple[Step, ...] = ()
    made: tuple[FileNote, ...] = ()  # by those that it goes on with
    said: str = ""
    search: Search = Search.NO  # MUST: somebody asked for a search of the web
    decision: Decision | None = None  # about what the answer before it wants to run: only that model is asked
    answerer: Answerer | None = None  # see `Answers.with_history`


@dataclass(slots=True, kw_only=True)
class PromptBuilder:
    """Builds one question's prompt for any model, and learns the real number of tokens."""

    question: Question
    files: FilesAtHand
    known: Sequence[Turn]  # on every branch: they hold what models refused
    corrections: Corrections
    conversation: str
    company: str  # `[policy] system`
    effort: str  # how long models may think, as people chose; "" leaves it to them
    search: str  # whether they search the web when nobody asks for it: ON, OFF; "" leaves it to how they are set up
    at: float  # unix seconds
    sizes: dict[str, int] = field(default_factory=dict)  # of the prompts, by model
    began: dict[str, str] = field(default_factory=dict)  # the oldest turns they show
    offered: dict[str, Mapping[str, OfferedTool]] = field(default_factory=dict)  # by model
    callable: bool = True
    steps: tuple[Step, ...] = ()  # of the answer that grows
    text: str = ""  # of it
    carries: dict[str, tuple[str, str]] = field(
        default_factory=dict
    )  # by step: whose, and what a dialect gave with a call
    unsearched: dict[str, str] = field(default_factory=dict)  # by model: why it has no tool to search with
    pictures: dict[str, list[ImagePart]] = field(default_factory=dict)  # by step: what a tool gave

    def __call__(self, model: Model, share: float) -> Prompt:
        way = way_of(model, self.question.search, self.search)
        prompt = build(
            self.question.prior,
            self.question.asked,
            model,
            system=instructions(
                model,
                company=self.company,
                place=self.question.place,
                time_zone=self.question.time_zone,
                at=self.at,
            ),
            heard=self.question.heard,
            files=replace(self.files.read, refused=refused_before(self.known, model)),
            correction=self.corrections.of(model),
            share=share,
            conversation=self.conversation,
            effort=self.effort,
            decision=self.question.decision,
            work=self._work(model),
        )
        prompt = replace(prompt, search=way.search, search_tool=way.tool) if way.search else prompt
        self.sizes[model.key] = size(prompt)
        self.began[model.key] = prompt.shown_from
        return prompt

    def _work(self, model: Model) -> ToolWork:
        """What the answer that grows did so far, as this model may see it."""
        return ToolWork(
            steps=self.steps,
            text=self.text,
            names={step.name: called_in_prompts(step.name) for step in self.steps},
            carries={step: carry for step, (key, carry) in self.carries.items() if key == model.key},
            pictures={step: tuple(shown) for step, shown in self.pictures.items()},
            tools=tuple(one.tool for one in self.offered.get(model.key, {}).values()),
            callable=self.callable,
        )

    def search_tool(self, model: Model) -> str:
        """The tool that this model is to search with, "" for none."""
        return way_of(model, self.question.search, self.search).tool

    def see(self, file: GeneratedFile) -> None:
        """A picture that a tool gave is shown to models that see, with what else the tool said."""
        if file.picture and file.step:
            shown = ImagePart(name=file.name, media_type=file.media_type, data=file.data)
            self.pictures.setdefault(file.step, []).append(shown)

    def note_search(self, attempt: Attempt) -> None:
        """Says so where the web was to be searched, and the whole answer came without."""
        way = way_of(attempt.model, self.question.search, self.search)
        if way.search is not Search.MUST or any(step.name == way.tool for step in attempt.work.steps):
            return
        if why := self.unsearched.get(attempt.model.key):
            attempt.note_unsearched(WITHOUT.format(why=why))
        else:
            attempt.note_unsearched()

    def settle(self, attempt: Attempt) -> None:
        """Learns from the tokens the vendor counted. When no count came (a stop, a broken stream, a filter), the
        usage until then is estimated, because the vendor bills it too.
        """
        # Each prompt is settled once: the next round has one of its own.
        asked = self.sizes.pop(attempt.model.key, None)
        if asked is None:
            return
        asked -= attempt.left_out.tokens if attempt.left_out else 0
        if attempt.usage:
            self.corrections.learn(attempt.model, estimated=asked, usage=attempt.usage)
        if attempt.usage or attempt.stopped or attempt.finish or attempt.said_tokens or attempt.billed:
            read = round(asked * self.corrections.of(attempt.model))
            attempt.usage = counted(attempt.usage, read=read, wrote=attempt.said_tokens)


def sayings_of(question: Question) -> Sayings:
    """What the question and its history may have files in."""
    turns, before = gathered(since_reset(question.prior), question.heard, question.asked)
    return Sayings(asked=question.asked, heard=before, earlier=turns)


def caller_of(context: Context, question: Question) -> Caller:
    """As whom tools run: whoever asked, also where somebody else lets it go on."""
    asker = question.asked.author
    return Caller(workspace=context.workspace, person=asker.id, name=asker.name)
