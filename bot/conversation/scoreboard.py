"""/scoreboard: what this workspace's people think of the models' answers, from what they did with them."""

from dataclasses import replace

from bot.answers.scores import Scores
from bot.context import Context, Response
from bot.domain.catalog import Catalog
from bot.domain.confidence import Estimate
from bot.domain.formatting import clean_name, clip, escape_markdown, join_names, money, number_of
from bot.domain.question_kinds import QuestionKind
from bot.domain.replies import Action, Button, Chart, Reply, Series, Table
from bot.domain.standings import FEWEST, ModelStanding, Standings
from bot.models.chat_agents import rated
from bot.score_ports import ScoreStore

CHARTED = 10  # models
ROWS = 30  # models
FEW, NONE = "too few", "none"
UNBROKEN = "\N{NO-BREAK SPACE}"
HEADER = ("model", "kept", "preferred", "liked", "answers", "first word", "cost", "asked again", "stopped")
OUTSIDERS = "The scoreboard is for the people of this {tenant}."
LEFT = "Done: nothing you do counts on the scoreboard from now on, and {erased}. `scoreboard join` brings you back."
JOINED = "What you do counts on the scoreboard again, from now on."
NEVER_LEFT = "What you do counts on the scoreboard already."


class Scoreboard:
    """Shows it, and lets people leave it."""

    def __init__(self, *, scores: Scores, store: ScoreStore, catalog: Catalog) -> None:
        self._scores = scores
        self._store = store
        self._catalog = catalog

    async def command(self, context: Context, rest: str) -> Response:
        """/scoreboard, /scoreboard code, /scoreboard leave, /scoreboard join."""
        word = rest.casefold().strip(" .!")
        if context.event.author.external:
            text = OUTSIDERS.format(tenant=context.capabilities.tenant)
            return Response(reply=Reply(text=text, private=True))
        if word in {"leave", "join"}:
            return await self._membership(context, word)
        if word and word not in set(QuestionKind):
            kinds = join_names([kind.value for kind in QuestionKind])
            text = f"“{escape_markdown(word, 60)}” is no kind of question. Write `scoreboard`, or one of {kinds} behind it."
            return Response(reply=Reply(text=text, private=context.private))
        kind = QuestionKind(word) if word else None
        found = await self._scores.standings(context.workspace, kind)
        return Response(reply=_board(context, self._seen_by(context, found)))

    def _seen_by(self, context: Context, found: Standings) -> Standings:
        """Only of models that this person may use here: what somebody calls an agent of their own is for nobody else."""

        def visible(name: str) -> bool:
            model = self._catalog.find(name)
            return model is not None and rated(model) and context.allowed(model)

        return replace(found, models=tuple(one for one in found.models if visible(one.model)))

    async def _membership(self, context: Context, word: str) -> Response:
        person = context.event.author.id
        if word == "join":
            text = JOINED if await self._store.join(context.workspace, person) else NEVER_LEFT
        else:
            gone = await self._store.leave(context.workspace, person)
            erased = f"{number_of(gone, 'thing')} that counted {'is' if gone == 1 else 'are'} erased"
            text = LEFT.format(erased=erased if gone else "nothing had counted")
        return Response(reply=Reply(text=text, private=not context.direct))


def _board(context: Context, found: Standings) -> Reply:
    tenant = context.capabilities.tenant
    title = f"Scoreboard: {found.kind}" if found.kind else "Scoreboard"
    if not found.models:
        about = f" about {found.kind}" if found.kind else ""
        text = f"Nothing counts here yet: no model that you may use had a question{about}, or everybody left the scoreboard."
        return Reply(title=title, text=text, private=context.private)
    rows = tuple(_row(one) for one in found.models[:ROWS])
    return Reply(
        title=title,
        text="\n\n".join([_summary(found, tenant), _notes(found, tenant)]),
        chart=_chart(found, title),
        table=Table(header=HEADER, rows=rows),
        buttons=_kinds(found.kind),
        private=context.private,
    )


def _summary(found: Standings, tenant: str) -> str:
    """What can be said, and from how much."""
    votes = sum(one.votes for one in found.models)
    answers = sum(one.answers for one in found.models)
    blind = f" ({found.blind:,} without names, which count double)" if found.blind else ""
    counted = ", ".join((number_of(answers, "answer"), number_of(votes, "vote")))
    said = [
        f"What people in this {tenant} did in the last 90 days: {counted}, {number_of(found.decisions, 'comparison')}{blind}."
    ]
    better = [clean_name(one.model) for one in found.models if one.preferred and one.preferred.low > 0.5]
    if better:
        said.append(f"Clearly preferred to the average model: {join_names(better, 'and')}.")
    elif found.decisions or votes:
        said.append("No model is clearly ahead.")
    return " ".join(said)


def _notes(found: Standings, tenant: str) -> str:
    """How to read the numbers."""
    only = f"Only questions about {found.kind}" if found.kind else "Questions by kind"
    if found.kind is QuestionKind.OTHER:
        only = "Only questions of no other kind"
    return (
        f"{only}: sorted by a local rule, by words and files, which errs at times. Preferred: how likely its answer is kept "
        f"over an average model's. Ranges hold the true share 19 times of 20; “{FEW}” stands for fewer than {FEWEST}. First "
        f"word: within the first time half of the answers began, within the second nine in ten. Costs are averages of this "
        f"{tenant}, never one person's. `scoreboard leave` leaves you out."
    )


def _row(one: ModelStanding) -> tuple[str, ...]:
    kept = f"{one.kept:,} of {one.compared:,}" if one.compared else NONE
    liked = f"{one.likes:,} of {one.votes:,}" if one.votes else NONE
    told = (
        kept + (f", {one.blind:,} blind" if one.blind else ""),
        _range(one.preferred) if one.preferred else FEW if one.compared else NONE,
        f"{liked} ({_spread(one.liked)})" if one.liked else f"{liked}, {FEW}" if one.votes else liked,
        f"{one.answers:,}",
        f"{one.latency.median:.1f} s / {one.latency.slow:.1f} s" if one.latency else FEW,
        FEW if one.cost is None else money(one.cost) if one.cost else "free",
        f"{one.again:,}",
        f"{one.stops:,}",
    )
    # Numbers that are broken into lines are hard to compare.
    return (clip(one.model, 60), *(cell.replace(" ", UNBROKEN) for cell in told))


def _range(share: Estimate) -> str:
    return f"{share.value:.0%} ({_spread(share)})"


def _spread(share: Estimate) -> str:
    return f"{100 * share.low:.0f} to {share.high:.0%}"


def _chart(found: Standings, title: str) -> Chart | None:
    """Of the models of which enough is known."""
    shown = [one for one in found.models if one.preferred or one.liked][:CHARTED]
    series = (
        Series(name="preferred", values=tuple(one.preferred for one in shown)),
        Series(name="liked", values=tuple(one.liked for one in shown)),
    )
    told = tuple(one for one in series if any(one.values))
    if not told:
        return None
    return Chart(title=title, categories=tuple(clip(one.model, 60) for one in shown), series=told)


def _kinds(now: QuestionKind | None) -> tuple[Button, ...]:
    """The other scoreboards."""
    names = ["" if kind is None else kind.value for kind in (None, *QuestionKind) if kind is not now]
    return tuple(
        Button(action=Action.RUN, label=name.capitalize() or "All", value=f"/scoreboard {name}".rstrip())
        for name in names
    )
