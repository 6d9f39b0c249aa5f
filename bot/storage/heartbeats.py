"""The calls that renew many claims: one for those of a shard, as a thousand calls would take longer than a lease."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from bot.domain.claims import Claim
from bot.storage.keys import Keys
from bot.storage.scripts import ScriptCall, Scripts

MOST = 100  # claims in one call: Redis does nothing else meanwhile


def heartbeats(
    claims: Sequence[Claim], *, keys: Keys, scripts: Scripts, lease: int
) -> Iterator[tuple[Sequence[Claim], ScriptCall]]:
    """Each call with the claims that it renews, in the order of its answers: 'ok', 'stop' or 'lost'. `lease`: milliseconds."""
    ordered = sorted(claims, key=_shard)
    for shard, together in groupby(ordered, key=_shard):
        mine = list(together)
        for at in range(0, len(mine), MOST):
            part = mine[at : at + MOST]
            conversations = [claim.queue_entry.conversation for claim in part]
            places = [key for one in conversations for key in (keys.state(one), keys.turn(one))]
            words = [
                word
                for claim, one in zip(part, conversations, strict=True)
                for word in (str(claim.epoch), one)
            ]
            yield part, scripts.call("beat", (keys.leases(shard), *places), lease, *words)


def _shard(claim: Claim) -> int:
    return claim.queue_entry.shard
