"""No text, however it is made up, holds up what reads it for Teams: see tests.security.test_hostile_text."""

from collections.abc import Callable

import pytest

from adapters.teams.inbound.activity import IncomingActivity
from adapters.teams.inbound.content.message import read_activity
from adapters.teams.outbound.rendering import rich, sizes
from adapters.teams.outbound.rendering.markdown import ShownMarkdown
from tests.security.test_hostile_text import LONG, TEXTS
from tests.stopwatch import assert_quick


def streamed(text: str) -> None:
    flow = ShownMarkdown(extended=False)
    flow.steady(text)
    sizes.parts(flow.finished(text))


def edited(text: str) -> None:
    flow = ShownMarkdown(extended=True)
    flow.grown(text)
    sizes.parts(flow.finished(text))


READERS: dict[str, Callable[[str], object]] = {
    "streamed": streamed,
    "edited": edited,
    "a card": rich.card_elements,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_no_text_holds_up_its_reader(reader: Callable[[str], object], text: str) -> None:
    assert_quick(lambda: reader(text))


def test_a_link_that_lies_at_length_is_told_at_once() -> None:
    assert_quick(lambda: streamed(f"[{'a.' * LONG}1](http://e.example)"))


def test_a_message_that_mentions_the_bot_hundreds_of_times_is_read_at_once() -> None:
    mention = {
        "type": "mention",
        "text": "<at>elsewhere</at>",
        "mentioned": {"id": "bot", "name": "elsewhere"},
    }
    activity = {
        "type": "message",
        "conversation": {"id": "c"},
        "from": {"id": "u"},
        "recipient": {"id": "bot"},
        "text": "<at>x</at>" * 25_000,
        "entities": [mention] * 500,
    }

    assert_quick(lambda: read_activity(IncomingActivity.model_validate(activity)))
