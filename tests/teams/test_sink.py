"""The promises of every sink, in each kind of place Teams has."""

from collections.abc import AsyncIterator

import pytest

from tests.contracts.conversations import Place
from tests.contracts.sinks import SinkContract
from tests.teams.clockwork import now
from tests.teams.fake import FakeTeams
from tests.teams.place import TeamsPlace, adapter_for


@pytest.fixture
async def teams() -> AsyncIterator[FakeTeams]:
    async with FakeTeams(clock=now) as fake:
        yield fake


class Contract(SinkContract):
    """A post that Teams did not answer may have been carried out, and there is no way to find out."""

    kind = "personal"
    copilot = False
    lines = 1300
    exactly_once = False

    @pytest.fixture
    async def place(self, teams: FakeTeams) -> AsyncIterator[Place]:
        adapter = adapter_for(teams)
        async with adapter.running():
            yield TeamsPlace(teams, adapter, self.kind, copilot=self.copilot)


class TestPersonalChat(Contract):
    kind = "personal"


class TestGroupChat(Contract):
    """The buttons are a message of their own."""

    kind = "groupChat"
    saves = 2


class TestChannel(Contract):
    kind = "channel"
    saves = 2


class TestCopilot(Contract):
    copilot = True
    pictures = files = False
    changes = False


class TestCopilotInAGroupChat(Contract):
    """Copilot shows no stream there, and what is posted stays: the answer comes when it is complete."""

    kind = "groupChat"
    copilot = True
    changes = grows = pictures = files = False
    saves = 2
