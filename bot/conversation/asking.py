"""Puts together what asks models: for one answer, and for a comparison."""

from collections.abc import Mapping

from bot.answers.answering import Answers
from bot.answers.attachments import Attachments
from bot.answers.auto import AutoChooser, Strengths
from bot.answers.fallback import FallbackRouter
from bot.answers.file_keeper import FileKeeper
from bot.answers.tool_loop import ToolLoop
from bot.answers.tools.toolbox import Toolbox
from bot.conversation.several_answers import SeveralAnswers, several_answers
from bot.domain.catalog import Catalog
from bot.interceptor import Interceptors
from bot.models.estimates import CostEstimates
from bot.models.pricing import Corrections, Prices
from bot.ports import Provider
from bot.settings.council import CouncilEntry
from bot.storage.open import Storage


def asking(
    *,
    catalog: Catalog,
    providers: Mapping[str, Provider],
    prices: Prices,
    corrections: Corrections,
    attachments: Attachments,
    store: Storage,
    interceptors: Interceptors,
    toolbox: Toolbox,
    strengths: Strengths,
    council: CouncilEntry,
) -> tuple[Answers, SeveralAnswers]:
    fallback = FallbackRouter(providers=providers, health=store.health, interceptors=interceptors)
    files = FileKeeper(store.secrets, store.rate_limiter)
    answers = Answers(
        catalog=catalog,
        auto=_auto(store, catalog, toolbox, prices, corrections, strengths=strengths),
        loop=ToolLoop(fallback=fallback, toolbox=toolbox, prices=prices, files=files),
        attachments=attachments,
        files=files,
        prices=prices,
        corrections=corrections,
    )
    return answers, several_answers(
        catalog=catalog,
        fallback=fallback,
        answers=answers,
        prices=prices,
        toolbox=toolbox,
        interceptors=interceptors,
        preferences=store.preferences,
        council=council,
    )


def _auto(
    store: Storage,
    catalog: Catalog,
    toolbox: Toolbox,
    prices: Prices,
    corrections: Corrections,
    *,
    strengths: Strengths,
) -> AutoChooser:
    return AutoChooser(
        catalog=catalog,
        health=store.health,
        toolbox=toolbox,
        estimates=CostEstimates(catalog=catalog, prices=prices, corrections=corrections),
        corrections=corrections,
        strengths=strengths,
    )
