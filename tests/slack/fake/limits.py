"""The documented rate limits: calls in any minute, per method and workspace; messages per channel."""

from collections import defaultdict, deque

from tests.slack.fake.world import Json, Slack

TIER_2, TIER_3, TIER_4 = 20, 50, 100
PER_MINUTE = {
    "chat.startStream": TIER_2,
    "chat.stopStream": TIER_2,
    "chat.appendStream": TIER_4,
    "chat.update": TIER_3,
    "chat.delete": TIER_3,
    "chat.postEphemeral": TIER_4,
    "agents.sessions.setStatus": TIER_3,
    "agents.sessions.rename": TIER_3,
    "assistant.threads.setSuggestedPrompts": TIER_4,
    "views.open": TIER_4,
    "views.update": TIER_4,
    "views.publish": TIER_4,
    "users.info": TIER_4,
    "bots.info": TIER_3,
    "usergroups.list": TIER_2,
    "files.info": TIER_4,
    "files.getUploadURLExternal": TIER_4,
    "files.completeUploadExternal": TIER_4,
    "reactions.add": TIER_3,
    "conversations.info": TIER_3,
    "conversations.open": TIER_3,
    "conversations.replies": TIER_3,
    "conversations.history": TIER_3,
    "apps.connections.open": TIER_3,
}
CHANNEL_POSTS, CHANNEL_SECONDS = 5, 5  # "about one per second", short bursts allowed
WORKSPACE_POSTS = 300


class Limits:
    """Counts what was let through; a refused call does not count."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self._made: dict[tuple[str, ...], deque[float]] = defaultdict(deque)

    def retry_after(self, method: str, team: str, args: Json) -> float:
        """0 lets the call through; otherwise the seconds until the next one fits."""
        if not self._slack.limits:
            return 0
        windows: list[tuple[tuple[str, ...], int, int]] = []
        if method in PER_MINUTE:
            slow = self._slack.commercial and method in ("conversations.replies", "conversations.history")
            windows.append(((method, team), 1 if slow else PER_MINUTE[method], 60))
        if method == "chat.postMessage":
            windows.append(((method, team), WORKSPACE_POSTS, 60))
            windows.append(((method, team, str(args.get("channel"))), CHANNEL_POSTS, CHANNEL_SECONDS))
        now = self._slack.clock.now()
        wait = 0.0
        for key, calls, seconds in windows:
            made = self._made[key]
            while made and made[0] <= now - seconds:
                made.popleft()
            if len(made) >= calls:
                wait = max(wait, made[-calls] + seconds - now)
        if not wait:
            for key, _, _ in windows:
                self._made[key].append(now)
        return wait
