"""What a model is offered of a server to which the person who asks has not signed in: to ask them to."""

from collections.abc import Sequence

from bot.domain.formatting import clip
from bot.domain.tools import CallEnd, ToolDefinition, ToolResult

SIGN_IN = "sign_in"
NAMED = 40  # tools that a model is told of


def sign_in_tool(server: str) -> ToolDefinition:
    return ToolDefinition(
        server=server,
        name=SIGN_IN,
        description=f"The tools of {server} work only as the person who asks, and they have not signed in there. Call this "
        f"when the question needs {server}: they are shown how to, and afterwards you see its tools.",
        parameters={"type": "object", "properties": {}},
        signs_in=True,
    )


def sign_in_result(server: str, tools: Sequence[ToolDefinition], trouble: str) -> ToolResult:
    """After the person was asked to."""
    if any(one.signs_in for one in tools):
        return ToolResult(text=f"They are not signed in to {server}.", end=CallEnd.FAILED)
    if trouble or not tools:
        return ToolResult(text=trouble or f"{server} offers no tool to them.", end=CallEnd.FAILED)
    names = ", ".join(clip(one.full_name, 80) for one in tools[:NAMED])
    return ToolResult(text=f"They are signed in. Now there are: {names}. Go on with the question.")
