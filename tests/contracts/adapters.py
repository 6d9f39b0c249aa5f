"""The promises of `bot.ports.Adapter`'s receiving side, checked on every platform.

Subclass `AdapterContract` and provide `post_office`: something that delivers genuine and forged requests to the
adapter's routes, served over real HTTP on loopback, with a `FakeInbox` behind them.
"""

from typing import Protocol

import pytest

from bot.domain.claims import Receipt
from bot.domain.events import EVENT, MessageReceived
from bot.ports import Adapter
from tests.doubles import FakeInbox, FakeTurnHandle


class PostOffice(Protocol):
    """Delivers to one adapter as its platform does. Every method returns the HTTP status it was answered with."""

    @property
    def adapter(self) -> Adapter: ...

    @property
    def inbox(self) -> FakeInbox: ...

    async def deliver(self, text: str, *, id: str = "1") -> int:
        """A genuine direct message; the same id is the same message, delivered again."""
        ...

    async def forge(self, text: str) -> int:
        """The same with a signature or token that is not the platform's."""
        ...

    async def deliver_bytes(self, body: bytes) -> int:
        """Any body, authenticated as genuinely as the platform could."""
        ...

    def notices(self) -> list[str]:
        """What people were told by the adapter itself (not by a sink)."""
        ...


class HearingContract:
    """How genuine messages are taken in. Subclass it, provide a fixture `post_office` that gives a `PostOffice`."""

    async def test_a_message_reaches_the_inbox_before_the_platform_is_answered(
        self, post_office: PostOffice
    ) -> None:
        status = await post_office.deliver("hello there")

        (event,) = post_office.inbox.events
        assert status == 200
        assert isinstance(event, MessageReceived)
        assert event.text == "hello there"
        assert event.thread.platform == post_office.adapter.platform
        assert event.direct
        assert event.addressed

    async def test_an_event_survives_storage(self, post_office: PostOffice) -> None:
        await post_office.deliver("hello there")

        (event,) = post_office.inbox.events
        assert EVENT.validate_json(EVENT.dump_json(event)) == event

    async def test_a_reply_is_possible_from_a_stored_event_alone(self, post_office: PostOffice) -> None:
        await post_office.deliver("hello there")

        stored = EVENT.validate_json(EVENT.dump_json(post_office.inbox.events[0]))
        assert post_office.adapter.sink(stored, FakeTurnHandle()) is not None

    async def test_the_same_message_twice_is_one_event(self, post_office: PostOffice) -> None:
        statuses = [await post_office.deliver("hello", id="7"), await post_office.deliver("hello", id="7")]

        assert statuses == [200, 200]
        assert len(post_office.inbox.events) == 1

    async def test_without_storage_the_platform_is_asked_to_send_again(self, post_office: PostOffice) -> None:
        post_office.inbox.down = True
        refused = await post_office.deliver("hello", id="7")
        post_office.inbox.down = False
        taken = await post_office.deliver("hello", id="7")

        assert (refused, taken) == (503, 200)
        assert len(post_office.inbox.events) == 1

    async def test_a_full_conversation_is_said_once_in_a_while(self, post_office: PostOffice) -> None:
        post_office.inbox.answer = Receipt.FULL
        first = await post_office.deliver("hello", id="1")
        post_office.inbox.answer = Receipt.FULL_QUIET
        second = await post_office.deliver("hello", id="2")

        assert (first, second) == (200, 200)
        assert len(post_office.notices()) == 1


class AdapterContract(HearingContract):
    """The same for an adapter with a door of its own, through which anybody may try to come."""

    async def test_a_forged_message_is_refused_and_not_stored(self, post_office: PostOffice) -> None:
        status = await post_office.forge("hello")

        assert status in {401, 403}
        assert post_office.inbox.events == []

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b"[" * 20_000, b'{"a":' * 20_000, b"{}"],
        ids=["empty", "cut", "list", "null", "string", "not utf-8", "deep list", "deep object", "no fields"],
    )
    async def test_a_body_it_cannot_read_is_refused_and_never_an_error(
        self, post_office: PostOffice, body: bytes
    ) -> None:
        status = await post_office.deliver_bytes(body)

        assert status in {200, 400, 401, 403, 413}
        assert post_office.inbox.events == []

    async def test_a_huge_body_is_refused(self, post_office: PostOffice) -> None:
        assert await post_office.deliver_bytes(b'{"a":"' + b"x" * (3 << 20) + b'"}') in {400, 413}
