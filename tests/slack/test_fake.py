"""The fake is as strict as Slack: what it refuses, it refuses with Slack's own words, to Slack's own client."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.slack.fake import events
from tests.slack.fake.clock import Leap
from tests.slack.fake.server import FakeSlack, fake_slack
from tests.slack.fake.world import Slack

Call = Callable[[AsyncWebClient], Awaitable[Any]]
SECTION = [{"type": "section", "text": {"type": "mrkdwn", "text": "x"}}]


@pytest.fixture
async def fake() -> AsyncGenerator[FakeSlack, None]:
    async with fake_slack(clock=Leap()) as fake:
        fake.slack.add_team("T1", token="xoxb-1")
        fake.slack.add_person("U1", "T1")
        fake.slack.add_channel("C1", "T1")
        fake.slack.add_channel("D1", "T1", kind="im", user="U1")
        yield fake


@pytest.fixture
def client(fake: FakeSlack) -> AsyncWebClient:
    return AsyncWebClient(token="xoxb-1", base_url=fake.api_url, session=fake.session)


async def refusal(call: Awaitable[Any]) -> str:
    with pytest.raises(SlackApiError) as error:
        await call
    return str(error.value.response["error"])


def asked(slack: Slack) -> str:
    return events.said(slack, slack.channels["C1"], "U1", "hello").ts


REFUSED: dict[str, tuple[Call, str]] = {
    "nothing to say": (lambda c: c.api_call("chat.postMessage", json={"channel": "C1"}), "no_text"),
    "no such channel": (lambda c: c.chat_postMessage(channel="C9", text="x"), "channel_not_found"),
    "no such thread": (
        lambda c: c.chat_postMessage(channel="C1", text="x", thread_ts="1.1"),
        "thread_not_found",
    ),
    "two kinds of text": (
        lambda c: c.chat_postMessage(channel="C1", markdown_text="x", blocks=SECTION),
        "markdown_text_conflict",
    ),
    "too many blocks": (
        lambda c: c.chat_postMessage(channel="C1", text="x", blocks=SECTION * 51),
        "msg_blocks_too_many",
    ),
    "too much text": (
        lambda c: c.chat_postMessage(
            channel="C1",
            text="x",
            blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}] * 5,
        ),
        "msg_blocks_too_long",
    ),
    "an unknown block": (
        lambda c: c.chat_postMessage(channel="C1", text="x", blocks=[{"type": "poem"}]),
        "invalid_blocks",
    ),
    "somebody else's message": (
        lambda c: c.chat_update(channel="C1", ts="1.1", text="x"),
        "message_not_found",
    ),
    "no such person": (lambda c: c.users_info(user="U9"), "user_not_found"),
    "no recipient": (
        lambda c: c.chat_startStream(channel="C1", thread_ts="1.1"),
        "missing_recipient_team_id",
    ),
    "no such method": (lambda c: c.api_call("chat.sing"), "unknown_method"),
    "an old trigger": (lambda c: c.views_open(trigger_id="x", view={}), "exchanged_trigger_id"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_slack_refuses_is_refused(client: AsyncWebClient, case: str) -> None:
    call, error = REFUSED[case]

    assert await refusal(call(client)) == error


@pytest.mark.parametrize(
    ("change", "error"),
    [
        pytest.param({"bot_in": False}, "not_in_channel", id="no member"),
        pytest.param({"bot_in": False, "kind": "im"}, "channel_not_found", id="other people's"),
        pytest.param({"archived": True}, "is_archived", id="archived"),
        pytest.param({"refuses": "restricted_action"}, "restricted_action", id="read-only"),
    ],
)
async def test_a_place_that_closes_refuses_everything_that_shows(
    fake: FakeSlack, client: AsyncWebClient, change: dict[str, Any], error: str
) -> None:
    thread, place = asked(fake.slack), fake.slack.channels["C1"]
    where: dict[str, Any] = {"channel": "C1", "recipient_team_id": "T1", "recipient_user_id": "U1"}
    posted = await client.chat_postMessage(channel="C1", text="x")
    stream = await client.chat_startStream(thread_ts=thread, **where)
    url = events.response_url(fake.slack, "C1", "U1").replace("{origin}", fake.api.origin)
    for name, value in change.items():
        setattr(place, name, value)

    assert await refusal(client.chat_postMessage(channel="C1", text="x")) == error
    assert await refusal(client.chat_update(channel="C1", ts=posted["ts"], text="x")) == error
    assert await refusal(client.chat_startStream(thread_ts=thread, **where)) == error
    assert await refusal(client.chat_appendStream(channel="C1", ts=stream["ts"], markdown_text="x")) == error
    if place.refuses:  # members may be whispered to
        await client.chat_postEphemeral(channel="C1", user="U1", text="x")
    else:
        assert await refusal(client.chat_postEphemeral(channel="C1", user="U1", text="x")) == error
    async with fake.session.post(url, json={"text": "x"}) as answer:
        assert answer.status == 200


async def test_a_persons_id_stands_for_their_direct_messages_in_a_post_alone(
    fake: FakeSlack, client: AsyncWebClient
) -> None:
    posted = await client.chat_postMessage(channel="U1", text="x")

    assert posted["channel"] == "D1"
    assert await refusal(client.chat_update(channel="U1", ts=posted["ts"], text="x")) == "channel_not_found"
    assert await refusal(client.conversations_history(channel="U1")) == "channel_not_found"


async def test_tokens_open_what_they_may(fake: FakeSlack) -> None:
    strangers = AsyncWebClient(token="xoxb-nobody", base_url=fake.api_url, session=fake.session)
    nobody = AsyncWebClient(base_url=fake.api_url, session=fake.session)
    assert await refusal(strangers.auth_test()) == "invalid_auth"
    assert await refusal(nobody.auth_test()) == "not_authed"
    fake.slack.tokens["xoxb-1"].scopes -= {"chat:write"}
    ours = AsyncWebClient(token="xoxb-1", base_url=fake.api_url, session=fake.session)

    assert await refusal(ours.chat_postMessage(channel="C1", text="x")) == "missing_scope"


async def test_the_four_wire_forms_are_understood(fake: FakeSlack, client: AsyncWebClient) -> None:
    ts = asked(fake.slack)
    await client.chat_postMessage(channel="C1", text="x", thread_ts=ts)
    await client.conversations_replies(channel="C1", ts=ts)
    await client.reactions_add(channel="C1", name="eyes", timestamp=ts)
    await client.auth_test()

    assert {call.method: call.wire for call in fake.slack.calls} == {
        "chat.postMessage": "json",
        "conversations.replies": "query",
        "reactions.add": "query",
        "auth.test": "query",
    }


async def test_the_same_client_msg_id_posts_once(client: AsyncWebClient) -> None:
    first = await client.chat_postMessage(channel="C1", text="x", client_msg_id="same")
    second = await client.chat_postMessage(channel="C1", text="x", client_msg_id="same")

    assert first["ts"] == second["ts"]


async def test_a_stream_lives_and_ends_as_slack_says(fake: FakeSlack, client: AsyncWebClient) -> None:
    thread = asked(fake.slack)
    where: dict[str, Any] = {"channel": "C1", "recipient_team_id": "T1", "recipient_user_id": "U1"}
    stream = await client.chat_startStream(thread_ts=thread, markdown_text="Hello", **where)
    here: dict[str, Any] = {"channel": "C1", "ts": stream["ts"]}

    assert await refusal(client.chat_update(text="x", **here)) == "streaming_state_conflict"
    assert await refusal(client.chat_appendStream(markdown_text="x" * 12_001, **here)) == "msg_too_long"
    assert await refusal(client.chat_appendStream(markdown_text="x" * 11_998, **here)) == "msg_too_long"
    assert await refusal(client.chat_appendStream(chunks=[{"type": "song"}], **here)) == "invalid_chunks"
    await client.chat_stopStream(**here)
    assert (
        await refusal(client.chat_appendStream(markdown_text="x", **here)) == "message_not_in_streaming_state"
    )
    await client.chat_update(text="y", **here)

    old = await client.chat_startStream(thread_ts=thread, markdown_text="Hello", **where)
    await fake.slack.clock.sleep(301)
    assert (
        await refusal(client.chat_stopStream(channel="C1", ts=old["ts"])) == "message_not_in_streaming_state"
    )


async def test_calls_beyond_the_limit_are_told_when_to_come_back(
    fake: FakeSlack, client: AsyncWebClient
) -> None:
    thread = asked(fake.slack)
    where: dict[str, Any] = {
        "channel": "C1",
        "recipient_team_id": "T1",
        "recipient_user_id": "U1",
        "thread_ts": thread,
    }
    for _ in range(20):
        await client.chat_startStream(**where)
    with pytest.raises(SlackApiError) as error:
        await client.chat_startStream(**where)
    await fake.slack.clock.sleep(float(error.value.response.headers["Retry-After"]))

    assert error.value.response.status_code == 429
    await client.chat_startStream(**where)


async def test_some_apps_read_threads_slowly(fake: FakeSlack, client: AsyncWebClient) -> None:
    fake.slack.commercial = True
    thread = asked(fake.slack)
    for number in range(20):
        events.said(fake.slack, fake.slack.channels["C1"], "U1", f"{number}", thread=thread)
    page = await client.conversations_replies(channel="C1", ts=thread, limit=200)

    assert len(page["messages"]) == 15
    assert await refusal(client.conversations_replies(channel="C1", ts=thread)) == "ratelimited"


async def test_files_take_three_steps_and_a_token(fake: FakeSlack, client: AsyncWebClient) -> None:
    await client.files_upload_v2(filename="a.txt", content="words", channel="C1", request_file_info=False)
    (file,) = fake.slack.files.values()
    address = f"{fake.origin}/files-pri/T1-{file['id']}/a.txt"
    async with (
        fake.session.get(address) as without,
        fake.session.get(address, headers={"Authorization": "Bearer xoxb-1"}) as with_token,
    ):
        assert (without.status, without.content_type) == (200, "text/html")
        assert await with_token.read() == b"words"
