"""The two ways to ask several models one question."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from bot.answers.answering import Answers
from bot.answers.fallback import FallbackRouter
from bot.answers.tools.toolbox import Toolbox
from bot.conversation.comparison import Comparison
from bot.conversation.comparison_sets import ComparisonSets
from bot.conversation.council import Council
from bot.conversation.side_by_side import SideBySide
from bot.domain.catalog import Catalog
from bot.interceptor import Interceptors
from bot.models.pricing import Prices
from bot.ports import PreferenceStore
from bot.settings.council import CouncilEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class SeveralAnswers:
    """Side by side, or with a chair."""

    comparison: Comparison
    council: Council


def several_answers(
    *,
    catalog: Catalog,
    fallback: FallbackRouter,
    answers: Answers,
    prices: Prices,
    toolbox: Toolbox,
    interceptors: Interceptors,
    preferences: PreferenceStore,
    council: CouncilEntry,
    clock: Callable[[], float] = time.time,
) -> SeveralAnswers:
    columns = SideBySide(fallback=fallback, answers=answers, toolbox=toolbox, prices=prices, clock=clock)
    return SeveralAnswers(
        comparison=Comparison(
            catalog=catalog,
            answers=answers,
            columns=columns,
            sets=ComparisonSets(catalog=catalog, preferences=preferences),
            interceptors=interceptors,
            clock=clock,
        ),
        council=Council(
            entry=council,
            catalog=catalog,
            fallback=fallback,
            answers=answers,
            columns=columns,
            prices=prices,
            interceptors=interceptors,
            clock=clock,
        ),
    )
