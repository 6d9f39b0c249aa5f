"""What people and apps show in Slack beside the text they type, and what of it reaches the model.

The payloads have the shapes that Slack and its apps were seen to send.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest

from adapters.slack.inbound.content.message import author_of, read_message
from adapters.slack.install.installations import Installation
from tests.slack.fake.world import Json

US = Installation(workspace="T1", token="xoxb-1", user="UBOT1", bot="BBOT1")


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


TABLE: Json = {
    "type": "table",
    "rows": [
        [{"type": "raw_text", "text": "item"}, {"type": "raw_text", "text": "pieces | left"}],
        [rich({"type": "text", "text": "pier"}), {"type": "raw_number", "value": 42}],
    ],
}
ALERT: Json = {
    "color": "danger",
    "pretext": "Alertmanager",
    "title": "[FIRING:1] TideTooHigh",
    "title_link": "https://alerts.example.com/1",
    "text": "The tide is <https://example.com/t|above> 3 m",
    "fields": [{"title": "severity", "value": "page", "short": True}, {"title": "pier", "value": "7"}],
    "footer": "prometheus",
    "fallback": "[FIRING:1] TideTooHigh",
}
SHARE: Json = {
    "is_share": True,
    "is_msg_unfurl": True,
    "author_id": "U3",
    "author_name": "Bob",
    "channel_name": "incidents",
    "from_url": "https://acme.slack.com/archives/C9/p9000001",
    "text": "The pier is <#C9|closed>",
    "fallback": "[...] bob: The pier",
    "files": [
        {"id": "F7", "name": "pier.png", "mimetype": "image/png", "url_private": "https://files.slack.com/p"}
    ],
}


@dataclass(frozen=True)
class Case:
    """A message, and what of it is read."""

    name: str
    message: Json
    text: str = ""
    quotes: list[tuple[str, str, str]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


CASES = [
    Case("a forward without a word", {"user": "U1", "text": "", "attachments": [SHARE]},
         quotes=[("The pier is #closed", "Bob in #incidents", "https://acme.slack.com/archives/C9/p9000001")], files=["pier.png"]),
    Case("a forward with a question", {"user": "U1", "text": "what does this mean?", "attachments": [SHARE]}, "what does this mean?",
         [("The pier is #closed", "Bob in #incidents", "https://acme.slack.com/archives/C9/p9000001")], ["pier.png"]),
    Case("a share whose words are in its blocks alone",
         {"user": "U1", "attachments": [{"is_share": True, "author_name": "Bob",
          "message_blocks": [{"message": {"blocks": [rich({"type": "text", "text": "Look here"})]}}]}]},
         quotes=[("Look here", "Bob", "")]),
    Case("a private message shared as a bare link", {"user": "U1", "text": "?", "attachments": [{"is_msg_unfurl": True, "from_url": "https://acme.slack.com/x"}]},
         "?", [("", "another message", "https://acme.slack.com/x")]),
    Case("a pasted table", {"user": "U1", "text": "sum it up", "attachments": [{"id": 1, "fallback": "[no preview available]", "blocks": [TABLE]}]},
         "sum it up\n\n| item | pieces \\| left |\n| --- | --- |\n| pier | 42 |"),
    Case("a table among the blocks", {"user": "U1", "text": "sum it up", "blocks": [rich({"type": "text", "text": "sum it up"}), TABLE]},
         "sum it up\n\n| item | pieces \\| left |\n| --- | --- |\n| pier | 42 |"),
    Case("a link's preview", {"user": "U1", "text": "see <https://example.com/x>", "attachments": [{"from_url": "https://example.com/x",
         "original_url": "https://example.com/x", "service_name": "Example", "title": "Tides", "title_link": "https://example.com/x", "text": "High at noon"}]},
         "see https://example.com/x", [("Tides (https://example.com/x)\nHigh at noon", "Example", "https://example.com/x")]),
    Case("an alert of an older app", {"subtype": "bot_message", "bot_id": "B9", "username": "Alerts", "text": "", "attachments": [ALERT]},
         "Alertmanager\n[FIRING:1] TideTooHigh (https://alerts.example.com/1)\nThe tide is above (https://example.com/t) 3 m\nseverity: page\npier: 7\nprometheus"),
    Case("an alert that only says its fallback", {"bot_id": "B9", "attachments": [{"fallback": "build 7 failed"}]}, "build 7 failed"),
    Case("a post of a modern app", {"user": "U9", "bot_id": "B9", "app_id": "A9", "text": "Build failed", "blocks": [
         {"type": "header", "text": {"type": "plain_text", "text": "Build failed"}},
         {"type": "section", "text": {"type": "mrkdwn", "text": "on <https://ci.example.com|main>"}, "fields": [{"type": "mrkdwn", "text": "by <@U2>"}]},
         {"type": "context", "elements": [{"type": "mrkdwn", "text": "3 min"}, {"type": "image", "alt_text": "red"}]},
         {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Retry"}}]}]},
         "**Build failed**\n\non main (https://ci.example.com)\nby @U2\n\n3 min red"),
    Case("an app whose text is no summary", {"bot_id": "B9", "text": "Deploying", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "of main"}}]},
         "Deploying\n\nof main"),
    Case("rich text without text", {"user": "U1", "text": "", "blocks": [{"type": "rich_text", "elements": [
         {"type": "rich_text_section", "elements": [{"type": "text", "text": "see "}, {"type": "user", "user_id": "U2"}, {"type": "emoji", "name": "tada"}]},
         {"type": "rich_text_list", "style": "ordered", "offset": 2, "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "three"}]}]},
         {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "x = 1"}]},
         {"type": "rich_text_quote", "elements": [{"type": "text", "text": "so"}]}]}]},
         "see @U2:tada:\n3. three\n```\nx = 1\n```\n> so"),
    Case("people's rich text says what their text says", {"user": "U1", "text": "*so* it is", "blocks": [rich({"type": "text", "text": "so it is"})]}, "*so* it is"),
    Case("a table with a page and a caption", {"bot_id": "B9", "blocks": [{"type": "data_table", "caption": "Tides", "rows": [[{"type": "raw_text", "text": "pier"}]]}]},
         "Tides\n| pier |\n| --- |"),
    Case("a chart", {"bot_id": "B9", "blocks": [{"type": "data_visualization", "title": "Votes", "chart": {"type": "pie", "segments": [{"label": "grok", "value": 3}]}}]},
         "Votes\ngrok: 3"),
    Case("cards in a container", {"bot_id": "B9", "blocks": [{"type": "container", "child_blocks": [{"type": "card", "title": {"type": "plain_text", "text": "Pier 7"}}]}]}, "Pier 7"),
    Case("a mail", {"user": "U1", "text": "", "files": [{"id": "F1", "mode": "email", "filetype": "email", "subject": "Tides", "plain_text": "High at noon",
         "from": [{"original": "Bob <bob@example.com>"}], "to": [{"address": "ada@example.com"}]}]}, files=["Tides"]),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_a_message_says(case: Case) -> None:
    said = read_message(case.message, US)

    assert said.text == case.text
    assert [(quote.text, quote.source, quote.link) for quote in said.quotes] == case.quotes
    assert [file.name for file in said.files] == case.files


@pytest.mark.parametrize(
    ("file", "text", "trouble"),
    [
        ({"mode": "tombstone"}, "", "it was deleted"),
        ({"mode": "hidden_by_limit"}, "", "it is older than this workspace's plan keeps"),
        (
            {"mode": "external", "is_external": True, "external_type": "gdrive"},
            "",
            "only a link to Google Drive",
        ),
        ({"filetype": "list", "mimetype": "application/vnd.slack-list"}, "", "lists cannot be read"),
        ({"subtype": "slack_audio", "transcription": {"status": "processing"}}, "", "not ready yet"),
        ({"subtype": "slack_audio", "transcription": {"status": "failed"}}, "", "it has no transcript"),
        (
            {
                "subtype": "slack_video",
                "transcription": {"status": "complete", "preview": {"content": "High at noon"}},
            },
            "Transcript: High at noon",
            "",
        ),
        ({"mode": "email", "plain_text": "High at noon", "subject": "Tides"}, "High at noon", ""),
        ({"mimetype": "application/pdf", "name": "x.pdf"}, "", ""),
    ],
    ids=range(9),
)
def test_a_file_says_what_it_is_or_why_it_cannot_be_read(file: Json, text: str, trouble: str) -> None:
    (read,) = read_message({"user": "U1", "files": [{"id": "F1", **file}]}, US).files

    assert text in read.text
    assert (trouble in read.trouble) if trouble else read.trouble == ""


@pytest.mark.parametrize(
    ("message", "addressed", "others"),
    [
        ({"user": "U1", "text": "<@UBOT1> hi"}, True, False),
        ({"user": "U1", "text": "<@U2> hi"}, False, True),
        ({"user": "U1", "text": "<!subteam^S1> hi"}, False, True),
        ({"user": "U1", "text": "<@UBOT1> ask <@U2>"}, True, True),
        ({"user": "U1", "text": "see <#C1|general> <https://x.example|x>"}, False, False),
        ({"bot_id": "B9", "blocks": [rich({"type": "user", "user_id": "UBOT1"})]}, True, False),
    ],
    ids=range(6),
)
def test_who_is_mentioned(message: Json, addressed: bool, others: bool) -> None:
    said = read_message(message, US)

    assert (said.addressed, said.others) == (addressed, others)


def test_an_app_is_known_by_its_id_and_name() -> None:
    modern = author_of(
        {"user": "U9", "bot_id": "B9", "bot_profile": {"id": "B9", "name": "CI", "app_id": "A9"}}
    )
    older = author_of({"subtype": "bot_message", "bot_id": "B9", "username": "Alerts"})

    assert (modern.id, modern.name, modern.app) == ("A9", "CI", True)
    assert (older.id, older.name, older.app) == ("B9", "Alerts", True)


NONSENSE: list[Any] = [
    None,
    7,
    "x",
    [],
    {},
    [None],
    [7],
    [[]],
    [{}],
    {"a": 1},
    [{"type": 7}],
    [{"type": "table", "rows": [7, [8], [{}]]}],
    [{"type": "table", "rows": {"a": 1}}],
]


@pytest.mark.parametrize("value", NONSENSE, ids=range(len(NONSENSE)))
@pytest.mark.parametrize("key", ["blocks", "attachments", "files", "text", "bot_profile"])
def test_nothing_in_a_payload_makes_reading_fail(key: str, value: Any) -> None:
    inner = {
        "fields": value,
        "blocks": value,
        "files": value,
        "message_blocks": value,
        "is_share": bool(value),
    }
    for message in (
        {"user": "U1", key: value},
        {"bot_id": "B9", "attachments": [{**inner, "text": "x"}], key: value},
    ):
        said = read_message(message, US)

        assert isinstance(said.text, str)


def test_half_an_emoji_is_no_reason_to_lose_a_message() -> None:
    half = "high \ud83d"
    said = read_message(
        {
            "user": "U1",
            "text": half,
            "attachments": [{"is_share": True, "author_name": half, "text": half}],
            "files": [{"id": "F1", "name": half, "mode": "email", "plain_text": half}],
        },
        US,
    )
    texts = [said.text, said.quotes[0].text, said.quotes[0].source, said.files[0].name, said.files[0].text]

    assert all(text.encode() for text in texts)


def test_what_is_huge_is_cut() -> None:
    deep: Json = {"type": "section", "text": {"type": "plain_text", "text": "deep"}}
    for _ in range(500):
        deep = {"type": "container", "child_blocks": [deep]}
    message = {
        "user": "U1",
        "text": "x" * 1_000_000,
        "blocks": [deep],
        "attachments": [{**SHARE, "text": "y" * 100_000}] * 500,
        "files": [{"id": f"F{number}"} for number in range(500)],
    }
    said = read_message(message, US)

    assert len(said.text) == 40_000
    assert len(said.quotes) == 20
    assert all(len(quote.text) < 21_000 for quote in said.quotes)
    assert len(said.files) <= 41
