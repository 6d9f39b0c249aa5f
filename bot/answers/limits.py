"""How much one person may ask for: answers per minute and money per day, where the operator set them."""

import math

from bot.context import Scene, Spoken
from bot.domain.formatting import money
from bot.domain.replies import Reply
from bot.ports import Ledger
from bot.shelves import Budget


class Limits:
    """Costs a round trip only where a limit is set."""

    def __init__(self, *, ledger: Ledger, budget: Budget) -> None:
        self._ledger = ledger
        self._budget = budget

    async def reached(self, scene: Scene, *, answers: int = 1) -> Spoken | None:
        """What to say instead of that many answers; None when the person may ask."""
        record = scene.claim.record
        if record.final is not None or record.ref is not None:
            return None  # this question was let in before: something of it is there
        author = scene.event.author.id
        if (most := scene.policy.usd_per_day) is not None:
            today, _ = await self._ledger.spent(scene.workspace, author)
            if today.cost >= most:
                text = f"Your limit of {money(most)} a day is used up. It starts again at midnight UTC."
                return _said(scene, text)
        if (often := scene.policy.messages_per_minute) is not None:
            wait = await self._budget.take(
                f"asks:{scene.workspace}:{author}", rate=often / 60, burst=often, tokens=min(answers, often)
            )
            if wait > 0:
                seconds = math.ceil(wait)
                text = f"That was faster than {often} questions a minute. Ask again in {seconds} s."
                return _said(scene, text)
        return None


def _said(scene: Scene, text: str) -> Spoken:
    return Spoken(reply=Reply(text=text, private=scene.private))
