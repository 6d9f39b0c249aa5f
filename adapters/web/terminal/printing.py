"""Prints posts on a terminal as they grow. Models' text is printed as it is, without control characters."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TextIO

from adapters.web.terminal.saving import savable
from bot.document.source_list import source_label
from bot.domain.formatting import strip_controls, without_markup
from bot.domain.forms import Form
from bot.domain.generated import size_words
from bot.domain.replies import Action, Button, Choice, Reply, Table
from bot.domain.stream_parts import Source
from bot.domain.timeline import Growth, Post

DIM, BOLD, PLAIN, CLEAR = "\x1b[2m", "\x1b[1m", "\x1b[0m", "\r\x1b[K"

BESIDE = "{names} came with this answer. The page has {it}, in this conversation."

AWAITED = frozenset([Action.ALWAYS, Action.APPROVE, Action.DECLINE, Action.SIGN_IN, Action.WHOLE])


class Printer:
    """Writes to one stream. `styled`: it is a terminal, with styles and a line that can be erased."""

    def __init__(self, out: TextIO, *, styled: bool) -> None:
        self._out = out
        self._styled = styled
        self._turn = ""
        self._shown = ""  # the printed text of the growing post
        self._silent = False  # the post was rewritten with other text: wait for its end
        self._status = False  # a status line is printed that will be erased
        self._ended: dict[str, str] = {}  # the notices of answers that are printed whole, by id

    def quiet(self, text: str) -> None:
        self._write(text, DIM)
        self._write("\n")

    def prompt(self, text: str) -> None:
        self._write(text)

    def grow(self, growth: Growth) -> None:
        if growth.id != self._turn or self._silent:
            return
        if growth.text:
            self._more(growth.text)
        elif growth.status and not self._shown:
            self._passing(growth.status)

    def post(self, post: Post) -> None:
        if post.reply and post.running:
            self._passing(without_markup(post.reply.text))
            return
        if post.reply:
            self._reply(post.reply)
            return
        if post.column:
            self._column(post)
            return
        if post.growing:
            self._silent = post.id == self._turn and bool(self._shown)
            self._turn = post.id
            return
        if post.id in self._ended:  # written anew: what it says now is news
            if post.closing and post.closing.notice != self._ended[post.id]:
                self.quiet(post.closing.notice)
            return
        if not post.text.startswith(self._shown):
            self._write("\n\n")
            self._shown = ""
        self._more(post.text[len(self._shown) :])
        self._end(post)

    def _column(self, post: Post) -> None:
        """One of several answers: they grow at once, so each is printed when it is whole."""
        if post.growing or post.id in self._ended:
            return
        growing = self._turn, self._shown, self._silent
        self._shown = ""
        self._more(post.text)
        self._end(post)
        self._write("\n")
        self._turn, self._shown, self._silent = growing

    def _passing(self, text: str) -> None:
        """Prints a status line that is erased before the next text. Not in a pipe."""
        if self._styled:
            self._clear()
            self._write(text.replace("\n", " "), DIM)
            self._status = True

    def _more(self, text: str) -> None:
        self._clear()
        self._shown += text
        self._write(text)

    def _end(self, post: Post) -> None:
        self._clear()
        if self._shown and not self._shown.endswith("\n"):
            self._write("\n")
        self._turn, self._shown, self._silent = "", "", False
        self._ended[post.id] = post.closing.notice if post.closing else ""
        if post.sources:
            self._sources(post.sources)
        if told := _beside(post):
            self.quiet(told)
        if post.closing and post.closing.notice:
            self._write(f"{post.closing.notice}\n")
        number = self._offers([button.label for button in awaited(post)], 0)
        if self._styled:  # in a pipe nothing can be picked
            self._offers([f"Save {one.name} here" for one in savable(post)], number)
        if post.closing and post.closing.quiet and self._styled:
            self.quiet(f"\n{post.closing.quiet}\n")

    def _sources(self, sources: Sequence[Source]) -> None:
        self._write("\n")
        for source in sources:
            name = ", ".join(part for part in (source_label(source), source.place) if part)
            self.quiet(f"[{source.number}] {name}" + (f"  {source.address}" if source.address else ""))

    def _reply(self, reply: Reply) -> None:
        self._clear()
        number = 0
        if reply.title:
            self._write(f"{reply.title}\n", BOLD)
        if reply.text:
            self._write(f"{without_markup(reply.text)}\n")
        if reply.table:
            self._table(reply.table)
        for section in reply.sections:
            self._write(f"\n{section.title}\n", BOLD)
            self._write(f"{section.text}\n")
            number = self._offers([button.label for button in section.buttons], number)
            if section.note:
                self.quiet(section.note)
        for choice in reply.choices:
            self.quiet(f"{choice.label}: type a number.")
            for group, lines in _groups(choice):
                if group:
                    self.quiet(f"     {group}")
                number = self._offers(lines, number)
        if reply.form:
            self._form(reply.form)
        self._offers([button.label for button in reply.buttons], number)
        self._write("\n")

    def _form(self, form: Form) -> None:
        """What would be filled in, and how to type it."""
        for field in form.fields:
            told = field.value.replace("\n", "\n    ") or field.hint or "nothing yet"
            self._write(f"  {field.label}: ", DIM)
            self._write(f"{told}\n")
        self._write(f"{without_markup(form.typed)}\n")

    def _offers(self, labels: list[str], number: int) -> int:
        for place, label in enumerate(labels, start=number + 1):
            self._write(f"{place:>3}  ", DIM)
            self._write(f"{label}\n")
        return number + len(labels)

    def _table(self, table: Table) -> None:
        rows = [table.header, *table.rows]
        widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
        for place, row in enumerate(rows):
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            self._write(f"{line}\n", "" if place else DIM)

    def _clear(self) -> None:
        if self._status:
            self._out.write(CLEAR)
            self._status = False

    def _write(self, text: str, style: str = "") -> None:
        text = strip_controls(text)
        self._out.write(f"{style}{text}{PLAIN}" if style and self._styled else text)
        self._out.flush()


def _beside(post: Post) -> str:
    """What came with an answer, by its names; "" for nothing."""
    names = [f"{file.name} ({size_words(file.size)})" for file in post.files]
    if post.pictures:
        names.insert(0, "A picture" if len(post.pictures) == 1 else f"{len(post.pictures)} pictures")
    it = "it" if len(post.pictures) + len(post.files) == 1 else "them"
    return BESIDE.format(names=", ".join(names), it=it) if names else ""


def awaited(post: Post) -> tuple[Button, ...]:
    """The buttons of an answer that waits for somebody; others have commands for theirs."""
    offered = post.closing.buttons if post.closing else ()
    return offered if any(button.action in AWAITED for button in offered) else ()


def _groups(choice: Choice) -> Iterator[tuple[str, list[str]]]:
    """The lines under each heading; "" for options without one."""
    width = max((len(option.label) for option in choice.options), default=0)
    mark = {True: "*", False: " "}
    for group, options in groupby(choice.options, key=lambda option: option.group):
        yield (
            group,
            [
                f"{mark[option.value == choice.selected]} {option.label.ljust(width)}  {option.hint}".rstrip()
                for option in options
            ],
        )
