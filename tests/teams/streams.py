"""The life of one streamed message in a one-to-one chat, as the service enforces it. Microsoft 365 Copilot also ends it
after 45 seconds of silence, and shows nothing of a stream that does not say first what is happening.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.teams.refusals import Refused, bad, stream_refused
from tests.teams.rules import MESSAGE, check_message, entities, size

LONGEST = 120.0
"""Seconds from the first request to the last, the final message included."""
SILENCE = 45.0
"""Seconds between two requests in Microsoft 365 Copilot."""


@dataclass(kw_only=True)
class Stream:
    """One stream. Every method either changes it or raises the refusal that the service sends."""

    id: str
    started: float
    last: float
    sequence: int = 1
    text: str = ""
    told: str = ""
    content: bool = False
    done: bool = False
    cancelled: bool = False
    silence: float = float("inf")  # seconds between two requests after which nothing more is taken
    hidden: bool = False
    requests: list[tuple[float, str]] = field(default_factory=list)

    def open(self, now: float) -> bool:
        return not (self.done or self.cancelled or now - self.started > LONGEST)

    def take(
        self,
        activity: Mapping[str, Any],
        info: Mapping[str, Any],
        now: float,
        *,
        quota: bool,
        extended: bool = True,
    ) -> bool:
        """One update or the final. False: accepted, but dropped for its sequence number."""
        self._alive(now)
        if quota and now - self.last < 1.0:
            raise Refused(429, "Throttled", "API calls quota exceeded.", retry_after=1.0)
        kind, text = info.get("streamType"), activity.get("text") or ""
        if kind == "final":
            self._final(activity, info)
            check_message(activity, extended=extended)
        else:
            if not self._update(info, kind, text):
                return False
            check_update(activity, kind)
        if kind != "informative":
            if not text.startswith(self.text):
                raise stream_refused("The message should contain the previously streamed content.")
            self.text, self.content = text, True
        else:
            self.told = text
        self.done = kind == "final"
        self.last = now
        self.requests.append((now, str(kind)))
        return True

    def _alive(self, now: float) -> None:
        if self.cancelled:
            raise stream_refused("Content stream was canceled by user.")
        if self.done:
            raise stream_refused("Content stream is not allowed on an already completed streamed message.")
        if now - self.started > LONGEST or now - self.last > self.silence:
            raise stream_refused("Content stream finished due to exceeded streaming time.")

    def _final(self, activity: Mapping[str, Any], info: Mapping[str, Any]) -> None:
        if activity.get("type") != "message":
            raise bad("The final of a stream is a message.")
        if "streamSequence" in info:
            raise bad("The final of a stream has no streamSequence.")
        if size(activity) > 100 * 1024:
            raise stream_refused("Message size too large.")

    def _update(self, info: Mapping[str, Any], kind: object, text: str) -> bool:
        if kind == "informative" and self.content:
            raise bad("Informative updates come before the content.")
        sequence = info.get("streamSequence")
        if not isinstance(sequence, int):
            raise bad("An update needs a streamSequence.")
        if sequence <= self.sequence:
            return False
        if not text:
            raise bad("Streaming activities should include text.", "BadRequest")
        self.sequence = sequence
        return True


def check_start(activity: Mapping[str, Any], info: Mapping[str, Any]) -> None:
    """The first request of a stream."""
    if info.get("streamType") not in {"informative", "streaming"} or info.get("streamId"):
        raise bad("A stream starts with an informative or a streaming update without streamId.")
    if info.get("streamSequence") != 1:
        raise bad("A stream starts with sequence 1.")
    if not activity.get("text"):
        raise bad("Start streaming activities should include text.", "BadRequest")
    check_update(activity, str(info["streamType"]))


def check_update(activity: Mapping[str, Any], kind: object) -> None:
    """What may be in an update before the final."""
    if activity.get("type") != "typing":
        raise bad("An update is a typing activity.")
    if kind not in {"informative", "streaming"}:
        raise bad("streamType is informative, streaming or final.")
    if kind == "informative" and len(activity["text"]) > 1000:
        raise bad("An informative update has at most 1000 characters.")
    if size(activity) > 100 * 1024:
        raise stream_refused("Message size too large.")
    labelled = any(entity.get("additionalType") for entity in entities(activity, MESSAGE))
    if labelled or activity.get("attachments") or (activity.get("channelData") or {}).get("feedbackLoop"):
        raise bad("The AI label, feedback and attachments belong to the final.")
