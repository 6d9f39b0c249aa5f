"""What of a conversation is lost on a model that takes over from another. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.answers.files_at_hand import RECENT
from bot.answers.instructions import instructions
from bot.domain.attached import PDF, is_picture
from bot.domain.catalog import Entry, Model
from bot.domain.events import Author, File
from bot.domain.formatting import compact_number, number_of
from bot.domain.prompt_building import build, fills
from bot.domain.turns import ChatMessage, Turn, refused_before, since_reset

MOST = 400  # turns that are read to count what is lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What is in force where the models change: the effort that was chosen, whether there are tools, whether models search, and
    what `[policy] system` tells all of them.
    """

    effort: str = ""
    tools: bool = False
    searches: bool = False
    system: str = ""


def enough_to_count(newest: Sequence[Turn], before: Model, after: Model) -> bool:
    """Whether these turns tell what either sees, as far as it is counted."""
    return len(newest) >= MOST or fills(newest, max(before.context, after.context))


def switch_costs(
    before: Model, after: Model, history: Sequence[Turn], habits: Habits, *, complete: bool
) -> Sequence[str]:
    """A sentence for each thing that `before` has and `after` has not. `complete`: the history is all there is."""
    turns = since_reset(history)
    files = _files(turns, refused_before(history, before))
    pictures = [one for one in files if is_picture(one.media_type)] if before.vision else []
    documents = [one for one in files if one.media_type == PDF] if before.documents else []
    said = []
    if pictures and not after.vision:
        said.append(f"It cannot see the {_many(pictures, 'picture')} above.")
    if documents and not after.documents:
        said.append(f"Of the {_many(documents, 'PDF')} above it gets the text only, not the pages.")
    said += _window(before, after, turns, habits, complete=complete)
    if before.tools and not after.tools and (habits.tools or any(turn.steps for turn in turns)):
        said.append("It takes no tools.")
    searched = habits.searches or any(turn.searched for turn in turns)
    if before.can_search and not after.can_search and (searched or before.search):
        said.append("It cannot search the web.")
    if habits.effort and thinks(before) and not thinks(after):
        said.append(f"It does not think first, so effort {habits.effort} changes nothing.")
    return said


def thinks(entry: Entry) -> bool:
    """Whether an effort means something to it; whoever auto chooses may think."""
    return not isinstance(entry, Model) or entry.reasoning or bool(entry.effort)


def _window(
    before: Model, after: Model, turns: Sequence[Turn], habits: Habits, *, complete: bool
) -> Sequence[str]:
    seen, now = (_seen(turns, model, habits.system) for model in (before, after))
    lost = sum(turn.is_question for turn in turns[len(turns) - seen : len(turns) - now])
    if not lost:
        return []
    window = f"Its window is smaller ({compact_number(after.context)} tokens)"
    if complete:
        messages = "the oldest question" if lost == 1 else f"the oldest {lost:,} questions"
        return [f"{window}, so {messages} of this conversation will not be seen."]
    left = sum(turn.is_question for turn in turns[len(turns) - now :])
    return [f"{window}, so only the newest {number_of(left, 'question')} of this conversation will be seen."]


def _seen(turns: Sequence[Turn], model: Model, company: str) -> int:
    """How many of the newest turns the next prompt for this model shows, about."""
    system = instructions(model, company=company, place="", time_zone="", at=0.0)
    asked = ChatMessage(author=turns[-1].asked.author if turns else Author(id=""), text="")
    first = build(turns, asked, model, system=system).shown_from
    return next((len(turns) - index for index, turn in enumerate(turns) if turn.id == first), 0)


def _files(turns: Sequence[Turn], refused: frozenset[str]) -> Sequence[File]:
    """Those that come with the next question again, each once."""
    said = [one for turn in turns[-RECENT:] for one in (*turn.heard, turn.asked)]
    found = {file.id: file for one in said for file in one.files if not file.trouble}
    return [file for id, file in found.items() if id not in refused]


def _many(files: Sequence[File], noun: str) -> str:
    return noun if len(files) == 1 else number_of(len(files), noun)
