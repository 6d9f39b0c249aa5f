"""Limits per person: answers per minute, where the operator set them. Money is bot.answers.budgets' business."""

import math

from bot.context import Context, Response
from bot.domain.errors import PlatformGone
from bot.domain.replies import Reply
from bot.interceptor import Interceptor, Plan
from bot.ports import RateLimiter

APP_QUESTIONS = 20  # of apps and workflows in one channel, an hour


class AskerLimits(Interceptor):
    """Refuses questions over a limit. Costs a round trip only where a limit is set."""

    def __init__(self, *, rate_limiter: RateLimiter) -> None:
        self._rate_limiter = rate_limiter

    async def admit(self, context: Context, *, plan: Plan) -> Response | None:
        record, often = context.claim.record, context.policy.messages_per_minute
        if record.final is not None or record.ref is not None:
            return None  # an earlier attempt was admitted and counted
        if context.event.author.app:
            await self._slow_down(context)
        if often is None:
            return None
        name = f"asks:{context.workspace}:{context.event.author.id}"
        answers = min(len(plan.models), often)
        wait = await self._rate_limiter.take(name, rate=often / 60, burst=often, tokens=answers)
        if wait <= 0:
            return None
        text = f"That was faster than {often} questions a minute. Ask again in {math.ceil(wait)} s."
        return Response(reply=Reply(text=text, private=not context.direct))

    async def _slow_down(self, context: Context) -> None:
        """Two bots that mention each other in ever new threads would never end. What is more than a workflow needs is not
        answered, not even with a word: the word would be answered, too.
        """
        name = f"apps:{context.workspace}:{context.thread.channel}"
        if await self._rate_limiter.take(name, rate=APP_QUESTIONS / 3600, burst=APP_QUESTIONS) > 0:
            raise PlatformGone("apps ask without end here", code="app_limit")
