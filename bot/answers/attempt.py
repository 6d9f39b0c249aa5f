"""One attempt at an answer: its state while it grows, and how it ended."""

import math
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from bot.answers import ending_words
from bot.answers.fallback import AnsweredBy, StreamInterrupted
from bot.answers.left_out import FilesLeftOut
from bot.answers.tools.wording import used_tools
from bot.answers.tools.work_so_far import WorkSoFar
from bot.domain.approvals import MOST, SignInRequest, ToolRequest, showable_requests
from bot.domain.catalog import Model
from bot.domain.errors import Connection, Filtered, ModelError, ServerError
from bot.domain.formatting import clean_name, clip
from bot.domain.generated import FileAllowance, FileNote, GeneratedFile
from bot.domain.prompt import share, tokens
from bot.domain.shown_steps import ShownStep
from bot.domain.stop import StopSignal
from bot.domain.stream_parts import (
    MOST_SOURCES,
    Finish,
    Reason,
    Remark,
    SearchFailed,
    Searching,
    ShownPart,
    Source,
    Status,
    StreamPart,
    Text,
    Thinking,
    Usage,
)
from bot.domain.turns import Progress, Refusal

LONGEST = 400_000  # characters of an answer: several times what any model writes in one turn
THOUGHT = 4_096  # characters of a model's thoughts that are kept, the latest; how many there were is counted
DETAIL = 300  # characters of a vendor's own explanation
Given = StreamPart | AnsweredBy | FilesLeftOut | Status | ShownStep
SOON = 0.01  # seconds: a first word that came at once has come


@dataclass(slots=True)
class Attempt:
    """Collects the parts of one answer."""

    model: Model
    began: float
    clock: Callable[[], float] = time.time
    first: float = 0.0  # seconds until the first text came; 0: none did
    usage: Usage | None = None
    finish: Finish | None = None
    because: str = ""
    error: ModelError | None = None
    stopped: bool = False
    left_out: FilesLeftOut | None = None
    searched: bool = False  # or it was said why not
    remarks: list[str] = field(default_factory=list)
    files: list[FileNote] = field(default_factory=list)  # that are kept
    requests: list[ToolRequest] = field(default_factory=list)
    signing_in: list[SignInRequest] = field(default_factory=list)
    unshown: dict[str, None] = field(default_factory=dict)  # sentences about files that are not shown
    work: WorkSoFar = field(default_factory=WorkSoFar)
    _sources: dict[int, Source] = field(default_factory=dict)
    _allowance: FileAllowance = field(default_factory=FileAllowance)
    _text: list[str] = field(default_factory=list)
    _length: int = 0
    _thought: str = ""
    _thought_tokens: float = 0.0

    @property
    def text(self) -> str:
        return "".join(self._text)

    @property
    def sources(self) -> tuple[Source, ...]:
        return tuple(self._sources[number] for number in sorted(self._sources))

    @property
    def written(self) -> int:
        """Characters of the whole answer so far."""
        return len(self.work.before) + self._length

    def advanced(self) -> Progress:
        """How far it is, to be stored."""
        return self.work.advanced(self.text, self.sources, tuple(self.files))

    def end_round(self, cost: float | None) -> None:
        """The model waits for what its calls give, and the next round begins."""
        self.work.end_round(self.usage, cost, self.served, self._length)
        self.usage, self.finish, self._thought_tokens = None, None, 0.0

    @property
    def waits_for(self) -> tuple[ToolRequest, ...]:
        """What somebody is asked to let run; nothing of what cannot be shown whole."""
        return tuple(self.requests) if showable_requests(self.requests) else ()

    @property
    def beside(self) -> bool:
        """Whether there is an answer without a word of text."""
        return bool(
            self._allowance.taken or self.unshown or self.requests or self.signing_in or self.work.pending
        )

    @property
    def thought(self) -> str:
        """The end of what the model thought."""
        return self._thought

    @property
    def said_tokens(self) -> int:
        """The estimated tokens of all that the vendor counts as output, the thoughts that were let go included."""
        return tokens(self.text[self.work.closed :]) + math.ceil(self._thought_tokens)

    @property
    def billed(self) -> bool:
        """Whether the vendor charges for the prompt, though nothing came."""
        return self.error is not None and self.error.billed

    @property
    def served(self) -> str:
        """The model that really answered, in the vendor's words; "" when it did not say."""
        return self.finish.model if self.finish else ""

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """What is remembered of the files that the model would not take."""
        files = self.left_out.files if self.left_out else ()
        ids = dict.fromkeys(one.file for one in files if one.file)
        return tuple(Refusal(model=self.model.key, file=id) for id in ids)

    async def watch(
        self, parts: AsyncGenerator[Given, None], stop: StopSignal
    ) -> AsyncGenerator[ShownPart, None]:
        """Passes on the visible parts, until the end, the stop, or a failure, which is stored and not raised.

        A model that does not end is cut off, in the middle of a piece if need be: every page of its answer is
        one more message in the chat.
        """
        try:
            async with aclosing(stop.cut(parts)) as cut:
                async for part in cut:
                    if visible := self._note(part):
                        yield visible
                    if self._length >= LONGEST:
                        self.finish = Finish(reason=Reason.LENGTH)
                        break
        except StreamInterrupted as broken:
            self.error = broken.error.with_traceback(None)  # its frames hold the prompt, and so its files
        except ModelError as error:
            self.error = error.with_traceback(None)
        self.stopped = stop.fired and self.finish is None and self.error is None
        if self.stopped:
            self.work.stop()

    def _note(self, part: Given) -> ShownPart | None:  # noqa: C901 - one line for each kind of part
        match part:
            case Text(text=text):
                text = text[: LONGEST - self._length]
                self.first = self.first or (max(SOON, self.clock() - self.began) if text else 0.0)
                self._text.append(text)
                self._length += len(text)
                return Text(text)
            case Thinking(text=text):
                self._thought_tokens += share(text)
                self._thought = (self._thought + text[-THOUGHT:])[-THOUGHT:]
                return Thinking(text[-THOUGHT:])
            case Source() | GeneratedFile() | ToolRequest() | SignInRequest():
                return self._beside(part)
            case Searching() | SearchFailed():
                return self._search(part)
            case Status() | ShownStep():
                return part
            case AnsweredBy(model=model, because=because):
                self.model, self.because = model, because
            case FilesLeftOut():
                self.left_out = part
            case Usage():
                self.usage = part
            case Finish():
                self.finish = replace(part, detail=part.detail[:LONGEST])
            case Remark(text=text):
                self.remarks.append(text)
            case _:
                pass  # tool calls: bot.answers.tool_loop keeps them to itself where it runs them
        return None

    def _beside(
        self, part: Source | GeneratedFile | ToolRequest | SignInRequest
    ) -> Source | GeneratedFile | None:
        """What comes with the text, as far as it is shown."""
        match part:
            case Source(number=number) if number in self._sources or len(self._sources) < MOST_SOURCES:
                self._sources[number] = part
                return part
            case ToolRequest() if len(self.requests) <= MOST:
                self.requests.append(part)
            case SignInRequest() if len(self.signing_in) < MOST:
                self.signing_in.append(part)
            case GeneratedFile(trouble=trouble) if trouble:
                self.unshown[ending_words.UNSHOWN.format(trouble=trouble)] = None
            case GeneratedFile() if self._allowance.takes(part):
                return part
            case GeneratedFile():
                self.unshown[ending_words.TOO_MANY] = None
        return None

    def _search(self, part: Searching | SearchFailed) -> Status | None:
        self.searched = True
        match part:
            case Searching(query=query):
                return Status(f"Searching the web: {query}" if query else "Searching the web")
            case SearchFailed(trouble=trouble) if trouble not in self.remarks:
                self.remarks.append(trouble)
        return None

    def ending(self) -> tuple[Reason, str]:
        """The reason the answer ended, and a sentence for the person."""
        name, finish = self.model.name, self.finish
        text = bool(self.text or self.beside)
        if self.stopped:
            return Reason.STOPPED, ending_words.STOPPED
        if self.error is not None:
            return self._cut(self.error) if text else (Reason.FAILED, self.error.tell(name))
        if self.work.pending:
            return Reason.STOP, ""
        if finish is None:
            return Reason.BROKEN, ending_words.BROKE_OFF
        if self.work.exhausted:
            return Reason.BROKEN, ending_words.EXHAUSTED.format(model=name)
        if self.requests or self.signing_in:  # it waits for somebody, whatever the vendor calls that
            return Reason.STOP, ""
        return self._finished(finish)

    def _finished(self, finish: Finish) -> tuple[Reason, str]:
        """The same of an answer that its vendor ended."""
        name, text = self.model.name, bool(self.text or self.beside)
        detail = clip(finish.detail, DETAIL)
        match finish.reason:
            case Reason.STOPPED:
                return finish.reason, ending_words.STOPPED
            case Reason.LENGTH:
                return finish.reason, ending_words.TOO_LONG if text else ending_words.ALL_THOUGHT.format(
                    model=name
                )
            case Reason.PAUSED:
                return finish.reason, ending_words.PAUSED.format(model=name)
            case Reason.FILTERED:
                return finish.reason, f"{name} {ending_words.FILTERED} {detail or Filtered().remedy()}"
            case Reason.FAILED if text:
                told = (
                    ending_words.UNUSUAL.format(model=name, word=finish.unusual)
                    if finish.unusual
                    else ending_words.BROKE_OFF
                )
                return Reason.BROKEN, f"{told} {detail}".strip()
            case Reason.FAILED:
                return finish.reason, f"{name} ended the answer with an error. {detail}".strip()
            case _:
                return (
                    finish.reason,
                    "" if self.text.strip() or self.beside else ending_words.EMPTY.format(model=name),
                )

    def _cut(self, error: ModelError) -> tuple[Reason, str]:
        """The ending after an error that came after text: it keeps the error's class."""
        match error:
            case Filtered():
                return Reason.FILTERED, f"{self.model.name} {ending_words.FILTERED} {error.remedy()}"
            case Connection() | ServerError():  # there is no more to know: the rest did not come
                return Reason.BROKEN, ending_words.BROKE_OFF
            case _:
                to_do = ending_words.GO_ON if error.retry else error.remedy()
                return Reason.BROKEN, f"The answer broke off: {self.model.name} {error.cause}. {to_do}"

    def note_unsearched(self, remark: str = ending_words.UNSEARCHED) -> None:
        """Somebody asked for a search, and this answer comes without one."""
        usage = self.work.usage(self.usage)
        counted = usage is not None and usage.searches
        if self.text and not (self.searched or self._sources or counted):
            self.remarks.append(remark)

    def footer(self, remarks: Sequence[str] = ()) -> str:
        """The footer: the model that answered, why not the chosen one, and what else is to be known of it."""
        served, asked = self.served, clean_name(self.model.model)
        told = served and not served.startswith(asked) and not asked.endswith(served)
        parts = [f"{self.model.name} ({served})" if told else self.model.name]
        parts += [f"because {self.because}"] if self.because else []
        parts += remarks
        parts += [used] if (used := used_tools(self.work.steps)) else []
        parts += self.remarks
        return " · ".join(parts)
