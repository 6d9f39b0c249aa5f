"""`auto`: the entry that stands for a choice which is made anew for each question."""

from dataclasses import dataclass

AUTO = "auto"  # what people type


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoEntry:
    """What people can pick in place of a model, and the operator's rules for it. It is no Model, so nothing that asks a
    vendor takes it. Models are named as in the catalogue, first choice first.
    """

    vision: tuple[str, ...] = ()  # whom to ask where pictures are shown
    long: tuple[str, ...] = ()  # ... where it does not fit whoever would be asked otherwise
    code: tuple[str, ...] = ()  # ... about code
    models: tuple[str, ...] = ()  # whom to choose from; (): those a picker shows
    usd_per_answer: float | None = None  # an answer that costs more is left to a cheaper model
    explore: float = 0.0  # share of the choices that fall on another model than the first, from 0 to 1
    name: str = AUTO
    aliases: tuple[str, ...] = ()
    description: str = "chooses a model for each question"
    prompts: tuple[str, ...] = ()
    featured: bool = True

    @property
    def named(self) -> tuple[str, ...]:
        """Every name in the rules."""
        return (*self.vision, *self.long, *self.code, *self.models)


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoChoice:
    """Whom auto chose for a question, and why in a word or two: "" where it is simply the first that can be asked."""

    model: str
    why: str = ""

    @property
    def remark(self) -> str:
        """For the quiet line under the answer."""
        return f"{AUTO}: {self.why}" if self.why else AUTO
