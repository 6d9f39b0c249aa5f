"""/search on and off: whether models search the web when nobody asks them to, with the scopes of /model."""

from dataclasses import replace

from bot.answers.precedence import select_model
from bot.context import Context, Response
from bot.conversation.command_parser import split_scope
from bot.conversation.scopes import FIELDS, default_scope, objection, stored_as, where
from bot.domain.catalog import Catalog, Model
from bot.domain.claims import Outcome
from bot.domain.formatting import escape_markdown
from bot.domain.preferences import OFF, ON, SearchPreferences
from bot.domain.replies import Reply
from bot.ports import PreferenceStore

USUAL = "default"
WORDS = {
    ON: "may search the web whenever it helps",
    OFF: "search the web only when somebody writes `/search`",
}


def chooses_search(rest: str) -> bool:
    """Whether what follows /search is a choice and not a question."""
    return split_scope(rest)[0].casefold() in {ON, OFF, USUAL}


class SearchChoice:
    """Changes it."""

    def __init__(self, *, catalog: Catalog, preferences: PreferenceStore) -> None:
        self._catalog = catalog
        self._preferences = preferences

    async def command(self, context: Context, rest: str) -> Response:
        """/search on, /search off, /search default."""
        typed, scope = split_scope(rest)
        wanted, scope = typed.casefold(), scope or default_scope(context)
        if refusal := objection(context, scope, "searching"):
            return Response(reply=refusal)
        chosen = wanted if wanted in WORDS else ""
        preferences = context.claim.preferences
        outcome = Outcome()
        if scope == "thread":
            outcome = Outcome(thread_tools=replace(preferences.tools, search=chosen))
        else:
            await self._preferences.choose(context.workspace, f"search:{stored_as(context, scope)}", chosen)
        after = replace(preferences.search, **{FIELDS[scope]: chosen})
        text = f"The choice {where(context, scope)} is gone."
        if chosen:
            text = f"Models {WORDS[chosen]} {where(context, scope)} from now on."
        text = f"{text}{self._here(context, after, chosen)}"
        return Response(reply=Reply(text=text, private=context.private), outcome=outcome)

    def _here(self, context: Context, after: SearchPreferences, chosen: str) -> str:
        """What is different here from what was chosen."""
        model = select_model(self._catalog, context.claim.preferences, context.allowed).model
        name = escape_markdown(model.name)
        if isinstance(model, Model) and not model.can_search:
            return f" Here {name} answers, which cannot search the web." if chosen == ON else ""
        if chosen and after.chosen != chosen:
            return f" Here another choice comes first: models {WORDS[after.chosen]}."
        if not chosen and (after.chosen or isinstance(model, Model)):
            now = after.chosen or (ON if isinstance(model, Model) and model.search else OFF)
            return f" Here models {WORDS[now]}."
        return ""
