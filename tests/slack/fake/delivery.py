"""How Slack delivers over HTTP: signed, within three seconds, again after failures, twice for a mention."""

import hashlib
import hmac
import json
from dataclasses import dataclass
from io import BytesIO
from urllib.parse import urlencode

import aiohttp

from tests.slack.fake.world import Json, Slack

RETRIES = (0.0, 60.0, 300.0)
REASONS = {False: "http_error", True: "http_timeout"}


def signature(secret: str, timestamp: str, body: bytes) -> str:
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """How one delivery was answered; status 0 means no answer in time."""

    status: int
    body: str = ""
    retry: bool = True


class Http:
    """Delivers to one request URL. `origin` is where the fake itself is reached."""

    def __init__(
        self, slack: Slack, *, url: str, secret: str, session: aiohttp.ClientSession, origin: str = ""
    ) -> None:
        self.slack = slack
        self.url = url
        self.secret = secret
        self.origin = origin
        self._session = session
        self.failed = 0

    async def event(self, payload: Json, *, retries: bool = False) -> Delivered:
        """An Events API request; with `retries`, again at 0, 60 and 300 seconds while it is not answered 200."""
        body = self._filled(json.dumps(payload))
        done = await self.raw(body, content_type="application/json")
        for number, pause in enumerate(RETRIES, start=1):
            if done.status == 200 or not retries or not done.retry:
                break
            self.failed += 1
            await self.slack.clock.sleep(pause)
            headers = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": REASONS[done.status == 0]}
            done = await self.raw(body, content_type="application/json", headers=headers)
        return done

    async def command(self, fields: dict[str, str]) -> Delivered:
        return await self.form({key: self._filled(value).decode() for key, value in fields.items()})

    async def interaction(self, payload: Json) -> Delivered:
        return await self.form({"payload": self._filled(json.dumps(payload)).decode()})

    async def form(self, fields: dict[str, str]) -> Delivered:
        return await self.raw(urlencode(fields).encode(), content_type="application/x-www-form-urlencoded")

    async def raw(
        self, body: bytes, *, content_type: str, headers: dict[str, str] | None = None
    ) -> Delivered:
        """Any bytes, signed as Slack signs; `headers` are added and win."""
        timestamp = str(int(self.slack.clock.now()))
        signed = {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self.secret, timestamp, body),
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        } | (headers or {})
        try:
            timeout = aiohttp.ClientTimeout(total=3)
            async with self._session.post(
                self.url, data=BytesIO(body), headers=signed, timeout=timeout
            ) as answer:
                no_retry = answer.headers.get("X-Slack-No-Retry") == "1"
                return Delivered(status=answer.status, body=await answer.text(), retry=not no_retry)
        except (TimeoutError, aiohttp.ClientError):
            return Delivered(status=0)

    def _filled(self, text: str) -> bytes:
        return text.replace("{origin}", self.origin).encode()
