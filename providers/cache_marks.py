"""Marks for vendors that cache a prompt's beginning only where they are told to.

They stand behind the system text and at the end of the last two questions: what the newest question's mark has written is
found by the next prompt at the older one. Four are allowed. A mark is no part of what is compared.
Source: docs.anthropic.com/en/docs/build-with-claude/prompt-caching; openrouter.ai/docs passes them on.
"""

from collections.abc import Sequence
from typing import Any, Final

MARK: Final = {"cache_control": {"type": "ephemeral"}}
QUESTIONS: Final = 2
MARKABLE: Final = frozenset({"text", "image", "document", "tool_result"})


def cacheable_text(text: str) -> list[dict[str, Any]]:
    """A text as the list of blocks that can hold a mark."""
    return [{"type": "text", "text": text, **MARK}]


def with_cache_marks(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages, with marks in the last questions. Their content is a text or a list of blocks."""
    asked = [at for at, message in enumerate(messages) if message["role"] == "user"][-QUESTIONS:]
    return [
        {**message, "content": _marked(message["content"])} if at in asked else message
        for at, message in enumerate(messages)
    ]


def _marked(content: str | list[dict[str, Any]]) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return cacheable_text(content)
    last = max((at for at, block in enumerate(content) if block["type"] in MARKABLE), default=None)
    return [{**block, **MARK} if at == last else block for at, block in enumerate(content)]
