"""Limits per person: answers per minute, where the operator set them. Money is bot.answers.budgets' business."""

import math

from bot.context import Context, Response
from bot.domain.replies import Reply
from bot.interceptor import Interceptor, Plan
from bot.ports import RateLimiter


class AskerLimits(Interceptor):
    """Refuses questions over a limit. Costs a round trip only where a limit is set."""

    def __init__(self, *, rate_limiter: RateLimiter) -> None:
        self._rate_limiter = rate_limiter

    async def admit(self, context: Context, *, plan: Plan) -> Response | None:
        record, often = context.claim.record, context.policy.messages_per_minute
        if often is None or record.final is not None or record.ref is not None:
            return None  # or an earlier attempt was admitted and counted
        name = f"asks:{context.workspace}:{context.event.author.id}"
        answers = min(len(plan.models), often)
        wait = await self._rate_limiter.take(name, rate=often / 60, burst=often, tokens=answers)
        if wait <= 0:
            return None
        text = f"That was faster than {often} questions a minute. Ask again in {math.ceil(wait)} s."
        return Response(reply=Reply(text=text, private=not context.direct))
