"""What is shown of a choice is true from the moment on in which it is said: on the page, as it is run."""

import asyncio
from pathlib import Path

from tests.e2e.test_page import CHAT, Page, page
from tests.ops.product import PATIENCE
from tests.ops.test_running import posts, send

TIMES = 24


async def told(at: Page, command: str) -> None:
    """Until its answer can be seen, and no longer."""
    known = {post["id"] for post in await posts(at.http, CHAT)}
    await send(at.http, CHAT, command)
    async with asyncio.timeout(PATIENCE):
        while True:
            last = (await posts(at.http, CHAT))[-1]
            if "reply" in last and last["id"] not in known:
                return


async def selected(at: Page) -> str:
    async with at.http.get(f"/web/chats/{CHAT}/standing") as standing:
        return str((await standing.json())["selected"])


async def test_who_answers_is_true_as_soon_as_a_switch_is_confirmed(tmp_path: Path) -> None:
    async with page(tmp_path) as at:
        wrong = []
        for number in range(TIMES):
            name = ("grok", "claude")[number % 2]
            await told(at, f"/model {name}")
            wrong += [name] if (await selected(at)) != f"thread {name}" else []

    assert wrong == []


async def test_a_choice_that_is_erased_is_gone_as_soon_as_that_is_said(tmp_path: Path) -> None:
    async with page(tmp_path) as at:
        usual, wrong = await selected(at), []
        for _ in range(TIMES // 2):
            await told(at, "/model claude")
            await told(at, "/forget")
            wrong += [now] if (now := await selected(at)) != usual else []

    assert wrong == []
