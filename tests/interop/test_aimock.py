"""Against a server that somebody else wrote: every dialect streams, and its refusals are what we say they are."""

from collections.abc import AsyncIterator

import pytest

from bot.domain import errors
from bot.domain.prompt import Prompt, PromptMessage, TextPart
from bot.domain.stream_parts import Reason
from providers.credentials import ApiKey
from providers.dialect import Quirks
from providers.endpoint import DIALECTS, Endpoint
from providers.transport import Transport
from tests.interop.aimock import KEY, AIMock, aimock, needs_aimock
from tests.providers.vendor import Heard, hear, model_of

pytestmark = [needs_aimock, pytest.mark.parametrize("dialect", DIALECTS)]


@pytest.fixture
async def mock() -> AsyncIterator[AIMock]:
    async with aimock() as mock:
        yield mock


async def ask(mock: AIMock, dialect: str, question: str, key: str = KEY) -> Heard:
    prompt = Prompt(
        system="Be kind.", messages=(PromptMessage(role="user", parts=(TextPart(text=question),)),)
    )
    async with Transport() as transport:
        endpoint = Endpoint(
            transport=transport,
            base_url=mock.base(dialect),
            auth=ApiKey(scheme="bearer", secret=key),
            dialects={dialect: Quirks()},
        )
        return await hear(endpoint, model_of(dialect), prompt)


async def test_an_answer_arrives_whole(mock: AIMock, dialect: str) -> None:
    heard = await ask(mock, dialect, "hello")

    assert heard.error is None
    assert heard.text == "Hi there, how are you?"
    assert heard.finish
    assert heard.finish.reason is Reason.STOP


async def test_thinking_is_apart(mock: AIMock, dialect: str) -> None:
    heard = await ask(mock, dialect, "think")

    assert (heard.thinking, heard.text) == ("Let me think.", "42.")


async def test_letters_that_it_splits_are_whole_again(mock: AIMock, dialect: str) -> None:
    heard = await ask(mock, dialect, "emoji")

    assert heard.text == "a 🦭 b 🦭"


async def test_a_call_is_complete(mock: AIMock, dialect: str) -> None:
    heard = await ask(mock, dialect, "weather")

    assert [(call.name, call.args.replace(" ", "")) for call in heard.calls] == [
        ("weather", '{"city":"Sydney"}')
    ]


async def test_too_many_requests_come_with_a_wait(mock: AIMock, dialect: str) -> None:
    heard = await ask(mock, dialect, "many")

    assert isinstance(heard.error, errors.RateLimit)
    assert heard.error.retry_after == 1.0


async def test_an_overload_is_one(mock: AIMock, dialect: str) -> None:
    heard = await ask(mock, dialect, "busy")

    assert isinstance(heard.error, errors.Overloaded)


async def test_an_outage_passes(mock: AIMock, dialect: str) -> None:
    await mock.fail_next(503, message="down", type="server_error")

    first, second = await ask(mock, dialect, "hello"), await ask(mock, dialect, "hello")

    assert isinstance(first.error, errors.Unavailable)
    assert second.error is None


async def test_an_answer_cut_off_keeps_what_was_said(mock: AIMock, dialect: str) -> None:
    heard = await ask(mock, dialect, "cut")

    assert isinstance(heard.error, errors.Connection)
    assert heard.text
    assert "This gets cut off before its end".startswith(heard.text)


async def test_a_wrong_key_is_refused(mock: AIMock, dialect: str) -> None:
    heard = await ask(mock, dialect, "hello", key="another-key")

    assert isinstance(heard.error, errors.Auth)
    assert "another-key" not in str(heard.error)
