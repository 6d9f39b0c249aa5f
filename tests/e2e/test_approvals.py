"""A Foundry agent that wants to run a tool, against the product as it is run: on Slack, and over a restart on the page."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

from tests.e2e.company import Vendors, addresses, company, write_models
from tests.e2e.test_page import Page
from tests.ops.product import running
from tests.providers.fake import InPieces, Say, fake_vendor
from tests.providers.framings import event, sent
from tests.slack.fake import reading

AGENT = """
[providers.project]
dialect = "openai-responses"
base_url = "{url}/api/projects/P/openai/v1"
api_key_env = "XAI_API_KEY"
auth = "api-key"

[[models]]
name = "travel"
provider = "project"
agent = "travel"
"""
REQUEST = {
    "type": "mcp_approval_request",
    "id": "mcpr_1",
    "server_label": "github",
    "name": "create_issue",
    "arguments": json.dumps({"title": "Tides"}),
}
WAITS = sent(
    event("created", response={"id": "resp_1"}),
    event("output_item.done", item=REQUEST, output_index=0),
    event("completed", response={"id": "resp_1", "model": "gpt-x", "output": [REQUEST]}),
)


def continued(vendors: Vendors) -> list[dict[str, Any]]:
    """What the agent was told of what people decided."""
    return [one.body for one in vendors.asked if one.body.get("previous_response_id")]


async def test_in_slack_only_the_asker_lets_it_run_and_only_once(tmp_path: Path) -> None:
    vendors = Vendors()
    async with fake_vendor(vendors), company(tmp_path, AGENT.format(url=vendors.url)) as co:
        vendors.plays["file it"] = [InPieces(WAITS, 7)]
        vendors.plays[""] = [Say("Filed as 42.")]
        asked = await co.ask(f"{co.bot} travel: file it")

        assert "Run create_issue on github?" in reading.text(asked)
        assert '"title": "Tides"' in reading.text(asked)
        assert reading.buttons(asked) == ["Run it", "Don't"]
        before = set(co.at.slack.channels["C1"].messages)
        await co.at.press(asked, "Run it", user="U2")
        word = await co.at.next(before, "C1")
        assert (word.seen_by, reading.text(word)) == ("U2", "Only Ada or an administrator can decide that.")
        assert continued(vendors) == []

        old = deepcopy(asked)
        await co.at.press(asked, "Run it")
        *_, done = await co.at.answered(asked.thread_ts, "C1", count=2)
        assert reading.text(asked).endswith("Ada: Run it.")
        assert reading.buttons(asked) == []
        assert reading.text(done).startswith("Filed as 42.")
        before = set(co.at.slack.channels["C1"].messages)
        await co.at.press(old, "Don't")
        word = await co.at.next(before, "C1")
        assert reading.text(word) == "That is decided already: it was run."
        (body,) = continued(vendors)
        assert body["input"] == [
            {"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": True}
        ]
        assert body["previous_response_id"] == "resp_1"


async def test_it_can_be_decided_after_a_restart(tmp_path: Path) -> None:
    vendors = Vendors()
    async with fake_vendor(vendors):
        write_models(tmp_path, AGENT.format(url=vendors.url))
        settings = addresses(vendors)
        vendors.plays["file it"] = [InPieces(WAITS, 4096)]
        vendors.plays[""] = [Say("Then not.")]
        async with running(tmp_path, **settings) as product, product.visitor() as client:
            asked = await Page(client, vendors).says("travel: file it")
        async with running(tmp_path, **settings) as product, product.visitor() as client:
            button = next(one for one in asked["closing"]["buttons"] if one["label"] == "Don't")
            done = await Page(client, vendors).presses(button, asked)

    assert "**Run** `create_issue` on `github`?" in asked["text"]
    assert done["text"].strip() == "Then not."
    (body,) = continued(vendors)
    assert body["input"][0]["approve"] is False
