"""Which pictures Teams is sent, and what is said of the others."""

import struct
from collections.abc import AsyncIterator

import pytest

from adapters.teams.outbound.pictures import size_of
from bot.domain.generated import GeneratedFile
from bot.domain.stream_parts import Text
from tests.contracts.conversations import words
from tests.contracts.sinks import ANSWER, DONE, PICTURES, show
from tests.doubles import FakeTurnHandle
from tests.teams.clockwork import now
from tests.teams.fake import FakeTeams
from tests.teams.faults import Fault
from tests.teams.place import TeamsPlace, adapter_for

PNG = PICTURES[0].data
JPEG = b"\xff\xd8\xff\xe0\x00\x04JF\xff\xc0\x00\x11\x08\x00\x02\x00\x03" + b"\0" * 12


def png(width: int, height: int, more: int = 0) -> GeneratedFile:
    data = PNG[:16] + struct.pack(">II", width, height) + PNG[24:] + b"\0" * more
    return GeneratedFile(name="p.png", media_type="image/png", data=data, key="k", lasts=86_400)


TOO_MUCH = (
    png(1025, 4),
    png(4, 1025),
    png(4, 4, 1024 * 1024),
    GeneratedFile(name="p.webp", media_type="image/webp", data=b"RIFF\0\0\0\0WEBP", key="k"),
    GeneratedFile(name="p.png", media_type="image/png", data=PNG[:10], key="k"),
)


@pytest.fixture
async def place() -> AsyncIterator[TeamsPlace]:
    async with FakeTeams(clock=now) as teams:
        adapter = adapter_for(teams)
        async with adapter.running():
            yield TeamsPlace(teams, adapter, "groupChat")


@pytest.mark.parametrize("picture", TOO_MUCH, ids=range(len(TOO_MUCH)))
async def test_a_picture_that_teams_cannot_show_can_be_taken_as_a_file(
    place: TeamsPlace, picture: GeneratedFile
) -> None:
    await show(place, FakeTurnHandle(), [Text(ANSWER), picture, png(1024, 1024), DONE])

    answer, *others = await place.seen()
    assert words(answer.text) == words(ANSWER)
    assert [(len(one.pictures), one.files) for one in others] == [(0, (picture.name,)), (1, ())]


async def test_a_picture_that_teams_refuses_is_said_under_the_answer(place: TeamsPlace) -> None:
    picture = Fault(status=413, code="MessageSizeTooBig", match=lambda _, sent: "data:image" in str(sent))
    place.teams.connector.faults.plan(picture)
    await show(place, FakeTurnHandle(), [Text(ANSWER), PICTURES[0], DONE])

    *_, last = await place.seen()
    assert "Teams did not take it" in last.text


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (PNG, (1, 1)),
        (b"GIF89a\x03\x00\x02\x00", (3, 2)),
        (JPEG, (3, 2)),
        (JPEG[:12], (0, 0)),
        (b"\xff\xd8\xff" * 9, (0, 0)),
        (b"", (0, 0)),
    ],
)
def test_the_size_is_read_from_the_bytes(data: bytes, size: tuple[int, int]) -> None:
    assert size_of(data) == size
