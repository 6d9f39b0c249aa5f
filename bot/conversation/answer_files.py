"""Answers as files: `/file`, the button under a table, and what people take of the files that wait for them. No model is asked."""

import asyncio

from bot.answers.comparison_words import shown_name
from bot.answers.file_keeper import FileKeeper
from bot.context import Context, Response, with_files
from bot.document.csv_table import as_csv, tables_of
from bot.document.reading import parse
from bot.document.source_list import source_list
from bot.domain.claims import Outcome
from bot.domain.events import ButtonPressed
from bot.domain.generated import MOST_FILES, GeneratedFile
from bot.domain.replies import Action, Reply
from bot.domain.turns import Turn

CSV = "csv"
WHOLE = "The answer as a file."
TABLES = {1: "The table as CSV.", MOST_FILES + 1: f"The first {MOST_FILES} tables as CSV."}
NOTHING = "There is no answer here yet to make a file of."
NO_TABLE = "The latest answer here has no table. `file` gives all of it."
USAGE = "Write `file` for the latest answer as a file, or `file csv` for its tables."
WHERE = "This speaks of one answer, so type it in the answer's own thread: `{mention} file`."
GONE = "That file is not kept any more. Ask for it again."
LEFT = "Not saved."


class AnswerFiles:
    """Makes files of answers, and hands over those that were kept."""

    def __init__(self, *, files: FileKeeper) -> None:
        self._files = files

    async def command(self, context: Context, rest: str) -> Response:
        """`/file` and `/file csv`, of the latest answer."""
        wanted = rest.casefold().strip(" .!")
        if wanted not in {"", CSV}:
            return Response(reply=Reply(text=USAGE, private=context.private))
        history = await context.claim.history.reach(lambda turns: any(map(_said, turns)))
        turn = next((turn for turn in reversed(history) if _said(turn)), None)
        if turn is None:
            away = context.private and not context.threaded and context.capabilities.threads
            text = WHERE.format(mention=context.capabilities.mention) if away else NOTHING
            return Response(reply=Reply(text=text, private=context.private))
        return await self.of(context, turn, wanted)

    async def of(self, context: Context, turn: Turn, wanted: str) -> Response:
        """A turn's answer, or its tables."""
        if wanted != CSV:
            whole = GeneratedFile(name="answer.md", media_type="text/markdown", data=_written(turn).encode())
            return await self._with(context, turn, WHOLE, [whole])
        found = await asyncio.to_thread(_tables, _said(turn))
        if not found:
            return Response(reply=Reply(text=NO_TABLE, private=context.private))
        text = TABLES.get(len(found), f"The {len(found)} tables as CSV.")
        return await self._with(context, turn, text, found[:MOST_FILES])

    async def taken(self, context: Context, event: ButtonPressed) -> Outcome:
        """Somebody takes a file that is kept, or does not want it. Where several people read it, each gets one of their own."""
        agreed = bool(event.reply.get("upload"))  # they said yes to the one that was offered to them
        if event.action is Action.LEAVE:
            return await context.respond(Response(reply=Reply(text=LEFT, replaces=event.message)))
        file = await self._files.kept(context, event.value)
        if file is None:
            if context.claim.record.ref is not None:  # an earlier attempt handed it over
                return Outcome()
            reply = Reply(text=GONE, replaces=event.message if agreed else "", private=True)
            return await context.respond(Response(reply=reply))
        if not agreed:
            file = await self._files.copy(context, file)
        if await context.sink.show(with_files(Reply(text=""), [file])) and agreed:
            await self._files.drop(file.key)
        return Outcome()

    async def _with(self, context: Context, turn: Turn, text: str, made: list[GeneratedFile]) -> Response:
        if context.capabilities.hands_over:
            made = [await self._files.keep(context, file, of=turn.id) for file in made]
        return Response(reply=Reply(text=text, private=context.private), files=tuple(made))


def _said(turn: Turn) -> str:
    """All that was answered: of a comparison every answer, of a council the chair's before them."""
    chair = (turn.chair or turn).answer.strip() if turn.council else ""
    answers = [(shown_name(turn, one), one.answer.strip()) for one in turn.candidates if one.answer.strip()]
    members = [f"## {model}\n\n{text}" for model, text in answers]
    return "\n\n".join(filter(None, [chair, *members])) or turn.answer.strip()


def _written(turn: Turn) -> str:
    sources = "" if turn.hidden else source_list(turn.sources)
    return "\n\n".join(filter(None, [_said(turn), sources])) + "\n"


def _tables(text: str) -> list[GeneratedFile]:
    """One more than an answer may bring, at most."""
    found = [
        as_csv(table) for _, table in zip(range(MOST_FILES + 1), tables_of(parse(text).blocks), strict=False)
    ]
    names = (
        ["table.csv"] if len(found) == 1 else [f"table-{number}.csv" for number in range(1, len(found) + 1)]
    )
    return [
        GeneratedFile(name=name, media_type="text/csv", data=data)
        for name, data in zip(names, found, strict=True)
    ]
