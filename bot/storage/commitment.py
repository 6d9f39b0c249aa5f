"""What commit.lua needs to end a claim with its outcome."""

import json
from datetime import datetime
from typing import Any

from bot.domain.claims import Claim, Outcome
from bot.storage.keys import Keys, Lifetimes, workspace_of
from bot.storage.ledger import periods, tally
from bot.storage.observations import name_ending


def commitment(
    claim: Claim, outcome: Outcome, *, keys: Keys, lifetimes: Lifetimes, at: datetime, cut: int, sealed: bool
) -> tuple[tuple[str, ...], str]:
    """The script's keys, and what it is told as JSON. Usage counts for the day and month of `at`. `cut` is how many of the
    history's newest turns are written anew; where turns are `sealed`, one more shows what the first of them comes after.
    """
    thread, conversation, shard = claim.event.thread, claim.queue_entry.conversation, claim.queue_entry.shard
    workspace, person = workspace_of(thread.platform, thread.workspace), claim.event.author.id
    dates = periods(at)
    # "" is everybody. Without an author both are the same sum, which must be counted once.
    counted = [(who, date) for who in dict.fromkeys((person, "")) for date in dates]
    about: dict[str, Any] = {
        "conversation": conversation,
        "epoch": str(claim.epoch),
        "mail": claim.mail,
        "cut": cut,
        "join": outcome.join,
        "forget": outcome.forget,
        "unread": outcome.unread,
        "thread": str(thread) if outcome.counted else "",
        "ttl": lifetimes.memory,
        "keep": lifetimes.turns + sealed,
        "most": lifetimes.turns + lifetimes.spare,
        "person": person if outcome.counted else "",
        "people_ttl": lifetimes.month,
        "recent_most": lifetimes.recent,
        "tallies": [lifetimes.day if len(date) > len("2026-01") else lifetimes.month for _, date in counted],
        **_counts(outcome, keys, lifetimes),
    }
    about |= outcome.picks
    own = (
        keys.state(conversation),
        keys.mail(conversation),
        keys.turn(conversation),
        keys.history(conversation),
        keys.index(shard, workspace),
        keys.recent(shard, workspace, person),
        keys.people(shard, workspace),
        keys.erased(shard, workspace),
        *keys.scores(shard, workspace),
        *(keys.usage(shard, workspace, who, date) for who, date in counted),
    )
    return (*keys.line(shard), *own), json.dumps(about)


def _counts(outcome: Outcome, keys: Keys, lifetimes: Lifetimes) -> dict[str, Any]:
    """What is added to sums; what the scoreboard counts from now on, and what no more. Its records come beside it."""
    return {
        "spent": tally(outcome.counted),
        "observed": [{"id": one.id, "person": one.person} for one in outcome.observations],
        "observed_ttl": lifetimes.observed,
        "observed_most": keys.observations_kept(lifetimes),
        "unobserved": name_ending(outcome.unobserved) if outcome.unobserved else "",
    }
