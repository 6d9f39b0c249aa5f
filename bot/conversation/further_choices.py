"""What else can be chosen beside the model, where it can: how long it thinks, and whether it searches the web."""

from collections.abc import Sequence

from bot.conversation.scopes import FIELDS
from bot.conversation.switch_costs import thinks
from bot.domain.catalog import Entry, Model
from bot.domain.preferences import LEVELS, ModelPreferences
from bot.domain.replies import Action, Choice, Option

USUAL = "default"
EFFORTS = (*((level, level.capitalize()) for level in LEVELS), (USUAL, "Usual"))
SEARCHES = (
    ("on", "Whenever it helps"),
    ("off", "Only with /search"),
    (USUAL, "Usual"),
)


def further_choices(
    model: Entry, preferences: ModelPreferences, scope: str, where: str
) -> tuple[Choice, ...]:
    """For the model that answers. `where` is the scope in words."""
    field, choices = FIELDS[scope], []
    if thinks(model):
        chosen = str(getattr(preferences.effort, field))
        choices.append(_choice("effort", f"Effort {where}", EFFORTS, chosen, scope))
    if not isinstance(model, Model) or model.can_search:
        chosen = str(getattr(preferences.search, field))
        choices.append(_choice("search", f"Search the web {where}", SEARCHES, chosen, scope))
    return tuple(choices)


def _choice(command: str, label: str, offered: Sequence[tuple[str, str]], chosen: str, scope: str) -> Choice:
    options = tuple(Option(value=f"/{command} {value} --{scope}", label=shown) for value, shown in offered)
    selected = f"/{command} {chosen or USUAL} --{scope}"
    return Choice(action=Action.RUN, label=label, options=options, selected=selected)
