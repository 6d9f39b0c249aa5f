"""The yardstick for slack_cpu: a Bolt app with the vendor's own client, as the samples of both are written.

Runs under an interpreter that has slack-bolt, aiohttp and openai, and nothing of ours. It keeps nothing: no inbox, no
memory, no retry, no order, no footer.
"""

import asyncio
import json
import sys
from typing import Any

import aiohttp
from aiohttp import web
from openai import AsyncOpenAI  # type: ignore[import-not-found]  # only in the peer's own environment
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient


async def main(said: dict[str, Any]) -> None:
    vendor = AsyncOpenAI(api_key="k", base_url=said["model"])
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=said["token"], base_url=said["api"], session=session)
        app = AsyncApp(signing_secret=said["secret"], client=client)

        @app.event("app_mention")
        async def mentioned(event: dict[str, Any]) -> None:
            thread = event.get("thread_ts") or event["ts"]
            posted = await client.chat_postMessage(channel=event["channel"], thread_ts=thread, text="…")
            text = ""
            stream = await vendor.chat.completions.create(
                model="gpt-6-sol", messages=[{"role": "user", "content": event["text"]}], stream=True
            )
            async for chunk in stream:
                text += chunk.choices[0].delta.content or ""
            await client.chat_update(channel=event["channel"], ts=posted["ts"], text=text)

        @app.event("message")
        async def overheard() -> None:
            pass

        runner = web.AppRunner(app.web_app(), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(runner.addresses[0][1], flush=True)  # noqa: T201 - tells the benchmark where it listens
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
