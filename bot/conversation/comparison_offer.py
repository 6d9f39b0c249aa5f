"""/compare without a question: which models, and what to type then."""

from collections.abc import Mapping, Sequence

from bot.context import Context
from bot.domain.catalog import Catalog
from bot.domain.formatting import join_names
from bot.domain.replies import Action, Button, Choice, Option, Reply

FEWEST, MOST = 2, 4
OFFERED, SETS = 12, 5
TOO_FEW = "There are not two models here to compare. Whoever runs Switchboard can add one, or allow one here."
HOW = "Write two to four models and a question: `/compare grok claude: question`."
BLIND = "With `--blind` in front, names are hidden until you keep one."


def comparison_offer(
    context: Context, catalog: Catalog, sets: Mapping[str, Sequence[str]], names: Sequence[str]
) -> Reply:
    """Saved sets and models to pick. What was picked already stands in the command that a pick types."""
    usable = context.usable(catalog.featured)
    if len(usable) < FEWEST:
        return Reply(text=TOO_FEW, private=context.private)
    if len(names) == 1 and names[0].casefold() in sets:
        text = f"Now type your question behind it: `/compare {names[0].casefold()}: question`."
        return Reply(text=text, private=context.private)
    found = [catalog.find(name) for name in names]
    picked = list(dict.fromkeys(model.name for model in found if model and context.allowed(model)))[:MOST]
    rest = [model for model in usable if model.name not in picked]
    options = tuple(
        Option(value=f"/compare {' '.join([*picked, model.name])}", label=model.name, hint=model.description)
        for model in rest[:OFFERED]
    )
    label = "Add a model" if picked else "Pick a model"
    choices = (
        (Choice(action=Action.RUN, label=label, options=options),) if options and len(picked) < MOST else ()
    )
    buttons = (
        ()
        if picked
        else tuple(
            Button(action=Action.RUN, label=f"{name}: {', '.join(models)}", value=f"/compare {name}")
            for name, models in sorted(sets.items())[:SETS]
        )
    )
    return Reply(text=_text(picked), choices=choices, buttons=buttons, private=context.private)


def _text(picked: Sequence[str]) -> str:
    if not picked:
        return f"{HOW} {BLIND}"
    if len(picked) < FEWEST:
        return f"{join_names(list(picked))} and which other? {HOW}"
    return f"Now type your question behind them: `/compare {' '.join(picked)}: question`. {BLIND}"
