"""What people read of agents. Names and everything in them are somebody's words: escaped, or in a fence. Pure."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.context import Context
from bot.domain.agents import PER_PERSON, PER_WORKSPACE, Agent, AgentVersion, Audience
from bot.domain.catalog import Model
from bot.domain.formatting import escape_markdown, join_names, number_of
from bot.domain.forms import Form
from bot.domain.replies import Action, Button, Choice, Option, Reply, Section, Table

SHOWN, JUDGED = 90, 5
ONLY_PEOPLE = "Only people of this {tenant} can make agents."
NOT_YOURS = "Only who made it or an administrator can do that."
NO_OLDER = "There is no version before this one."
FASTER = (
    "Somebody else changed it just now. Open it again with `/agent {name}`, and change what it says then."
)
FULL = {
    "person": f"You have {PER_PERSON} agents, and nobody may have more. Delete one first: `/agents` lists them.",
    "workspace": f"There are {PER_WORKSPACE} agents here, the most there may be. Ask somebody to delete one first.",
}
TAKEN = "An agent that you can see has this name: call it something else."
DECIDES = "Administrators decide whether everybody sees it: `/agents` shows it to them. Until then it works for {whom}."
NOBODY = "Nobody may approve it: whoever runs Switchboard names administrators under `[policy] admins`. Until then it works for {whom}."
CONFIGURED = "Whoever runs Switchboard has set it up; it cannot be changed here."
NONE = "There are no agents here yet. `/agent new` makes one: a model with a name and instructions of yours."
USAGE = "Write `/agent new`, `/agent NAME`, or `/agents` for those there are."
FENCES = re.compile("`+")


def to_one(context: Context, text: str, **more: object) -> Reply:
    """A word to one person."""
    return Reply(text=text, private=not context.direct, **more)  # type: ignore[arg-type]  # fields of a Reply


def no_such_agent(context: Context, typed: str, near: Sequence[str]) -> Reply:
    """Also for those that somebody may not see: there is no difference."""
    hint = f" Did you mean {join_names(list(near))}?" if near else " `/agents` lists those you can ask."
    return to_one(context, f"“{escape_markdown(typed, 60)}” is not an agent I know.{hint}")


def form_asked(context: Context, form: Form, text: str = "", *, replaces: str = "") -> Reply:
    """A form to be filled in."""
    return to_one(context, text or f"**{form.title}**", form=form, secret=True, replaces=replaces)


def agent_saved(context: Context, agent: Agent, *, made: bool, replaces: str = "") -> Reply:
    """What became of it, and how it is asked."""
    name = escape_markdown(agent.now.name)
    typed = agent.now.name
    text = f"**{name}** is {'made' if made else 'changed'}. Ask it with `{typed}: question`, or pick it with `/model {typed}`."
    lines = [text, _sight(context, agent)]
    return to_one(context, "\n\n".join(lines), buttons=_buttons(agent)[:2], secret=True, replaces=replaces)


def agent_shown(
    context: Context, agent: Agent, version: AgentVersion, *, changes: bool, trouble: str = ""
) -> Reply:
    """All of it, for who may see it."""
    lines = [escape_markdown(version.description, 400)] if version.description else []
    lines += [f"It {escape_markdown(trouble, 200)}."] if trouble else []
    lines += ["Its instructions:", fenced(version.instructions)]
    if version.prompts:
        lines.append("\n".join(["Starters:", *(f"- {escape_markdown(one, 300)}" for one in version.prompts)]))
    if changes:
        lines.append(_sight(context, agent))
    tools = "all its model may use" if version.servers is None else ", ".join(version.servers) or "none"
    rows = (
        ("model", version.model),
        ("tools", tools),
        ("seen by", seen_by(agent, version, context)),
        ("made by", written_by(version, context)),
        ("version", f"{agent.revision}, of {_day(version.at)}"),
    )
    return to_one(
        context,
        "\n\n".join(lines),
        title=version.name,
        table=Table(header=("", "now"), rows=rows),
        buttons=_buttons(agent) if changes else (),
        secret=True,
    )


def agent_of_operator(context: Context, model: Model) -> Reply:
    """One that cannot be changed here. What its operator told it is not for everybody."""
    about = f"{escape_markdown(model.description, 400)}\n\n" if model.description else ""
    return to_one(context, f"{about}{CONFIGURED}", title=model.name)


def agents_listed(
    context: Context,
    agents: Sequence[tuple[Agent, AgentVersion, str]],
    waiting: Sequence[Agent],
    others: Sequence[Model],
) -> Reply:
    """`agents` with the version that is seen, and what is wrong with it. `others` are the operator's."""
    make = Button(action=Action.FORM, label="Make an agent", value="/agent new")
    if not (agents or waiting or others):
        return to_one(context, NONE, buttons=(make,))
    rows = [
        (one.name, one.model, trouble or seen_by(agent, one, context), written_by(one, context))
        for agent, one, trouble in agents
    ]
    rows += [(one.name, one.agent or one.model, "set up here, not changeable", "") for one in others]
    options = tuple(
        Option(value=f"/agent {agent.id}", label=one.name, hint=one.description)
        for agent, one, _ in agents[:SHOWN]
    )
    more = len(waiting) - JUDGED
    tail = f" {number_of(more, 'more agent')} wait after these." if more > 0 else ""
    return to_one(
        context,
        (f"Waiting for you to decide:{tail}" if waiting else "Ask one with `NAME: question`."),
        title="Agents",
        table=Table(header=("name", "model", "seen by", "made by"), rows=tuple(rows[:SHOWN])),
        sections=tuple(_judged(one) for one in waiting[:JUDGED]),
        choices=(Choice(action=Action.RUN, label="Show one", options=options),) if options else (),
        buttons=(make,),
        secret=True,
    )


def seen_by(agent: Agent, version: AgentVersion, context: Context) -> str:
    """Who sees it, as plain text."""
    tenant = context.capabilities.tenant
    match version.audience:
        case Audience.CHANNEL:
            here = version.channel == context.thread.channel
            return "everybody here" if here else "everybody in another channel or chat"
        case Audience.WORKSPACE if version.approved:
            return f"everybody in this {tenant}"
        case Audience.WORKSPACE:
            return (
                "only its maker: it was declined"
                if agent.declined
                else "only its maker: it waits for approval"
            )
    return "only its maker"


def written_by(version: AgentVersion, context: Context) -> str:
    """Who, as plain text."""
    if version.person and version.person == context.event.author.id:
        return "you"
    return version.by or ("somebody" if version.person else "nobody any more")


def agent_toml(version: AgentVersion) -> str:
    """An entry of switchboard.toml."""
    pairs: list[tuple[str, object]] = [
        ("name", version.name),
        ("model", version.model),
        ("description", version.description),
        ("instructions", version.instructions),
        ("prompts", list(version.prompts)),
    ]
    pairs = [(key, value) for key, value in pairs if value]
    pairs += [("tools", list(version.servers))] if version.servers is not None else []
    # A JSON string is a TOML string, and so is a list of them.
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in pairs]
    return "\n".join(["[[agents]]", *lines, ""])


def fenced(text: str, language: str = "") -> str:
    """Somebody's text as it is: nothing in it is markup."""
    fence = "`" * max(3, 1 + max(map(len, FENCES.findall(text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def _judged(agent: Agent) -> Section:
    about = f"{escape_markdown(agent.now.description, 400)}\n\n" if agent.now.description else ""
    changed = " It takes the place of the version that everybody sees." if agent.approved else ""
    return Section(
        title=agent.now.name,
        text=f"{about}{fenced(agent.now.instructions)}",
        note=f"on {agent.now.model} · by {agent.now.by or 'somebody'}.{changed}",
        buttons=(
            Button(
                action=Action.RUN,
                label="Approve",
                value=f"/agent approve {agent.id} {agent.revision}",
                primary=True,
            ),
            Button(
                action=Action.RUN,
                label="Decline",
                value=f"/agent decline {agent.id} {agent.revision}",
                danger=True,
            ),
        ),
    )


def _sight(context: Context, agent: Agent) -> str:
    """Who sees it now, and who decides about more."""
    if agent.waiting:
        whom = (
            "its maker alone" if agent.approved is None else "its maker, and others see the approved version"
        )
        return (DECIDES if context.policy.admins else NOBODY).format(whom=whom)
    return f"Seen by {seen_by(agent, agent.now, context)}."


def _buttons(agent: Agent) -> tuple[Button, ...]:
    undo = Button(action=Action.RUN, label="Undo", value=f"/agent undo {agent.id} {agent.revision}")
    return (
        Button(action=Action.FORM, label="Change", value=f"/agent change {agent.id}"),
        *((undo,) if agent.undoable else ()),
        Button(action=Action.RUN, label="Export", value=f"/agent export {agent.id}"),
        Button(action=Action.RUN, label="Delete", value=f"/agent delete {agent.id}", danger=True),
    )


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
