"""`python -m tests.teams [BOT_URL]`: the fake as a process; prints its control address and its environment."""

import asyncio
import json
import sys

from tests.teams.control import Control
from tests.teams.fake import NOWHERE, FakeTeams


async def serve(bot_url: str) -> None:
    async with FakeTeams(bot_url=bot_url) as teams:
        control = await teams.serve(Control(teams).routes())
        sys.stdout.write(json.dumps({"control": control, "environment": teams.environment()}) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:2] or [NOWHERE]))
