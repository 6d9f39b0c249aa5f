"""What people really type after a mention, and what is meant."""

import pytest

from bot.conversation.command_parser import Ask, Command, Meaning, Unclear, parse_message
from bot.domain.catalog import Catalog
from tests.conversation.stage import CLAUDE, GROK, Stage

CATALOG = Catalog((GROK, CLAUDE), default="grok")
SWITCH = Command(name="model", rest="grok")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (", model grok", SWITCH),
        (": help", Command(name="help")),
        (":help", Command(name="help")),
        ("\u00a0model\u00a0grok", SWITCH),
        ("model\u3000grok", SWITCH),
        ("`model grok`", SWITCH),
        ("```model grok```", SWITCH),
        ("*model grok*", SWITCH),
        ('"model grok"', SWITCH),
        ("\u201cmodel grok\u201d", SWITCH),
        ("model grok.", Command(name="model", rest="grok")),
        ("Help!", Command(name="help")),
        ("usage.", Command(name="usage")),
        ("- usage", Command(name="usage")),
        ("\u2014 usage", Command(name="usage")),
        ("/Model Grok", Command(name="model", rest="Grok")),
        ("forget me.", Command(name="forget", rest="me")),
        ("forget it", Ask(text="forget it")),
        ("ask grok why.", Command(name="ask", rest="grok why.")),
        ("mute", Command(name="mute")),
        ("stop.", Command(name="mute")),
        ("stop the music", Ask(text="stop the music")),
        ("/forget me", Command(name="forget", rest="me")),
        ("/grok why is the sky blue?", Ask(text="why is the sky blue?", model="grok")),
        (", grok: why?", Ask(text="why?", model="grok")),
        (", why is it so?", Ask(text="why is it so?")),
        ("model trains are fun", Ask(text="model trains are fun")),
        ("`help` is a word?", Ask(text="`help` is a word?")),
        ("help me with this", Ask(text="help me with this")),
        ("mute the microphone, how?", Ask(text="mute the microphone, how?")),
        (":tada: we did it", Ask(text=":tada: we did it")),
        ("- one\n- two", Ask(text="- one\n- two")),
        ("/etc/hosts says what?", Ask(text="/etc/hosts says what?")),
        ("*why* and *how*", Ask(text="*why* and *how*")),
        ("/modle grok", Unclear(typed="/modle", near=["model"])),
    ],
    ids=range(35),
)
def test_what_is_typed_is_understood(typed: str, meant: Meaning) -> None:
    assert parse_message(typed, CATALOG) == meant


@pytest.mark.parametrize("typed", ["model grok --me", "model grok \u2014me", "model grok \u2013me"])
async def test_a_phones_dash_is_two_hyphens(typed: str) -> None:
    stage = Stage()
    told = await stage.says(typed)

    assert "for you" in told.replies[0].text


async def test_a_slash_command_nobody_knows_is_no_question() -> None:
    stage = Stage()
    told = await stage.says("/kitty purr", private=True)

    assert stage.one.asked == []
    assert told.replies[0].private
    assert "`/model`" in told.replies[0].text
