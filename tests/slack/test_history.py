"""What is read from Slack when it is needed: a thread's earlier messages, and files with a token that goes nowhere else."""

import base64
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from adapters.slack.inbound.downloads import FileDownloads
from bot.domain.errors import PlatformError
from bot.domain.events import Event, File, MessageReceived
from bot.domain.turns import ChatMessage, said_in
from tests.slack.fake import events, uploads
from tests.slack.fake.clock import Leap
from tests.slack.places import TOKEN, Bot, bot_in_slack

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
async def bot() -> AsyncGenerator[Bot, None]:
    async with bot_in_slack() as bot:
        yield bot


async def mentioned(bot: Bot, thread: str) -> MessageReceived:
    slack = bot.fake.slack
    said = events.said(slack, slack.channels["C1"], "U1", "<@UBOT1> and you?", thread=thread)
    event = await bot.heard(events.envelope(slack, slack.teams["T1"], events.mention(slack, said)))
    assert isinstance(event, MessageReceived)
    return event


async def before(bot: Bot, event: MessageReceived) -> Sequence[ChatMessage]:
    """What was said in the thread that the bot has not heard, as the core asks for it in a new conversation."""
    around = await bot.adapter.surroundings(event, said_in(event), after=0.0 if event.late else None)
    return around.before


async def test_a_mention_in_the_middle_of_a_thread_reads_what_was_said_before(bot: Bot) -> None:
    slack = bot.fake.slack
    slack.add_person("U2", "T1", name="Bob")
    root = events.said(slack, slack.channels["C1"], "U2", "When is high tide?")
    events.said(slack, slack.channels["C1"], "U1", "Ask <@U2> &amp; the moon", thread=root.ts)
    events.said(slack, slack.channels["C1"], "UBOT9", "I am a bot", thread=root.ts, bot_id="B9")
    slack.apps["B9"] = {"id": "B9", "name": "CI"}
    ours = events.said(slack, slack.channels["C1"], "UBOT1", "An answer of mine", thread=root.ts)
    ours.bot_id = "BBOT1"
    event = await mentioned(bot, root.ts)
    events.said(slack, slack.channels["C1"], "U2", "Later words", thread=root.ts)
    heard = await before(bot, event)

    assert [(one.author.name, one.text) for one in heard] == [
        ("Bob", "When is high tide?"),
        ("Ada", "Ask @Bob & the moon"),
        ("CI", "I am a bot"),
    ]
    assert heard[0].message == root.ts


@pytest.mark.parametrize("count", [61, 80, 450, 2_150])
@pytest.mark.parametrize("burst", [False, True], ids=["evenly", "the last in a burst"])
async def test_of_a_long_thread_the_root_and_the_newest_are_read_and_what_is_left_out_is_marked(
    bot: Bot, count: int, burst: bool
) -> None:
    slack, clock = bot.fake.slack, bot.fake.slack.clock
    assert isinstance(clock, Leap)
    root = events.said(slack, slack.channels["C1"], "U1", "the alert")
    for number in range(count):
        clock.advance(0.2 if burst and number > count // 2 else 30.0)
        events.said(slack, slack.channels["C1"], "U1", f"word {number}", thread=root.ts)
    heard = await before(bot, await mentioned(bot, root.ts))
    asked = [call for call in slack.calls if call.method == "conversations.replies"]

    assert heard[0].text == "the alert"
    assert heard[1].text == (
        f"({count - 60:,} messages are left out here)" if count > 61 else "(1 message is left out here)"
    )
    assert [one.text for one in heard[2:]] == [f"word {number}" for number in range(count - 60, count)]
    assert len(asked) <= 11


async def test_where_slack_allows_no_more_calls_the_model_is_told(bot: Bot) -> None:
    slack = bot.fake.slack
    slack.commercial = True
    root = events.said(slack, slack.channels["C1"], "U1", "the alert")
    for number in range(40):
        events.said(slack, slack.channels["C1"], "U1", f"word {number}", thread=root.ts)
    first = await before(bot, await mentioned(bot, root.ts))
    second = await before(bot, await mentioned(bot, root.ts))

    assert first[0].text == "the alert"
    assert [one.text for one in second] == ["(What was said here before cannot be read just now.)"]


async def test_a_top_level_mention_reads_nothing(bot: Bot) -> None:
    slack = bot.fake.slack
    said = events.said(slack, slack.channels["C1"], "U1", "<@UBOT1> hello")
    event: Event = await bot.heard(events.envelope(slack, slack.teams["T1"], events.message(slack, said)))
    assert isinstance(event, MessageReceived)

    assert await before(bot, event) == ()
    assert "conversations.replies" not in [call.method for call in slack.calls]


@pytest.mark.parametrize(
    ("question", "reads"),
    [("Summarize this channel", True), ("What is a tide?", False)],
    ids=["about it", "not"],
)
async def test_the_channel_somebody_looks_at_is_read_when_it_is_asked_about(
    bot: Bot, question: str, reads: bool
) -> None:
    slack = bot.fake.slack
    for word in ("first", "second"):
        events.said(slack, slack.channels["C1"], "U1", word)
    said = events.said(slack, slack.channels["D1"], "U1", question)
    looking = {"entities": [{"type": "slack#/types/channel_id", "value": "C1", "team_id": "T1"}]}
    event = events.message(slack, said) | {"app_context": looking}
    heard = await bot.heard(events.envelope(slack, slack.teams["T1"], event))
    assert isinstance(heard, MessageReceived)
    found = await before(bot, heard)

    assert [one.text for one in found] == (["first", "second"] if reads else [])


async def shared(bot: Bot, data: bytes = PNG, media_type: str = "image/png") -> File:
    """A file that Ada shares with the bot, as the bot hears of it."""
    slack = bot.fake.slack
    slack.files["F1"] = {
        "id": "F1",
        "name": "a.png",
        "size": len(data),
        "team": "T1",
        "data": data,
        "mimetype": media_type,
    }
    said = events.said(slack, slack.channels["D1"], "U1", "look", files=[uploads.public(slack.files["F1"])])
    event = await bot.heard(events.envelope(slack, slack.teams["T1"], events.message(slack, said)))
    assert isinstance(event, MessageReceived)
    (file,) = event.files
    return file


async def test_a_shared_picture_is_fetched_with_the_token(bot: Bot) -> None:
    assert await bot.adapter.fetch(await shared(bot)) == PNG


async def test_a_file_without_an_address_is_asked_for(bot: Bot) -> None:
    file = await shared(bot)
    nameless = File(id=file.id, name=file.name, media_type=file.media_type, source={**file.source, "url": ""})

    assert await bot.adapter.fetch(nameless) == PNG


async def test_the_sign_in_page_is_not_taken_for_a_file(bot: Bot) -> None:
    bot.fake.slack.tokens[TOKEN].scopes -= {"files:read"}
    with pytest.raises(PlatformError) as error:
        await bot.adapter.fetch(await shared(bot))

    assert error.value.code == "missing_scope"


async def test_a_file_over_the_limit_is_left_alone(bot: Bot) -> None:
    file = await shared(bot, data=b"x" * 2000)
    small = FileDownloads(api_url=bot.fake.api_url, largest=1000)
    with pytest.raises(PlatformError) as error:
        await small.fetch(bot.fake.session, TOKEN, file)

    assert error.value.code == "too_large"


@asynccontextmanager
async def canary(bot: Bot) -> AsyncGenerator[tuple[str, list[str]], None]:
    """Somebody else's server; what Authorization it was ever sent."""
    seen: list[str] = []

    async def note(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization", ""))
        return web.Response(body=PNG, content_type="image/png")

    app = web.Application()
    app.add_routes([web.get("/{path:.*}", note)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", seen
    finally:
        await runner.cleanup()


ELSEWHERE = [
    "https://files.slack.com.evil.example/x",
    "https://evil.example/files.slack.com/x",
    "https://files.slack.com@evil.example/x",
    "https://files.slack.com:secret@evil.example/x",
    "https://evilslack.com/x",
    "https://files.slack.com:8443/x",
    "http://files.slack.com/x",
    "ftp://files.slack.com/x",
    "//files.slack.com/x",
    "file:///etc/passwd",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/x",
    "https://[::ffff:127.0.0.1]/x",
    "https://2130706433/x",
    "https://127.1/x",
    "https://0x7f000001/x",
    "https://localhost/x",
    "https://files.slack.com\\@evil.example/x",
    "https://evil.example\\.slack.com/x",
    "https:///x",
    "https://",
    "",
    "javascript:alert(1)",
    "https://files.slack.com%2f@evil.example/x",
    "https://slack.com.evil.example/",
    "https://xn--slck-5na.com/",
    "https://files\uff0eslack\uff0ecom.evil.example/x",
    "https://.slack.com.evil/x",
    "https://[bad/x",
    "https://files.slack.com:99999/x",
]


@pytest.mark.parametrize("url", ELSEWHERE, ids=range(len(ELSEWHERE)))
async def test_a_file_elsewhere_is_never_asked_for(bot: Bot, url: str) -> None:
    files = FileDownloads(api_url="https://slack.com/api/")
    with pytest.raises(PlatformError):
        await files.fetch(bot.fake.session, TOKEN, File(id="F1", name="x", source={"url": url}))

    assert not files.trusted(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://files.slack.com/files-pri/T1-F1/a.png",
        "https://acme.slack.com/files/x",
        "https://files.slack-gov.com/x",
    ],
    ids=range(3),
)
def test_slacks_own_file_hosts_are_trusted(url: str) -> None:
    assert FileDownloads(api_url="https://slack.com/api/").trusted(url)


async def test_the_token_does_not_follow_to_another_port_or_through_a_redirect(bot: Bot) -> None:
    async with canary(bot) as (elsewhere, seen):
        file = await shared(bot)
        stray = File(id="F1", name="x", source={**file.source, "url": f"{elsewhere}/x"})
        with pytest.raises(PlatformError):
            await bot.adapter.fetch(stray)
        bot.fake.api.redirect_files = f"{elsewhere}/x"
        with pytest.raises(PlatformError):
            await bot.adapter.fetch(file)

    assert seen == []


async def test_redirects_end(bot: Bot) -> None:
    file = await shared(bot)
    bot.fake.api.redirect_files = file.source["url"]
    with pytest.raises(PlatformError) as error:
        await bot.adapter.fetch(file)

    assert error.value.code == "redirects"
