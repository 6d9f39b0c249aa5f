"""Limits per person: answers per minute and money per day, where the operator set them."""

import math

from bot.context import Context, Response
from bot.domain.formatting import money
from bot.domain.replies import Reply
from bot.interceptor import Interceptor
from bot.ports import Ledger, RateLimiter


class AskerLimits(Interceptor):
    """Refuses questions over a limit. Costs a round trip only where a limit is set."""

    def __init__(self, *, ledger: Ledger, rate_limiter: RateLimiter) -> None:
        self._ledger = ledger
        self._rate_limiter = rate_limiter

    async def admit(self, context: Context, *, answers: int) -> Response | None:
        record = context.claim.record
        if record.final is not None or record.ref is not None:
            return None  # an earlier attempt was admitted and counted
        author = context.event.author.id
        if (most := context.policy.usd_per_day) is not None:
            today, _ = await self._ledger.spent(context.workspace, author)
            if today.cost >= most:
                text = f"Your limit of {money(most)} a day is used up. It starts again at midnight UTC."
                return _said(context, text)
        if (often := context.policy.messages_per_minute) is not None:
            wait = await self._rate_limiter.take(
                f"asks:{context.workspace}:{author}", rate=often / 60, burst=often, tokens=min(answers, often)
            )
            if wait > 0:
                seconds = math.ceil(wait)
                text = f"That was faster than {often} questions a minute. Ask again in {seconds} s."
                return _said(context, text)
        return None


def _said(context: Context, text: str) -> Response:
    return Response(reply=Reply(text=text, private=context.private))
