"""Translates the page's requests into events.

The page makes the ids, so that a message sent again after a lost response is stored only once.
"""

import time
from typing import Annotated

from annotated_types import MaxLen
from pydantic import BaseModel, ConfigDict, StringConstraints

from bot.domain.events import Author, ButtonPressed, FormFilled, MessageReceived, StopRequested, ThreadKey
from bot.domain.replies import Action

PLATFORM = "web"
PERSON = Author(id="local")
LONGEST = 100_000  # characters of a message
ID = r"[A-Za-z0-9_-]{8,64}"

Field = Annotated[str, StringConstraints(pattern="^[a-z]{1,40}$")]
Id = Annotated[str, StringConstraints(pattern=f"^{ID}$")]


class PageRequest(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Id


class PageMessage(PageRequest):
    text: Annotated[str, StringConstraints(pattern=r"\S", max_length=LONGEST)]
    zone: Annotated[str, StringConstraints(max_length=64)] = ""  # the browser's time zone, an IANA name
    anew: Annotated[str, StringConstraints(max_length=200)] = (
        ""  # id of the message that it is asked instead of
    )


class PagePress(PageRequest):
    action: Action
    value: Annotated[str, StringConstraints(max_length=200)] = ""
    message: Annotated[str, StringConstraints(max_length=200)] = ""
    comment: Annotated[str, StringConstraints(max_length=4_000)] = ""


class PageForm(PageRequest):
    form: Annotated[str, StringConstraints(max_length=200)]
    values: Annotated[dict[Field, Annotated[str, StringConstraints(max_length=10_000)]], MaxLen(20)]
    message: Annotated[str, StringConstraints(max_length=200)] = ""


class PageStop(PageRequest):
    turn: Annotated[str, StringConstraints(max_length=200)] = ""


class PageTitle(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


def thread_key(chat: str) -> ThreadKey:
    """A conversation of the page is a thread of its only channel: a preference can be for one or for all."""
    return ThreadKey(platform=PLATFORM, workspace="local", channel="page", thread=chat)


def message(chat: str, sent: PageMessage) -> MessageReceived:
    return MessageReceived(
        id=sent.id,
        thread=thread_key(chat),
        author=PERSON,
        at=time.time(),
        reply={"zone": sent.zone} if sent.zone else {},
        text=sent.text,
        message=sent.id,
        anew=sent.anew,
        direct=True,
        threaded=True,
    )


def press(chat: str, sent: PagePress) -> ButtonPressed:
    return ButtonPressed(
        id=sent.id,
        thread=thread_key(chat),
        author=PERSON,
        at=time.time(),
        action=sent.action,
        value=sent.value,
        message=sent.message,
        comment=sent.comment,
        direct=True,
        threaded=True,
    )


def filled(chat: str, sent: PageForm) -> FormFilled:
    return FormFilled(
        id=sent.id,
        thread=thread_key(chat),
        author=PERSON,
        at=time.time(),
        form=sent.form,
        values=sent.values,
        message=sent.message,
        direct=True,
        threaded=True,
    )


def stop(chat: str, sent: PageStop) -> StopRequested:
    return StopRequested(id=sent.id, thread=thread_key(chat), author=PERSON, at=time.time(), turn=sent.turn)
