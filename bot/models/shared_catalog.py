"""The catalogue as the event in hand sees it: what the operator set up, and behind it the agents that this person sees here.

Which those are follows the task that handles the event, into the tasks that it begins. So every part that asks the catalogue
sees the same, none of them can forget whose it is, and where nobody said anything there are no agents at all. What the
operator set up always comes first: an agent can take nobody's name.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from bot.domain.catalog import Catalog, Model

Find = Callable[[str], Model | None]
Make = Callable[[Find], Sequence[Model]]
"""Makes the agents' entries, given how to find what the operator set up."""


class SharedCatalog(Catalog):
    """A Catalog, one for the life of the process."""

    def find(self, text: str) -> Model | None:
        return self.set_up(text) or (self._seen.find(text) if _SEEN.get() else None)

    def set_up(self, text: str) -> Model | None:
        """As `find`, among what the operator set up."""
        return super().find(text)

    def takes(self, name: str) -> bool:
        """Whether a name stands for what the operator set up, a model or auto."""
        auto = self.auto
        return self.set_up(name) is not None or (auto is not None and name.casefold() == auto.name)

    def hides(self, text: str) -> bool:
        seen = _SEEN.get()
        return seen is not None and text.casefold() in seen.names and self.find(text) is None

    @property
    def models(self) -> tuple[Model, ...]:
        return (*super().models, *self._seen.models) if _SEEN.get() else super().models

    @property
    def featured(self) -> tuple[Model, ...]:
        return (*super().featured, *self._seen.models) if _SEEN.get() else super().featured

    @contextmanager
    def beside(self, make: Make, names: Collection[str] = ()) -> Iterator[None]:
        """Within it these are there, too. `names`: of all that there are, whoever sees them."""
        token = _SEEN.set(_Seen(make, frozenset(one.casefold() for one in names)))
        try:
            yield
        finally:
            _SEEN.reset(token)

    @property
    def _seen(self) -> Catalog:
        seen = _SEEN.get()
        return seen.over(super().models, self.set_up, self.takes) if seen else NOTHING


class _Seen:
    """Made when they are first asked for, and again when the operator's models have changed."""

    def __init__(self, make: Make, names: frozenset[str]) -> None:
        self.names = names
        self._make = make
        self._models: tuple[Model, ...] | None = None
        self._catalog = NOTHING

    def over(self, models: tuple[Model, ...], find: Find, takes: Callable[[str], bool]) -> Catalog:
        if models is not self._models:
            named: dict[str, Model] = {}
            for model in self._make(find):
                if not takes(model.name):
                    named.setdefault(model.name.casefold(), model)
            self._models, self._catalog = models, Catalog(list(named.values()))
        return self._catalog


NOTHING = Catalog([])
_SEEN: ContextVar[_Seen | None] = ContextVar("agents seen", default=None)
