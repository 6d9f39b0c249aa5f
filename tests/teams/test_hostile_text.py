"""No text, however it is made up, holds up what reads it for Teams: see tests.security.test_hostile_text."""

import time
from collections.abc import Callable

import pytest
from yarl import URL

from adapters.teams.inbound import message_text
from adapters.teams.inbound.activity import IncomingActivity
from adapters.teams.outbound.rendering import inline, rich
from adapters.teams.outbound.rendering.markdown import MarkdownStream
from tests.security.test_hostile_text import LONG, MOST, TEXTS


def flow(text: str) -> None:
    growing = MarkdownStream()
    growing.feed(text)
    growing.shown()
    growing.whole()


READERS: dict[str, Callable[[str], object]] = {"growing": flow, "a card": rich.card_elements}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_no_text_holds_up_its_reader(reader: Callable[[str], object], text: str) -> None:
    began = time.process_time()
    reader(text)

    assert time.process_time() - began < MOST


def test_a_link_that_lies_at_length_is_told_at_once() -> None:
    began = time.process_time()
    inline.honest("a." * LONG + "1", URL("http://e.example"))

    assert time.process_time() - began < MOST


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
    began = time.process_time()
    message_text.message_words(IncomingActivity.model_validate(activity))

    assert time.process_time() - began < MOST
