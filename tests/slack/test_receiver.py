"""Forged, stale, cut and mangled requests: none is let in, none is an error of ours."""

import hashlib
import json
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass

import pytest

from adapters.slack.inbound.receiver import DEEPEST, LARGEST, Receiver, RequestRefused, depth
from tests.slack.fake import events
from tests.slack.fake.clock import Leap
from tests.slack.fake.delivery import signature
from tests.slack.fake.server import SECRET
from tests.slack.places import Bot, bot_in_slack


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgery:
    """How a genuine request is spoilt: its timestamp, what is signed, with which secret, and the header's form."""

    id: str
    stamp: Callable[[int], str] = str
    secret: str = SECRET
    signed: Callable[[bytes], bytes] = lambda body: body
    sent: Callable[[bytes], bytes] = lambda body: body
    header: Callable[[str], str | None] = lambda value: value
    headers: tuple[tuple[str, str], ...] = ()


def base(prefix: bytes) -> Callable[[bytes], bytes]:
    return lambda body: prefix + body


FORGERIES = [
    Forgery(id="another secret", secret="another"),
    Forgery(id="an empty secret", secret=""),
    Forgery(id="the secret with a blank", secret=f"{SECRET} "),
    Forgery(id="the secret in capitals", secret=SECRET.upper()),
    Forgery(id="no signature", header=lambda value: None),
    Forgery(id="an empty signature", header=lambda value: ""),
    Forgery(id="only the version", header=lambda value: "v0="),
    Forgery(id="no version", header=lambda value: value[3:]),
    Forgery(id="version one", header=lambda value: value.replace("v0", "v1")),
    Forgery(id="version in capitals", header=lambda value: value.replace("v0", "V0")),
    Forgery(id="digest in capitals", header=lambda value: value[:3] + value[3:].upper()),
    Forgery(id="one digit changed", header=lambda value: value[:-1] + ("0" if value[-1] != "0" else "1")),
    Forgery(
        id="first digit changed", header=lambda value: "v0=" + ("0" if value[3] != "0" else "1") + value[4:]
    ),
    Forgery(id="cut short", header=lambda value: value[:-1]),
    Forgery(id="one digit more", header=lambda value: value + "0"),
    Forgery(id="twice", header=lambda value: f"{value},{value}"),
    Forgery(id="with a blank inside", header=lambda value: value.replace("=", "= ")),
    Forgery(id="all zeros", header=lambda value: "v0=" + "0" * 64),
    Forgery(id="a wildcard", header=lambda value: "v0=*"),
    Forgery(id="not ASCII", header=lambda value: "v0=é" + value[4:]),
    Forgery(id="very long", header=lambda value: "v0=" + "a" * 6000),
    Forgery(id="md5", header=lambda value: "v0=" + hashlib.md5(b"x").hexdigest()),  # noqa: S324 - a forgery
    Forgery(id="no timestamp", stamp=lambda now: ""),
    Forgery(id="words for a timestamp", stamp=lambda now: "yesterday"),
    Forgery(id="a fraction", stamp=lambda now: f"{now}.5"),
    Forgery(id="a sign", stamp=lambda now: f"+{now}"),
    Forgery(id="negative", stamp=lambda now: f"-{now}"),
    Forgery(id="a blank before it", stamp=lambda now: f"1 {now}"),
    Forgery(id="exponent", stamp=lambda now: "1e9"),
    Forgery(id="hexadecimal", stamp=hex),
    Forgery(id="other digits", stamp=lambda now: "".join(chr(0x660 + int(d)) for d in str(now))),
    Forgery(id="superscript", stamp=lambda now: "²³"),
    Forgery(id="an underscore", stamp=lambda now: f"{now:_}"),
    Forgery(id="nan", stamp=lambda now: "nan"),
    Forgery(id="infinity", stamp=lambda now: "inf"),
    Forgery(id="huge", stamp=lambda now: "9" * 400),
    Forgery(id="zero", stamp=lambda now: "0"),
    Forgery(id="six minutes old", stamp=lambda now: str(now - 360)),
    Forgery(id="just too old", stamp=lambda now: str(now - 302)),
    Forgery(id="six minutes ahead", stamp=lambda now: str(now + 360)),
    Forgery(id="in milliseconds", stamp=lambda now: str(now * 1000)),
    Forgery(id="body changed", sent=lambda body: body.replace(b"hello", b"HELLO")),
    Forgery(id="body longer", sent=lambda body: body + b" "),
    Forgery(id="body shorter", sent=lambda body: body[:-1]),
    Forgery(id="body empty", sent=lambda body: b""),
    Forgery(id="signed as another version", signed=base(b"v1:")),
    Forgery(id="signed without the body", signed=lambda body: b""),
    Forgery(id="byte order mark", sent=base(b"\xef\xbb\xbf")),
    Forgery(id="signed reversed", signed=lambda body: body[::-1]),
]


@pytest.fixture
async def bot() -> AsyncGenerator[Bot, None]:
    async with bot_in_slack() as bot:
        yield bot


def genuine(bot: Bot) -> bytes:
    slack = bot.fake.slack
    said = events.said(slack, slack.channels["D1"], "U1", "hello")
    return json.dumps(events.envelope(slack, slack.teams["T1"], events.message(slack, said))).encode()


async def test_at_least_forty_forgeries_are_refused(bot: Bot) -> None:
    body, now = genuine(bot), int(bot.fake.slack.clock.now())
    answers = {}
    for forgery in FORGERIES:
        stamp = forgery.stamp(now)
        value = forgery.header(signature(forgery.secret, stamp, forgery.signed(body)))
        headers = {"Content-Type": "application/json", "X-Slack-Request-Timestamp": stamp}
        if value is not None:
            headers["X-Slack-Signature"] = value
        async with bot.fake.session.post(
            f"{bot.url}/slack/events", data=forgery.sent(body), headers=headers
        ) as answer:
            answers[forgery.id] = answer.status

    assert len(answers) == len(FORGERIES) > 40
    assert {id: status for id, status in answers.items() if status != 401} == {}
    assert bot.inbox.events == []


async def test_the_same_body_genuinely_signed_is_taken(bot: Bot) -> None:
    answer = await bot.http.raw(genuine(bot), content_type="application/json")

    assert answer.status == 200
    assert len(bot.inbox.events) == 1


async def test_a_hundred_replays_are_one_event(bot: Bot) -> None:
    body = genuine(bot)
    for _ in range(100):
        assert (await bot.http.raw(body, content_type="application/json")).status == 200

    assert len(bot.inbox.events) == 1


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"payload=%7B", "application/x-www-form-urlencoded"),
        (b"payload=[]", "application/x-www-form-urlencoded"),
        (b"payload=", "application/x-www-form-urlencoded"),
        (b"payload=null", "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=1" % n for n in range(1000)), "application/x-www-form-urlencoded"),
        (b"\xff\xfe=1", "application/x-www-form-urlencoded"),
        (b"=", "application/x-www-form-urlencoded"),
        (b'{"type":', "application/x-www-form-urlencoded"),
        (b"not json", "application/json"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "application/json"),
        (b"[" * 50_000, "application/json"),
        (b'{"a":NaN', "text/plain"),
    ],
    ids=range(12),
)
async def test_signed_nonsense_is_a_bad_request(bot: Bot, body: bytes, content_type: str) -> None:
    answer = await bot.http.raw(body, content_type=content_type)

    assert answer.status == 400
    assert bot.inbox.events == []


async def test_an_unsigned_certificate_check_gets_nothing(bot: Bot) -> None:
    async with bot.fake.session.post(
        f"{bot.url}/slack/events", data={"ssl_check": "1", "token": "x"}
    ) as answer:
        assert answer.status == 401


def test_an_empty_secret_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="empty signing secret"):
        Receiver(signing_secret="", now=time.time)


def test_a_body_over_the_limit_is_refused_before_it_is_looked_at() -> None:
    receiver = Receiver(signing_secret="x", now=Leap().now)
    with pytest.raises(RequestRefused) as refusal:
        receiver.open(b"x" * (LARGEST + 1), {}, "application/json")

    assert refusal.value.status == 413


def nested(levels: int) -> Iterator[str]:
    yield '{"a":' * levels + "1" + "}" * levels
    yield "[" * levels + "]" * levels


@pytest.mark.parametrize("levels", [1, DEEPEST, DEEPEST + 1, 5000])
def test_depth_is_counted_without_parsing(levels: int) -> None:
    assert [depth(text) for text in nested(levels)] == [levels, levels]
    assert depth('{"a":"[[[[\\"[[["}') == 1
