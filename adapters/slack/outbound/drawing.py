"""Rendering beside the event loop, where a text is long enough to hold it up."""

import asyncio
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

LONG: Final = 4_000
"""Characters. A whole page of twice that takes 5 to 45 ms of a processor, what is shorter takes less than 20."""

Given = ParamSpec("Given")
Drawn = TypeVar("Drawn")


async def drawn_from(
    characters: int, render: Callable[Given, Drawn], *args: Given.args, **kwargs: Given.kwargs
) -> Drawn:
    """What `render` makes of so many characters."""
    if characters > LONG:
        return await asyncio.to_thread(render, *args, **kwargs)
    return render(*args, **kwargs)
