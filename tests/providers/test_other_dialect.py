"""A model that answers only in another dialect of its endpoint is found there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.domain.errors import ModelNotFound, Overloaded
from providers.credentials import ApiKey
from providers.endpoint import Endpoint
from providers.transport import Transport
from providers.vendors import VENDORS
from tests.providers.fake import HELLO, KEY, FakeVendor, Objection, Refuse, fake_vendor
from tests.providers.vendor import hear, model_of

OPENAI = next(vendor for vendor in VENDORS if vendor.name == "openai")


@asynccontextmanager
async def openai() -> AsyncIterator[tuple[FakeVendor, Endpoint]]:
    async with fake_vendor() as vendor, Transport() as transport:
        vendor.lenient = True
        auth = ApiKey(scheme="bearer", secret=KEY)
        yield (
            vendor,
            Endpoint(transport=transport, base_url=vendor.url, auth=auth, dialects=OPENAI.dialects),
        )


def in_responses(body: dict[str, Any]) -> bool:
    return "input" in body


def said(message: str, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}


async def test_responses_are_spoken_first() -> None:
    async with openai() as (vendor, endpoint):
        heard = await hear(endpoint, model_of(""))

    assert heard.text.strip() == HELLO
    assert [asked.dialect for asked in vendor.asked] == ["openai-responses"]


@pytest.mark.parametrize(
    "objection",
    [
        Objection(in_responses, said("Not Found"), 404),
        Objection(in_responses, said("Method Not Allowed"), 405),
        Objection(in_responses, said("Not implemented"), 501),
        Objection(in_responses, said("No such model", "model_not_found"), 400),
        Objection(in_responses, said("gpt-search is not supported with the Responses API."), 400),
        Objection(in_responses, said("It does not work", "OperationNotSupported"), 400),
        Objection(in_responses, {"error": "Unexpected endpoint or method. (POST /responses)"}, 200),
        Objection(in_responses, {"message": "Missing Authentication Token"}, 403),
        Objection(in_responses, said("not implemented", "convert_request_failed"), 500),
    ],
    ids=[
        "no such path",
        "no such method",
        "not implemented",
        "no such model",
        "no such api",
        "no such operation",
        "no such path, under 200",
        "no such path, at a cloud's gateway",
        "not implemented, as an error of its own",
    ],
)
async def test_what_answers_only_in_chat_is_asked_there_and_next_time_at_once(objection: Objection) -> None:
    async with openai() as (vendor, endpoint):
        vendor.objections = [objection]
        answers = [await hear(endpoint, model_of("")) for _ in range(2)]

    assert [heard.text.strip() for heard in answers] == [HELLO, HELLO]
    assert [asked.dialect for asked in vendor.asked] == ["openai-chat", "openai-chat"]
    assert len(vendor.refused) == 1


async def test_a_model_that_answers_nowhere_is_not_found() -> None:
    async with openai() as (vendor, endpoint):
        vendor.objections = [
            Objection(in_responses, said("The first", "model_not_found"), 400),
            Objection(lambda _: True, said("The second"), 404),
        ]
        heard = await hear(endpoint, model_of(""))

    assert isinstance(heard.error, ModelNotFound)
    assert "The first" in str(heard.error)


async def test_what_goes_wrong_in_the_other_dialect_is_what_is_told() -> None:
    async with openai() as (vendor, endpoint):
        vendor.objections = [Objection(in_responses, said("Not Found"), 404)]
        vendor.plays["hello"] = [Refuse(529, "overloaded_error")]
        heard = await hear(endpoint, model_of(""))

    assert isinstance(heard.error, Overloaded)


async def test_a_dialect_that_the_operator_names_is_the_only_one() -> None:
    async with openai() as (vendor, endpoint):
        vendor.objections = [Objection(in_responses, said("Not Found"), 404)]
        heard = await hear(endpoint, model_of("openai-responses"))

    assert isinstance(heard.error, ModelNotFound)
    assert vendor.asked == []
