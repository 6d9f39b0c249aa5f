"""What stands in the log, and what must never stand there."""

import io
import json
import logging
from collections.abc import Iterator

import httpx
import pytest
from pydantic import BaseModel

from bot.serving.logging import LineFormatter, Redaction, configure
from bot.serving.metrics import Metrics

SECRETS = ("plain-canary-1", 'quote"canary\\2', "plus+canary/3=")
FOREIGN = (
    "xoxb-1234567890-canary",
    "xapp-1-A0-canary-77777",
    "sk-ant-api03-canary-0123456789",
    "AIzaSyCanary0123456789canary0123456789",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl",
    "https://user:canary-password@example.com/",
    "https://example.com/x?key=canary123",
    "Authorization: Bearer canary.0123456789",
    "Authorization: Basic Y2FuYXJ5OmNhbmFyeQ==canary",
    "https://hooks.slack.com/commands/T1/canary/canary",
    "Cookie: a=b; switchboard-0a1b2c3d=canary",
    "GET /?token=canary0123456789 HTTP/1.1",
    "wss://wss-primary.slack.com/link/?ticket=canary&app_id=1",
    "https://x.sharepoint.com/download.aspx?UniqueId=1&tempauth=canary.canary",
)


@pytest.fixture(params=["json", "text"])
def log(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level, quiet = root.handlers[:], root.level, logging.getLogger("httpx").level
    stream = io.StringIO()
    configure(level="debug", style=request.param, secrets=SECRETS, stream=stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    logging.getLogger("httpx").setLevel(quiet)
    logging.captureWarnings(capture=False)


def fail(error: Exception, cause: Exception | None = None) -> None:
    raise error from cause


def test_no_secret_gets_into_the_log_whatever_way_it_takes(log: io.StringIO) -> None:
    logger = logging.getLogger("bot.anything")
    for secret in (*SECRETS, *FOREIGN):
        logger.info("in the text %s", secret)
        logger.info("in a field", extra={"detail": {"nested": secret}})
        try:
            fail(ValueError(secret), KeyError(secret))
        except ValueError:
            logger.exception("in a traceback")

    assert log.getvalue().count("\n") == 3 * len((*SECRETS, *FOREIGN))
    assert "canary" not in log.getvalue()


def test_every_event_is_one_line_even_with_line_breaks_and_tracebacks(log: io.StringIO) -> None:
    try:
        fail(ExceptionGroup("several", [ValueError("one\ntwo"), KeyError("three")]))
    except ExceptionGroup:
        logging.getLogger("bot").exception("first\nsecond", extra={"turn": "a\nb"})

    line = log.getvalue()
    assert line.count("\n") == 1
    assert "ValueError: one two" in line
    assert "test_logging.py" in line


def test_what_people_wrote_stays_out_of_a_validation_error(log: io.StringIO) -> None:
    class Wanted(BaseModel):
        number: int

    try:
        Wanted.model_validate({"number": "private words"})
    except ValueError:
        logging.getLogger("bot").exception("unreadable")

    assert "private words" not in log.getvalue()
    assert "number" in log.getvalue()


def test_what_others_say_cannot_drive_the_operators_terminal(log: io.StringIO) -> None:
    logging.getLogger("bot").warning("refused", extra={"code": "a\x1b]0;owned\x07b\x9bc\u202ed"})

    assert log.getvalue().isprintable() or log.getvalue().rstrip("\n").isprintable()
    assert "a]0;ownedbcd" in log.getvalue()


def test_what_people_wrote_stays_out_of_a_serialization_error(log: io.StringIO) -> None:
    class Known(BaseModel):
        text: int

    try:
        Known.model_construct(text="private words").model_dump_json(warnings="error")
    except ValueError:
        logging.getLogger("bot").exception("not stored")

    assert "private words" not in log.getvalue()


async def test_addresses_of_model_calls_are_not_logged(log: io.StringIO) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    async with httpx.AsyncClient(transport=transport) as client:
        await client.get("https://example.com/path-canary")

    assert "path-canary" not in log.getvalue()


def test_a_json_line_carries_ids_as_fields() -> None:
    record = logging.makeLogRecord(
        {"name": "bot.worker", "levelname": "INFO", "msg": "turn done", "turn": "t1", "event": "C1:1.2"}
    )
    fields = json.loads(LineFormatter(as_json=True, redact=Redaction()).format(record))

    assert fields["message"] == "turn done"
    assert fields["event"] == "C1:1.2"
    assert fields["turn"] == "t1"
    assert set(fields) == {"ts", "level", "logger", "message", "event", "turn"}


def test_metrics_print_in_prometheus_text_format() -> None:
    metrics = Metrics()
    metrics.count("inbox_rejected_total", reason='fu"ll\n')
    metrics.count("tokens_total", 12, model="grok", direction="input")
    metrics.observe("inbox_ack_seconds", 0.003)
    metrics.observe("inbox_ack_seconds", 2000)
    metrics.level("draining", 1)
    text = metrics.text()

    assert 'inbox_rejected_total{reason="fu\\"ll\\n"} 1\n' in text
    assert 'tokens_total{model="grok",direction="input"} 12\n' in text
    assert 'inbox_ack_seconds_bucket{le="0.0025"} 0\n' in text
    assert 'inbox_ack_seconds_bucket{le="0.005"} 1\n' in text
    assert 'inbox_ack_seconds_bucket{le="+Inf"} 2\n' in text
    assert "inbox_ack_seconds_count 2\n" in text
    assert "# TYPE draining gauge\ndraining 1\n" in text


def test_a_metric_can_carry_no_label_that_is_not_declared() -> None:
    with pytest.raises(KeyError):
        Metrics().count("dead_letters", channel="C1")
