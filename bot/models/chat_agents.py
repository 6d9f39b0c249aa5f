"""Agents made in chat as entries of the catalogue. Pure."""

from dataclasses import replace

from bot.domain.agents import Agent, AgentVersion, Audience
from bot.domain.catalog import Model

NOTE = "an agent made in chat"


def entry_of(agent: Agent, version: AgentVersion, base: Model | None, *, allowed: bool) -> Model:
    """`base` is the model it rests on, None where there is none of that name any more; `allowed`: it may be asked here."""
    if base is None:
        return Model(
            name=version.name,
            provider="",
            model=version.model,
            description=version.description,
            prompts=version.prompts,
            audience=_reach(agent, version),
            obstacle=f"rests on {version.model}, which is not in the catalogue any more",
            note=NOTE,
        )
    return replace(
        base,
        name=version.name,
        aliases=(),
        description=version.description,
        instructions=version.instructions or f"You are {version.name}. {version.description}".strip(),
        prompts=version.prompts,
        servers=version.servers,
        featured=True,
        audience=_reach(agent, version),
        stands_for=(base.name, *base.aliases),
        obstacle="" if allowed else f"rests on {base.name}, which is not allowed here",
        note=NOTE,
    )


def rated(model: Model) -> bool:
    """Whether all that the scoreboard counts under its name may be shown to who sees it: agents of a few may share a name."""
    return model.audience in {"", Audience.WORKSPACE.value}


def _reach(agent: Agent, version: AgentVersion) -> str:
    """Who can ask it by this name now: what waits for approval, or was declined, is its maker's alone."""
    if version.audience is Audience.WORKSPACE and (
        agent.approved is None or agent.approved.name.casefold() != version.name.casefold()
    ):
        return Audience.ME.value
    return version.audience.value


def may_carry(model: Model | None) -> bool:
    """Whether an agent can rest on it: one with a job of its own has that already."""
    return model is not None and not (model.instructions or model.agent)
