"""Who searches the web, and how: the model's vendor, or a tool."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.answers.precedence import Answerer, NoModelAvailable, PrecedenceStep
from bot.domain.catalog import Catalog, Model
from bot.domain.preferences import ON
from bot.domain.prompt import Search

NAMED = 3  # models that a refusal offers
OBJECTION = "cannot search the web"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchWay:
    """What a prompt says of searching: whether, and by which tool; "": the vendor searches."""

    search: Search = Search.NO
    tool: str = ""


def way_of(model: Model, asked: Search, chosen: str = "") -> SearchWay:
    """`asked` is what the question wants. Otherwise people choose whether a model may search whenever it likes to (ON, OFF); where
    nobody did, one may that is marked.
    """
    wanted = asked or (Search.MAY if (chosen == ON if chosen else model.search) else Search.NO)
    if not (wanted and model.can_search):
        return SearchWay()
    return SearchWay(search=wanted, tool="" if model.searches else model.search_tool)


def searcher(chosen: Answerer, catalog: Catalog, allowed: Callable[[Model], bool]) -> Answerer:
    """Who answers what has to be searched for: the selected model, or one that steps in because that one cannot search. Raises
    NoModelAvailable.
    """
    model = chosen.model
    if model.can_search:
        return chosen
    usable = [one for one in catalog.models if allowed(one)]
    marked = [one for one in usable if one.search and not one.instructions]
    fallbacks = [one for one in catalog.fallbacks(model) if allowed(one)]
    other = next((one for one in (*fallbacks, *marked) if one.can_search), None)
    if other is None:
        raise NoModelAvailable(_nobody(model, [one for one in usable if one.can_search]))
    passed = tuple(
        replace(link, wins=False, objection=OBJECTION, chosen=link.chosen or model.name)
        if link.wins
        else link
        for link in chosen.chain
    )
    step = PrecedenceStep(scope="a model that searches the web", chosen=other.name, wins=True)
    return replace(chosen, model=other, chain=(*passed, step))


def _nobody(model: Model, able: list[Model]) -> str:
    names = list(dict.fromkeys(one.name for one in able if one.featured))[:NAMED]
    if names:
        return f"{model.name} {OBJECTION}. Pick one that can with /model ({', '.join(names)}), or whoever runs Switchboard sets search = true for it."
    return (
        f"{model.name} {OBJECTION}, and no other model here can. Whoever runs Switchboard adds a model whose vendor searches "
        '(OpenAI, Anthropic, Gemini, xAI, OpenRouter) with search = true, or names a tool: [search] tool = "brave.web_search".'
    )
