"""Agents made in chat as entries of the catalogue. Pure."""

from dataclasses import replace

from bot.domain.agents import Agent, AgentVersion
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
            audience=version.audience.value,
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
        audience=version.audience.value,
        stands_for=(base.name, *base.aliases),
        obstacle="" if allowed else f"rests on {base.name}, which is not allowed here",
        note=NOTE,
    )


def may_carry(model: Model | None) -> bool:
    """Whether an agent can rest on it: one with a job of its own has that already."""
    return model is not None and not (model.instructions or model.agent)
