"""/model why: for every combination of choices, who answers and why; and why any other model does not."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import pytest

from bot.answers.precedence import NoModelAvailable, select_model
from bot.conversation.command_parser import Ask, Command, parse_message
from bot.conversation.reasons import describe_reason, why_not
from bot.domain.catalog import Catalog, Model
from bot.domain.health import HealthState, ModelHealth
from bot.domain.preferences import ModelPreferences
from bot.settings.config_file import Policy
from tests.conversation.stage import CLAUDE, GPT, GROK, Stage

SCOPES = ("this message", "this thread", "you", "this channel", "this workspace", "the default")
STATES = ("unset", "valid", "denied", "gone")
OTHERS = ("spare-1", "spare-2")
"""Allowed, in that order, and picked by nobody."""


def named(state: str, scope: str) -> str:
    return "" if state == "unset" else f"{state}-{SCOPES.index(scope)}"


MODELS = tuple(
    Model(name=name, provider="p", model=name)
    for name in (
        *(named(state, scope) for scope in SCOPES for state in ("valid", "denied")),
        *OTHERS,
    )
)


@dataclass(frozen=True)
class Case:
    """One combination, and what has to come of it by the rule as it is told to people."""

    states: tuple[str, ...]

    @property
    def preferences(self) -> ModelPreferences:
        _, thread, person, channel, workspace, _ = map(named, self.states, SCOPES)
        return ModelPreferences(thread=thread, person=person, channel=channel, workspace=workspace)

    @property
    def catalog(self) -> Catalog:
        """The default is always one that is there: whoever runs it cannot name another."""
        return Catalog(MODELS, default=named(self.states[-1], SCOPES[-1]))

    @property
    def winner(self) -> str:
        """The first that counts. Of the rest the first that is allowed: always "valid-0", as the list stands."""
        good = [scope for scope, state in zip(SCOPES, self.states, strict=True) if state == "valid"]
        return named("valid", good[0]) if good else "valid-0"

    @property
    def passed_over(self) -> dict[str, str]:
        """The choices before the winner that do not count, and why not."""
        words = {"denied": "is not allowed here", "gone": "is not in the catalogue any more"}
        found = {}
        for scope, state in zip(SCOPES, self.states, strict=True):
            if state == "valid":
                break
            if state != "unset":
                found[scope] = words[state]
        return found


def allowed(model: Model) -> bool:
    return not model.name.startswith("denied")


def cases() -> Iterator[Case]:
    for states in product(*([STATES] * 5), ("valid", "denied")):
        yield Case(states)


def test_of_every_combination_the_first_choice_that_counts_answers_and_what_is_passed_over_is_said() -> None:
    for case in cases():
        now = select_model(case.catalog, case.preferences, allowed, named(case.states[0], SCOPES[0]))

        assert now.model.name == case.winner, case
        assert {link.scope: link.objection for link in now.chain if link.objection} == case.passed_over, case
        assert [link.chosen for link in now.chain if link.wins] == [case.winner], case
        first = next(
            (
                f"{named(state, scope)}"
                for scope, state in zip(SCOPES, case.states, strict=True)
                if scope in case.passed_over
            ),
            "",
        )
        assert (
            (first in describe_reason(now, "workspace"))
            if first
            else ("; " not in describe_reason(now, "workspace"))
        ), case


def test_of_every_combination_it_is_said_of_each_other_model_why_it_does_not_answer() -> None:
    for case in cases():
        now = select_model(case.catalog, case.preferences, allowed, named(case.states[0], SCOPES[0]))
        picked = {named(state, scope) for scope, state in zip(SCOPES, case.states, strict=True)}
        for model in MODELS:
            if model.name == case.winner:
                continue
            said = why_not(model, now, case.catalog, "workspace", allowed=allowed(model))
            assert ("is not allowed here" in said) == (not allowed(model)), (case, said)
            assert ("is not picked anywhere" in said) == (allowed(model) and model.name not in picked), (
                case,
                said,
            )
            assert ("passed over" in said) == (not allowed(model) and model.name in picked), (case, said)
            assert (f"**{case.winner}** answers" in said.replace("\\", "")) == (
                allowed(model) and model.name in picked
            ), (case, said)


def test_where_nothing_is_allowed_nobody_answers() -> None:
    for case in cases():
        with pytest.raises(NoModelAvailable, match="No model may be used here"):
            select_model(case.catalog, case.preferences, lambda _: False)


@pytest.mark.parametrize("scopes", [("thread", "me", "channel"), ("me", "channel"), ("channel",)])
async def test_why_names_the_scope_that_comes_first(scopes: tuple[str, ...]) -> None:
    stage = Stage()
    for scope, name in zip(scopes, ("claude", "gpt", "gpt"), strict=False):
        await stage.says(f"/model {name} --{scope}")
    (reply,) = (await stage.says("/model why gpt")).replies

    if len(scopes) == 1:
        assert reply.text.startswith(
            "**gpt** is not picked anywhere that counts here. `/model gpt` picks it."
        )
    else:
        owner = {"thread": "this thread has a choice of its own", "me": "you have a choice of your own"}[
            scopes[0]
        ]
        assert owner in reply.text
        assert "**claude** answers." in reply.text
    assert reply.table
    assert [row[2] for row in reply.table.rows if row[0]] == ["claude"]


async def test_why_of_a_model_that_is_down_says_since_when_and_who_steps_in() -> None:
    stage = Stage()
    stage.ill = {GROK.key: ModelHealth(state=HealthState.DOWN, since=1_000_000_000.0, why="overloaded")}
    (active,) = (await stage.says("/model why")).replies
    (other,) = (await stage.says("/model why grok")).replies

    said = "It is down since 01:46 UTC: is overloaded. Until it answers again, `claude` steps in."
    assert said in active.text
    assert said in other.text


async def test_why_of_what_is_not_allowed_or_not_known_says_that() -> None:
    stage = Stage(policy=Policy(allow=("grok", "claude")), chosen_for={"channel:C": "gpt"})
    (denied,) = (await stage.says("/model why gpt")).replies
    (unknown,) = (await stage.says("/model why cluade")).replies

    assert denied.text.startswith(
        "**gpt** is not allowed here. It was picked for this channel, and is passed over. Whoever runs Switchboard"
    )
    assert "“cluade” is not a model I know. Did you mean `claude`?" in unknown.text


@pytest.mark.parametrize("typed", ["model why grok", "/model why grok", "Model why g", "model why"])
def test_a_clear_form_is_a_command(typed: str) -> None:
    assert isinstance(parse_message(typed, Catalog((GROK, CLAUDE, replace(GPT, name="x")))), Command)


def test_a_sentence_is_a_question() -> None:
    assert isinstance(parse_message("model why trains are late", Catalog((GROK,))), Ask)
