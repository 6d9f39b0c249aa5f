"""What is shown of answers side by side: each column's text and quiet line, and the board with its table. Pure.

As long as nobody may know who answered, nothing here says a model's name, what it cost, how it was served or where it looked
(vendors have addresses of their own for that).
"""

from collections.abc import Sequence

from bot.document.source_list import source_list
from bot.domain.columns import Column
from bot.domain.formatting import compact_number, escape_markdown, money
from bot.domain.replies import Action, Button, Reply, Section, Table
from bot.domain.shown_answers import ShownAnswer
from bot.domain.stream_parts import BranchPlace, Closing, Reason
from bot.domain.turns import Candidate, Turn

ALONE = "There is more to it than a comparison shows: ask it alone."
NO_TOOLS = "Tools are not used in comparisons."  # what ran could not be told apart after a crash, and would run again
HIDDEN = "Names, times, costs and sources are shown once one is kept."
UNREAD = "Some of what came with the question could not be read by all of them."
ENDINGS = {
    Reason.STOPPED: "Stopped.",
    Reason.LENGTH: "The answer reached its length limit.",
    Reason.FILTERED: "{label} was stopped by a content filter. Ask in other words, or keep another answer.",
    Reason.BROKEN: "The answer broke off. Keep another, or ask again.",
}
UNSAID = "{label} did not answer. Keep another answer, or ask again."
HEADER = ("model", "first word", "time", "tokens", "cost")


def shown_name(turn: Turn, one: Candidate) -> str:
    """The name by which people may know it."""
    return one.label if turn.hidden else one.model


def heading(label: str) -> str:
    """The first line of a column, as Markdown."""
    return f"**{escape_markdown(label)}**\n\n"


def column_text(one: Candidate, label: str) -> str:
    return heading(label) + one.answer


def column_closing(one: Candidate, *, turn: str, hidden: bool) -> Closing:
    """The same each time it is shown."""
    return Closing(
        reason=Reason(one.reason),
        footer=one.label if hidden else quiet_line(one),
        notice=one.notice,
        buttons=keep_buttons(turn, [one], hidden=hidden),
    )


def columns_of(turn: Turn, place: BranchPlace | None = None) -> tuple[ShownAnswer, ...]:
    """What the messages of a comparison's columns show now, without those that have none. What was blind has its names."""
    return tuple(
        ShownAnswer(
            messages=one.shown,
            pressed="",
            question=turn.asked.message,
            text=column_text(one, _label(turn, one)),
            closing=column_closing(one, turn=turn.id, hidden=turn.hidden),
            sources=() if turn.hidden else one.sources,
            at=turn.at,
            column=Column(number=number, of=len(turn.candidates), turn=turn.id, folded=turn.council),
            place=place,
        )
        for number, one in enumerate(turn.candidates, start=1)
        if one.shown
    )


def _label(turn: Turn, one: Candidate) -> str:
    return f"{one.label}: {one.model}" if turn.blind and turn.kept else shown_name(turn, one)


def quiet_line(one: Candidate) -> str:
    """Who answered, how fast, how much, and for how much: plain text."""
    parts = [f"{one.model} ({one.served_by})" if one.served_by else one.model]
    parts += [f"first word {one.first:.1f} s"] if one.first else []
    parts.append(f"{one.seconds:.1f} s")
    if one.usage:
        about = "about " if one.usage.estimated else ""
        parts.append(
            f"{about}{compact_number(one.usage.input)} tokens in, {compact_number(one.usage.output)} out"
        )
    parts += [f"about {money(one.cost)}"] if one.cost else []  # unknown or free
    return " · ".join([*parts, *one.remarks])


def hidden_notice(reason: Reason, label: str) -> str:
    """What went wrong, in words that do not tell with whom: a vendor's own would."""
    return ENDINGS.get(reason, UNSAID).format(label=label)


def unread_by_some(notice: str) -> str:
    """The same for what says which of them could not read a file."""
    return UNREAD if notice else ""


def keep_buttons(turn: str, candidates: Sequence[Candidate], *, hidden: bool) -> tuple[Button, ...]:
    """One for each answer there is."""
    names = [(one.label if hidden else one.model) for one in candidates if one.answer]
    return tuple(Button(action=Action.KEEP, label=f"Keep {name}", value=f"{turn} {name}") for name in names)


def waiting(names: Sequence[str], turn: str, question: str, *, private: bool) -> Reply:
    """The board while they answer."""
    text = f"{_asked(question)}Asking {_joined(names)} …"
    stop = Button(action=Action.STOP, label="Stop", value=turn, danger=True)
    return Reply(title="Comparison", text=text, buttons=(stop,), private=private, generated=True)


def board(turn: Turn, *, private: bool, said: str = "", replaces: str = "") -> Reply:
    """The comparison as one reply. Where it is for one person alone, the answers are in it."""
    hint = HIDDEN if turn.hidden else ""
    lines = [said, escape_markdown(turn.notice, 2_000), hint]
    return Reply(
        title="Comparison",
        text=_asked("" if private else turn.asked.text) + "\n\n".join(filter(None, lines)),
        table=None if turn.hidden else _table(turn.candidates),
        sections=tuple(_section(turn, one) for one in turn.candidates) if private else (),
        buttons=() if private else keep_buttons(turn.id, turn.candidates, hidden=turn.hidden),
        generated=any(one.answer for one in turn.candidates),
        private=private,
        replaces=replaces,
    )


def _asked(question: str) -> str:
    return f"{escape_markdown(question, 300)}\n\n" if question.strip() else ""


def _joined(names: Sequence[str]) -> str:
    shown = [f"**{escape_markdown(name)}**" for name in names]
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else "".join(shown)


def _table(candidates: Sequence[Candidate]) -> Table:
    return Table(header=HEADER, rows=tuple(map(_row, candidates)))


def _row(one: Candidate) -> tuple[str, ...]:
    usage = one.usage
    return (
        one.model,
        f"{one.first:.1f} s" if one.first else "none",
        f"{one.seconds:.1f} s" if one.answer else f"{one.seconds:.1f} s, no answer",
        f"{compact_number(usage.input)} in, {compact_number(usage.output)} out" if usage else "unknown",
        "unknown" if one.cost is None else money(one.cost) if one.cost else "free",
    )


def _section(turn: Turn, one: Candidate) -> Section:
    name = shown_name(turn, one)
    note = " · ".join(
        filter(None, ["" if turn.hidden else quiet_line(one), one.notice if one.answer else ""])
    )
    return Section(
        title=name,
        text="\n\n".join(
            filter(
                None,
                [
                    one.answer or escape_markdown(one.notice, 1_000),
                    "" if turn.hidden else source_list(one.sources),
                ],
            )
        ),
        note=note,
        buttons=keep_buttons(turn.id, [one], hidden=turn.hidden),
    )
