"""Puts together what asks models: for one answer, and for a comparison."""

from collections.abc import Mapping

from bot.answers.answering import Answers
from bot.answers.attachments import Attachments
from bot.answers.auto import AutoChooser, Strengths
from bot.answers.fallback import FallbackRouter
from bot.answers.file_keeper import FileKeeper
from bot.answers.tool_loop import ToolLoop
from bot.answers.tools.toolbox import Toolbox
from bot.conversation.comparison import Comparison
from bot.conversation.comparison_sets import ComparisonSets
from bot.conversation.council import Council
from bot.conversation.several_answers import SeveralAnswers
from bot.conversation.side_by_side import SideBySide
from bot.domain.catalog import Catalog
from bot.health_ports import Health
from bot.interceptor import Interceptors
from bot.models.estimates import CostEstimates
from bot.models.pricing import Corrections, Prices
from bot.ports import PreferenceStore, Provider
from bot.settings.council import CouncilEntry


def asking(
    *,
    catalog: Catalog,
    providers: Mapping[str, Provider],
    prices: Prices,
    corrections: Corrections,
    attachments: Attachments,
    files: FileKeeper,
    health: Health,
    interceptors: Interceptors,
    toolbox: Toolbox,
    strengths: Strengths,
    preferences: PreferenceStore,
    council: CouncilEntry,
) -> tuple[Answers, SeveralAnswers]:
    fallback = FallbackRouter(providers=providers, health=health, interceptors=interceptors)
    auto = AutoChooser(
        catalog=catalog,
        health=health,
        toolbox=toolbox,
        estimates=CostEstimates(catalog=catalog, prices=prices, corrections=corrections),
        corrections=corrections,
        strengths=strengths,
    )
    answers = Answers(
        catalog=catalog,
        auto=auto,
        loop=ToolLoop(fallback=fallback, toolbox=toolbox, prices=prices, files=files),
        attachments=attachments,
        files=files,
        prices=prices,
        corrections=corrections,
    )
    columns = SideBySide(fallback=fallback, answers=answers, toolbox=toolbox, prices=prices)
    comparison = Comparison(
        catalog=catalog,
        answers=answers,
        columns=columns,
        sets=ComparisonSets(catalog=catalog, preferences=preferences),
        interceptors=interceptors,
    )
    chaired = Council(
        entry=council,
        catalog=catalog,
        fallback=fallback,
        answers=answers,
        columns=columns,
        prices=prices,
        interceptors=interceptors,
    )
    return answers, SeveralAnswers(comparison=comparison, council=chaired)
