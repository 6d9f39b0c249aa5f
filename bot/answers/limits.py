"""Limits per person: answers per minute, where the operator set them. Money is bot.answers.budgets' business."""

import logging
import math

from bot.context import Context, Response
from bot.domain.replies import Reply
from bot.interceptor import Interceptor, Plan
from bot.ports import RateLimiter

log = logging.getLogger(__name__)

APP_QUESTIONS = 20  # of apps and workflows in one channel, an hour


class AskerLimits(Interceptor):
    """Refuses questions over a limit. Costs a round trip only where a limit is set, and for what an app asks."""

    def __init__(self, *, rate_limiter: RateLimiter) -> None:
        self._rate_limiter = rate_limiter

    async def admit(self, context: Context, *, plan: Plan) -> Response | None:
        record, often = context.claim.record, context.policy.messages_per_minute
        if record.begun:
            return None  # an earlier attempt was admitted and counted
        if context.event.author.app and await self._is_endless(context):
            return Response()
        if often is None:
            return None
        name = f"asks:{context.workspace}:{context.event.author.id}"
        answers = min(len(plan.models), often)
        wait = await self._rate_limiter.take(name, rate=often / 60, burst=often, tokens=answers)
        if wait <= 0:
            return None
        text = f"That was faster than {often} questions a minute. Ask again in {math.ceil(wait)} s."
        return Response(reply=Reply(text=text, private=not context.direct))

    async def _is_endless(self, context: Context) -> bool:
        """Two bots that mention each other in ever new threads would never end. What is more than a workflow needs is not
        answered, not even with a word: the word would be answered, too.
        """
        name = f"apps:{context.workspace}:{context.thread.channel}"
        wait = await self._rate_limiter.take(name, rate=APP_QUESTIONS / 3600, burst=APP_QUESTIONS)
        if wait > 0:
            log.warning("apps ask without end", extra={"channel": context.thread.channel})
        return wait > 0
