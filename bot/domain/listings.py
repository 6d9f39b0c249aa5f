"""What an endpoint says of the models that it has."""

from dataclasses import dataclass

from bot.domain.catalog import Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One model an endpoint says it has. None: it does not say."""

    id: str
    context: int | None = None
    max_output: int | None = None
    vision: bool | None = None
    documents: bool | None = None
    tools: bool | None = None
    reasoning: bool | None = None
    publisher: str = ""
    kind: str = (
        "model"  # "agent": it has a job already; "base": it answers only where it was deployed under its name
    )
    dialect: str = ""  # how the endpoint wants to be asked for this one; "": as usual
    base: str = ""  # the model behind a deployment whose id is a name somebody gave it
    created: int = 0  # unix seconds, 0 where the endpoint does not say
    chat: bool | None = None  # whether it answers in text at all (embeddings and speech do not)
    price: Price | None = None
    description: str = ""
