"""The form of an agent: its fields, what is wrong with what was filled in, and the version that it makes. Pure."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.conversation.command_parser import AGENT_VERBS, Ask, parse_message
from bot.domain.agents import (
    DESCRIPTION,
    INSTRUCTIONS,
    NAME,
    PROMPT,
    PROMPTS,
    AgentVersion,
    Audience,
)
from bot.domain.auto_entry import AUTO
from bot.domain.catalog import Model
from bot.domain.formatting import clip, strip_controls, whole
from bot.domain.forms import FieldKind, FieldOption, Form, FormField
from bot.models.chat_agents import may_carry
from bot.models.shared_catalog import SharedCatalog
from bot.settings.config_file import typable_name

NEW, CHANGE = "agent new", "agent change"
OFFERED = 90  # models in a list
TYPED_NEW = "Typed in one line it is `/agent new NAME MODEL: instructions`."
TYPED_CHANGE = "Typed it is `/agent {name} FIELD: text`, where FIELD is one of name, model, description, instructions, starters, tools, audience."
SEEN = {
    Audience.ME: ("Only me", ""),
    Audience.CHANNEL: ("People here", "this channel or chat"),
    Audience.WORKSPACE: ("Everybody", "administrators approve it first"),
}
AUDIENCE = FormField(
    id="audience",
    label="Who sees it",
    kind=FieldKind.ONE,
    options=tuple(
        FieldOption(value=one.value, label=label, hint=hint) for one, (label, hint) in SEEN.items()
    ),
    value=Audience.ME.value,
    required=True,
)
LONGEST = {"description": DESCRIPTION, "instructions": INSTRUCTIONS}


class AgentForms:
    """`servers` are the names of the tool servers there are."""

    def __init__(self, *, catalog: SharedCatalog, servers: Sequence[str]) -> None:
        self._catalog = catalog
        self._servers = tuple(servers)

    def new(self, models: Sequence[Model]) -> Form:
        """An empty one. `models` can be asked here."""
        default = next((one.name for one in models if one == self._catalog.default), "")
        values = {
            "model": default or next((one.name for one in models), ""),
            "tools": "\n".join(self._servers),
            "audience": Audience.ME.value,
        }
        form = Form(
            id=NEW,
            title="New agent",
            submit="Make it",
            fields=self._fields(models),
            opens=f"/{NEW}",
            typed=TYPED_NEW,
        )
        return form.filled(values, {})

    def change(self, id: str, version: AgentVersion, models: Sequence[Model]) -> Form:
        form = Form(
            id=f"{CHANGE} {id}",
            title="Change an agent",
            submit="Save",
            fields=self._fields(self._with(version.model, models)),
            opens=f"/{CHANGE} {id}",
            typed=TYPED_CHANGE.format(name=version.name),
        )
        return form.filled(self.values(version), {})

    def values(self, version: AgentVersion) -> dict[str, str]:
        """A version as it was filled in."""
        servers = self._servers if version.servers is None else version.servers
        return {
            "name": version.name,
            "model": version.model,
            "description": version.description,
            "instructions": version.instructions,
            "starters": "\n".join(version.prompts),
            "tools": "\n".join(one for one in servers if one in self._servers),
            "audience": version.audience.value,
        }

    def faults(self, values: Mapping[str, str]) -> dict[str, str]:
        """What is wrong, by field, as far as it can be known without asking anybody."""
        found = {"name": self._name(_line(values, "name")), "model": self._model(_line(values, "model"))}
        for field, most in LONGEST.items():
            if (length := len(values.get(field, "").strip())) > most:
                found[field] = f"These are {length:,} characters, and {most:,} fit."
        if not values.get("instructions", "").strip():
            found["instructions"] = "Write what it is to do."
        found["starters"] = self._starters(_lines(values, "starters"))
        if unknown := [one for one in _lines(values, "tools") if one not in self._servers]:
            known = ", ".join(self._servers) or "none"
            found["tools"] = f"There is no {clip(unknown[0], 40)}. There are: {known}."
        if _line(values, "audience") not in list(Audience):
            found["audience"] = "Write me, channel or workspace."
        return {field: fault for field, fault in found.items() if fault}

    def version(self, values: Mapping[str, str], before: AgentVersion | None) -> AgentVersion:
        """What faultless values make, of `before` if there was one."""
        servers = tuple(_lines(values, "tools")) if "tools" in values and self._servers else None
        if before and before.servers is None and servers == self._servers:
            servers = None
        model = self._catalog.set_up(_line(values, "model"))
        return replace(
            before or AgentVersion(name="", model=""),
            name=_line(values, "name"),
            model=model.name if model else _line(values, "model"),
            description=_line(values, "description"),
            instructions=_text(values, "instructions"),
            prompts=tuple(_lines(values, "starters")),
            servers=servers,
            audience=Audience(_line(values, "audience") or Audience.ME),
        )

    def _with(self, name: str, models: Sequence[Model]) -> Sequence[Model]:
        """The models with the one that is picked already, which may be none of the first."""
        now = self._catalog.set_up(name)
        return [now, *(one for one in models if one != now)] if now else models

    def _fields(self, models: Sequence[Model]) -> tuple[FormField, ...]:
        plain = [one for one in models if may_carry(one)][:OFFERED]
        return (
            FormField(id="name", label="Name", hint="One word: people type it", longest=NAME, required=True),
            FormField(
                id="model",
                label="Model",
                kind=FieldKind.ONE,
                options=tuple(FieldOption(value=one.name, label=one.name) for one in plain),
                required=True,
            ),
            FormField(id="description", label="What it is for", longest=DESCRIPTION),
            FormField(
                id="instructions",
                label="Instructions",
                kind=FieldKind.TEXT,
                hint="What it does, and how it answers",
                longest=INSTRUCTIONS,
                required=True,
            ),
            FormField(
                id="starters",
                label="Starters",
                kind=FieldKind.TEXT,
                hint=f"Questions to begin with, one in each line, {PROMPTS} at most",
                longest=PROMPTS * (PROMPT + 2),
            ),
            *((self._tools(),) if self._servers else ()),
            AUDIENCE,
        )

    def _tools(self) -> FormField:
        options = tuple(FieldOption(value=one, label=one) for one in self._servers)
        return FormField(id="tools", label="Tools it may use", kind=FieldKind.SOME, options=options)

    def _name(self, name: str) -> str:
        try:
            typable_name(name)
        except ValueError as error:
            return str(error) if name else "Give it a name."
        if name.casefold() in AGENT_VERBS:
            return f"“{name}” is a part of the command: call it something else."
        plain = unicodedata.normalize("NFKC", name)  # wide letters and the like look the same to people
        if plain.casefold() == AUTO:
            return f"“{name}” stands for a choice of Switchboard's: call it something else."
        taken = self._catalog.set_up(name) or self._catalog.set_up(plain)
        return f"“{name}” is a model's name: call it something else." if taken else ""

    def _model(self, name: str) -> str:
        if not may_carry(model := self._catalog.set_up(name)):
            what = "is an agent itself: name a model" if model else "is not a model I know"
            return f"“{clip(name, 60)}” {what}." if name else "Pick a model."
        return ""

    def _starters(self, starters: Sequence[str]) -> str:
        """A starter is sent by a press: it must be nothing but a question."""
        if len(starters) > PROMPTS:
            return f"There may be {PROMPTS}, one in each line."
        for one in starters:
            if len(one) > PROMPT:
                return f"“{clip(one, 40)}” is longer than {PROMPT} characters."
            if not isinstance(parse_message(one, self._catalog), Ask) or one[:1] in "/!":
                return f"“{clip(one, 40)}” is a command: write a question."
        return ""


def _line(values: Mapping[str, str], field: str) -> str:
    return " ".join(strip_controls(whole(values.get(field, ""))).split())


def _lines(values: Mapping[str, str], field: str) -> list[str]:
    return list(dict.fromkeys(line.strip() for line in _text(values, field).splitlines() if line.strip()))


def _text(values: Mapping[str, str], field: str) -> str:
    return strip_controls(whole(values.get(field, "").replace("\r\n", "\n"))).strip()
