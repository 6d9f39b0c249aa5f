"""Marks for vendors that cache a prompt's beginning only where they are told to.

They stand behind the system text and at the end of the last two questions: what the newest question's mark has written is
found by the next prompt at the older one. Four are allowed. A mark is no part of what is compared. What is kept for an
hour costs twice the price of input to write, and is worth it where five minutes are over before the next question.
Source: docs.anthropic.com/en/docs/build-with-claude/prompt-caching; openrouter.ai/docs passes them on.
"""

from collections.abc import Sequence
from typing import Any, Final

MINUTES: Final = {"cache_control": {"type": "ephemeral"}}
HOUR: Final = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
Mark = dict[str, dict[str, str]]
QUESTIONS: Final = 2
MARKABLE: Final = frozenset({"text", "image", "document", "tool_result"})


def cacheable_text(text: str, mark: Mark = MINUTES) -> list[dict[str, Any]]:
    """A text as the list of blocks that can hold a mark."""
    return [{"type": "text", "text": text, **mark}]


def with_cache_marks(messages: Sequence[dict[str, Any]], mark: Mark = MINUTES) -> list[dict[str, Any]]:
    """The messages, with marks in the last questions. Their content is a text or a list of blocks."""
    asked = [at for at, message in enumerate(messages) if message["role"] == "user"][-QUESTIONS:]
    return [
        {**message, "content": _marked(message["content"], mark)} if at in asked else message
        for at, message in enumerate(messages)
    ]


def _marked(content: str | list[dict[str, Any]], mark: Mark) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return cacheable_text(content, mark)
    last = max((at for at, block in enumerate(content) if block["type"] in MARKABLE), default=None)
    return [{**block, **mark} if at == last else block for at, block in enumerate(content)]
