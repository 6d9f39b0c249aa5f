"""An allow-list can only take away, and what it does not name stays out."""

from dataclasses import dataclass

import pytest

from bot.policy import allowed
from bot.settings.config_file import Policy, Rules
from tests.conversation.stage import CLAUDE, GROK, THREAD, Stage

ONLY_CLAUDE = Rules(allow=("claude",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A policy, and who may answer under it in workspace W, channel C."""

    id: str
    policy: Policy
    grok: bool
    claude: bool


CASES = (
    Case(id="nothing said", policy=Policy(), grok=True, claude=True),
    Case(id="an empty list", policy=Policy(allow=()), grok=False, claude=False),
    Case(id="a list of blanks", policy=Policy(allow=("",)), grok=False, claude=False),
    Case(id="everywhere", policy=Policy(allow=("claude",)), grok=False, claude=True),
    Case(id="here", policy=Policy(workspaces={"W": ONLY_CLAUDE}), grok=False, claude=True),
    Case(id="here in other letters", policy=Policy(workspaces={"w": ONLY_CLAUDE}), grok=False, claude=True),
    Case(id="elsewhere", policy=Policy(workspaces={"W2": ONLY_CLAUDE}), grok=True, claude=True),
    Case(id="in this channel", policy=Policy(channels={"C": ONLY_CLAUDE}), grok=False, claude=True),
    Case(
        id="a channel that would allow more",
        policy=Policy(allow=("claude",), channels={"C": Rules(allow=("*",))}),
        grok=False,
        claude=True,
    ),
    Case(
        id="two lists without a model in common",
        policy=Policy(workspaces={"W": ONLY_CLAUDE}, channels={"C": Rules(allow=("grok",))}),
        grok=False,
        claude=False,
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_every_list_that_applies_has_to_name_a_model(case: Case) -> None:
    said = [allowed(case.policy, THREAD, model) for model in (GROK, CLAUDE)]

    assert said == [case.grok, case.claude]


@pytest.mark.parametrize("text", ["grok: hello", "/ask grok hello", "/compare grok claude: hello", "hello"])
async def test_a_model_that_is_not_allowed_is_asked_in_no_way(text: str) -> None:
    """Not by name, not because it was chosen before, not in a comparison, and not as a substitute."""
    stage = Stage(policy=Policy(allow=("claude",)), thread_model="grok")
    await stage.says(text)

    assert "grok" not in [model.name for model, _ in (*stage.one.asked, *stage.two.asked)]
