"""Saved sets of models to compare, one list per channel: `/compare set NAME models`, `/compare NAME: question`."""

import json
import re
from collections.abc import Mapping, Sequence

from bot.context import Context, Response
from bot.conversation.scopes import unseen
from bot.domain.catalog import Catalog
from bot.domain.formatting import escape_markdown, join_names
from bot.domain.replies import Reply
from bot.ports import PreferenceStore

FEWEST, MOST, SETS = 2, 4, 20
SET = re.compile(r"set\s+([^\s:]+)\s*[:=]?\s*([^:]*)$", re.IGNORECASE)
DROP = re.compile(r"drop\s+([^\s:]+)\s*$", re.IGNORECASE)
NAME = re.compile(r"[^\W_][\w.-]{0,29}")
USAGE = "Write a name and two to four models: `/compare set NAME grok claude`."
NONE = f"There are no saved sets here. {USAGE}"
BAD_NAME = "A set's name is one word of at most 30 letters, digits, “.”, “-” or “_”, and no model's name. "

Sets = Mapping[str, Sequence[str]]


class ComparisonSets:
    """The sets of each channel."""

    def __init__(self, *, catalog: Catalog, preferences: PreferenceStore) -> None:
        self._catalog = catalog
        self._preferences = preferences

    async def known(self, context: Context) -> Sets:
        """The models' names by the set's, without sets that name what this person cannot see."""
        sets = await self._stored(context)
        return {name: models for name, models in sets.items() if not any(map(self._catalog.hides, models))}

    async def _stored(self, context: Context) -> Sets:
        """All of them. What cannot be read counts as none."""
        stored = await self._preferences.chosen(context.workspace, _scope(context))
        try:
            return {
                str(name): [str(one) for one in models] for name, models in json.loads(stored or "{}").items()
            }
        except (ValueError, TypeError, AttributeError):
            return {}

    async def resolved(self, context: Context, names: Sequence[str]) -> Sequence[str]:
        """The names of models: those of the set where one is named alone."""
        if len(names) != 1 or self._catalog.find(names[0]):
            return names
        return (await self.known(context)).get(names[0].casefold(), names)

    async def command(self, context: Context, rest: str) -> Response | None:
        """`set`, `sets` and `drop`; None for anything else."""
        if rest.casefold().strip(" .!") == "sets":
            text = listed(await self.known(context)) or NONE
        elif dropped := DROP.fullmatch(rest):
            text = await self._drop(context, dropped[1].casefold())
        elif wanted := SET.fullmatch(rest):
            text = await self._set(context, wanted[1].casefold(), re.split(r"[\s,]+", wanted[2].strip()))
        else:
            return None
        return Response(reply=Reply(text=text, private=context.private))

    async def _set(self, context: Context, name: str, words: Sequence[str]) -> str:
        if not NAME.fullmatch(name) or self._catalog.find(name):
            return BAD_NAME + USAGE
        models = []
        for word in filter(None, words):
            model = self._catalog.find(word)
            if model is None or not context.allowed(model):
                return f"“{escape_markdown(word, 60)}” is not a model I can ask here. {USAGE}"
            if not context.direct and (refusal := unseen(context, "channel", model)):
                return refusal.text
            models.append(model.name)
        models = list(dict.fromkeys(models))
        if not FEWEST <= len(models) <= MOST:
            return USAGE
        sets = {**await self._stored(context), name: models}
        if len(sets) > SETS:
            return (
                f"There are {SETS} sets here, and that is all there may be. Drop one: `/compare drop NAME`."
            )
        await self._store(context, sets)
        return f"Saved. Ask them with `/compare {name}: question`."

    async def _drop(self, context: Context, name: str) -> str:
        sets = dict(await self._stored(context))
        if name not in await self.known(context):
            return f"There is no set “{escape_markdown(name, 60)}” here. `/compare sets` lists them."
        del sets[name]
        await self._store(context, sets)
        return f"Dropped “{escape_markdown(name, 60)}”."

    async def _store(self, context: Context, sets: Sets) -> None:
        stored = json.dumps(sets) if sets else ""
        await self._preferences.choose(context.workspace, _scope(context), stored)


def listed(sets: Sets) -> str:
    """A line for each set; "" for none."""
    return "\n".join(f"- `{name}` {join_names(list(models), 'and')}" for name, models in sorted(sets.items()))


def _scope(context: Context) -> str:
    return f"compare:{context.thread.channel}"
