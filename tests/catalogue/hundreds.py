"""A vendor on loopback with as many models as OpenRouter, under their real ids."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from genai_prices import data_snapshot

from tests.providers.fake import Answer, FakeVendor, fake_vendor


def ids() -> list[str]:
    router = next(each for each in data_snapshot.get_snapshot().providers if each.id == "openrouter")
    return [model.id for model in router.models]


@asynccontextmanager
async def crowded(folder: Path) -> AsyncIterator[FakeVendor]:
    """The vendor, and the operator's file for it."""
    vendor = FakeVendor()
    rows = [
        {"id": each, "context_length": 128_000, "pricing": {"prompt": "1e-6", "completion": "2e-6"}}
        for each in ids()
    ]
    body = json.dumps({"data": rows}).encode()
    vendor.listing = Answer(200, {"content-type": "application/json"}, body)
    async with fake_vendor(vendor):
        toml = f'[providers.router]\nvendor = "openrouter"\nbase_url = "{vendor.url}/v1"\n'
        (folder / "switchboard.toml").write_text(toml, encoding="utf-8")
        yield vendor
