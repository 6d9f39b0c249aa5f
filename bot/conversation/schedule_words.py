"""What people read of schedules. Pure."""

from collections.abc import Sequence

from bot.context import Context
from bot.conversation.when.reading import Wish
from bot.domain.formatting import clip, escape_markdown
from bot.domain.recurrence import moment_in_words
from bot.domain.replies import Action, Button, Reply, Section
from bot.domain.schedules import PER_PERSON, PER_PLACE, QUOTED, Schedule

SHOWN = 10
REFUSED = "I cannot write there any more"
STRANGERS = "people of other organisations may not ask here"
NO_COMMANDS = (
    "A schedule can ask questions, also with `NAME: question` or `/compare`. It cannot run other commands."
)
ONLY_PEOPLE = "Only people can make schedules."
NOT_HERE = "That schedule does not exist any more. `/schedules` lists those there are."
NOT_YOURS = "Only who made it or an administrator can do that."
FULL = {
    "person": f"You have {PER_PERSON} schedules, and nobody may have more. Delete one with `/schedules` first.",
    "place": f"There are {PER_PLACE} schedules here, the most there may be. Delete one with `/schedules` first.",
    "workspace": "There are as many schedules as there may be. Ask somebody to delete one with `/schedules` first.",
}
NONE = "Nothing is asked by itself. `/every monday 9:00 question` asks a question each Monday at 9:00, here."
FILES = "Files are not kept for it: what is asked is the text."


def made(schedule: Schedule, wish: Wish, times: Sequence[float], *, files: bool, private: bool) -> Reply:
    """What was understood, and when that is."""
    lines = [f"Every {schedule.recurrence.words} I ask here, in your name: “{quoted(schedule)}”"]
    when = " · ".join(moment_in_words(one, schedule.zone) for one in times)
    lines.append(f"Next: {when}, {schedule.zone} time.")
    if not wish.zone:
        lines.append(
            "I do not know your time zone, so it is UTC. Name one behind the time: `9:00 Europe/Berlin`."
        )
    lines += wish.remarks
    lines += [FILES] if files else []
    delete = Button(action=Action.RUN, label="Delete", value=f"/schedules delete {schedule.id}")
    return Reply(text="\n\n".join(lines), buttons=(delete,), private=private)


def listing(context: Context, found: Sequence[Schedule]) -> Reply:
    """The person's own and those here, soonest first."""
    if not found:
        return Reply(text=NONE, private=not context.direct)
    more = f"{len(found) - SHOWN} more are not shown." if len(found) > SHOWN else ""
    sections = tuple(_section(context, one) for one in found[:SHOWN])
    return Reply(
        title="Schedules",
        text=more or "What is asked by itself:",
        sections=sections,
        private=not context.direct,
        secret=True,
    )


def told_paused(schedule: Schedule) -> Reply:
    """For its maker, who did not pause it."""
    text = (
        f"I paused a schedule of yours, every {schedule.recurrence.words}, because {schedule.paused}: "
        f"“{quoted(schedule)}” When that is mended, let it go on."
    )
    return Reply(text=text, buttons=_buttons(schedule), private=True)


def quoted(schedule: Schedule) -> str:
    """Its question in one line, as Markdown that shows it as it is."""
    return escape_markdown(schedule.question, QUOTED * 2)


def schedule_line(schedule: Schedule) -> str:
    """It in one line of Markdown."""
    return f"every {schedule.recurrence.words}: {quoted(schedule)} ({_when(schedule)})"


def _section(context: Context, schedule: Schedule) -> Section:
    own = schedule.author.id == context.event.author.id
    by = "" if own else f" · by {clip(schedule.author.name, 60) or 'somebody'}"
    return Section(
        title=f"Every {schedule.recurrence.words}",
        text=quoted(schedule),
        note=f"{_when(schedule)}{by}",
        buttons=_buttons(schedule) if own or context.administers else (),
    )


def _when(schedule: Schedule) -> str:
    if schedule.paused:
        return f"paused: {clip(schedule.paused, 120)}"
    return f"next {moment_in_words(schedule.next, schedule.zone)}, {schedule.zone} time"


def _buttons(schedule: Schedule) -> tuple[Button, ...]:
    what, label = ("resume", "Go on") if schedule.paused else ("pause", "Pause")
    return (
        Button(action=Action.RUN, label=label, value=f"/schedules {what} {schedule.id}"),
        Button(action=Action.RUN, label="Delete", value=f"/schedules delete {schedule.id}", danger=True),
    )
