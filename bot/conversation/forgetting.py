"""The /forget that people type: this conversation, for good."""

from bot.context import Context, Response
from bot.domain.claims import Outcome
from bot.domain.formatting import number_of
from bot.domain.preferences import ToolPreferences
from bot.domain.replies import Reply
from bot.schedule_ports import ScheduleStore


async def forget(context: Context, schedules: ScheduleStore) -> Response:
    """Erases the conversation with its schedules, and says what goes and what stays."""
    record = await context.claim.history.everything()
    dropped = await schedules.drop_of_conversation(context.thread)
    # Several answers to one question are one question.
    asked = {turn.asked.message or turn.id for turn in record if turn.is_question}
    said = ["Nothing to erase: nothing of this conversation is kept."]
    if asked:
        said = [f"Erased {number_of(len(asked), 'question')} with the answers. It cannot be undone."]
    elif record:
        said = ["Erased what I heard here. It cannot be undone."]
    if dropped:
        said.append(f"{number_of(dropped, 'schedule')} of it too, so nothing asks itself here any more.")
    if context.claim.preferences.thread or context.claim.preferences.effort.thread:
        said.append("What was picked for this conversation goes too.")
    if context.threaded and not context.direct:
        said.append("I do not follow this thread any more; mention me to begin again.")
    if context.capabilities.keeps_messages:
        said.append("The messages above are erased.")
    elif record:
        said.append("Messages you see in this chat stay; delete them there.")
    if asked:
        said.append("Only the numbers under `usage` and `scoreboard` stay: no words of anybody.")
    return Response(
        reply=Reply(text=" ".join(said), private=context.private, forgets=True),
        outcome=Outcome(
            replace=(),
            thread_model="",
            thread_effort="",
            thread_tools=ToolPreferences(),
            forget=True,
            unread=context.threaded and not context.direct,
        ),
    )
