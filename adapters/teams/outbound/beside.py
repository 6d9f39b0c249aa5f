"""What comes with an answer beside its text, each in a message of its own under it: pictures, and files that can be taken.

Teams splits a message of text and a picture, and a file is asked for by a card alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.teams.outbound.connector import Repeat, TeamsApiError
from adapters.teams.outbound.delivery import DeliveryContext
from adapters.teams.outbound.pictures import picture_message, showable
from adapters.teams.outbound.rendering import files, messages
from adapters.teams.outbound.rendering.markdown import to_markdown
from adapters.teams.outbound.rendering.messages import Activity
from bot.domain.generated import GeneratedFile, in_words

ELSEWHERE = (
    "came with this answer, and no files can be sent here. Ask me for it in a chat of our own in Teams."
)
FULL = "came with this answer, and too many files wait to be taken now. Ask again in an hour to get it."
NOWHERE = "came with this answer, and in this cloud Teams takes no files from bots."
PAUSE = 1.0  # seconds between two: Teams takes eight messages and edits in two seconds
REFUSED = "came with this answer, and Teams did not take it. Ask again to get it."


@dataclass(frozen=True, slots=True)
class MessageBeside:
    """A message, and what is said where Teams refuses it."""

    shown: Activity
    refused: Activity


def beside(made: Sequence[GeneratedFile], context: DeliveryContext) -> list[MessageBeside]:
    return list(_beside(made, context))


def left_over(made: Sequence[GeneratedFile], context: DeliveryContext) -> str:
    """In Markdown as Teams has it: what can neither be shown nor taken here."""
    rest = [file for file in made if _shown(file, context) is None]
    return to_markdown("\n\n".join(in_words([file], _way(file, context)) for file in rest))


def _way(file: GeneratedFile, context: DeliveryContext) -> str:
    if not context.consent:
        return NOWHERE
    return ELSEWHERE if file.key or context.reference.copilot else FULL


def _beside(made: Sequence[GeneratedFile], context: DeliveryContext) -> Iterator[MessageBeside]:
    for file in made:
        if shown := _shown(file, context):
            yield MessageBeside(shown, messages.text_message(to_markdown(in_words([file], REFUSED))))


def _shown(file: GeneratedFile, context: DeliveryContext) -> Activity | None:
    reference = context.reference
    if reference.copilot:
        return None
    if showable(file):
        return picture_message(file)
    if not (file.key and context.consent):
        return None
    return files.consent_message(file) if reference.personal else files.offer_message(file, reference)


async def post_beside(
    context: DeliveryContext, wanted: Sequence[MessageBeside], saved: Mapping[str, Any]
) -> tuple[str, ...]:
    """Posts those that an earlier attempt has not. The id of each is saved at once, beside what the answer saved."""
    ids = [str(id) for id in saved.get("beside", ())]
    for number, one in enumerate(wanted[len(ids) :]):
        if number:
            await context.clock.sleep(PAUSE)
        ids.append(await _post(context, one))
        await context.turn_handle.save({**(context.turn_handle.ref or {}), "beside": list(ids)})
    return tuple(id for id in ids if id)


async def _post(context: DeliveryContext, one: MessageBeside) -> str:
    try:
        return await _sent(context, one.shown)
    except TeamsApiError as error:
        if error.gone or error.status not in {400, 403, 413, 415}:
            raise
    return await _sent(context, one.refused)


async def _sent(context: DeliveryContext, activity: Activity) -> str:
    reference = context.reference
    return await context.connector.post(reference.where, messages.addressed(activity, reference), Repeat.ONCE)
