"""A conversation in Microsoft's own Agents Playground: what people see there of Switchboard."""

import json
from pathlib import Path

import pytest

from tests.interop.playground import PROGRAM, conversation

needs_playground = pytest.mark.skipif(
    PROGRAM is None, reason="no agentsplayground on the PATH and AGENTSPLAYGROUND is not set"
)


@needs_playground
async def test_a_conversation_in_the_agents_playground(tmp_path: Path) -> None:
    seen = await conversation(tmp_path)

    answer, card = seen["answer"], seen["card"]
    assert answer["streamEntity"]["streamType"] == "final"
    assert len(seen["grew"]) > 5
    assert seen["grew"] == sorted(seen["grew"])
    assert "AIGeneratedContent" in json.dumps(answer["aiEntity"])
    assert answer["feedbackLoopEnabled"]
    assert answer["text"].splitlines()[-1] == "*magpie*"
    assert seen["thumb"] == {}
    assert "parrot" in json.dumps(card["attachments"])
    assert seen["pressed"]["value"] == "Got it."
    assert "parrot" in json.dumps(seen["picked"])
    assert "Titan" in seen["remembered"]["text"]
    assert seen["remembered"]["text"].splitlines()[-1] == "*parrot*"
    for place in (seen["group"], seen["channel"]):
        first, answer = place["first"], place["answer"]
        assert len(place["grew"]) > 3
        assert place["grew"] == sorted(place["grew"])
        for shown in (first, answer):
            assert "AIGeneratedContent" in json.dumps(shown["aiEntity"])
        assert first["feedbackLoopEnabled"]
        assert answer["text"].splitlines()[-1] == "*parrot*"
        assert place["pressed"]["value"] == "Got it."
        assert "magpie" in json.dumps(place["picker"]["attachments"])
        assert "You asked before" in place["remembered"]["text"]
