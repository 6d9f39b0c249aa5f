"""Reads from Slack: a thread's earlier messages, and files.

The token is sent to Slack's own file hosts only, also after a redirect. Sources: docs.slack.dev
"conversations.replies", "Working with files".
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp

from adapters.slack.conversation_reference import ConversationReference
from adapters.slack.inbound.events import SPOKEN, files
from adapters.slack.inbound.message_content import plain_words
from adapters.slack.install.installations import Installation
from adapters.slack.web_api import WebApi
from bot.domain.errors import PlatformBusy, PlatformError
from bot.domain.events import Author, File
from bot.domain.turns import ChatMessage
from bot.serving.plain_http import EncodedAnswer, TooLarge, read_up_to

MOST, PAGE, PAGES, NAMES = 60, 200, 10, 12
LARGEST = 25 << 20  # bytes of one file
HOPS = 3


async def thread_before(
    web_api: WebApi, installation: Installation, reference: ConversationReference
) -> Sequence[ChatMessage]:
    """People's last messages in the thread before `reference.ts`, oldest first. Raises PlatformError."""
    found: list[Mapping[str, Any]] = []
    cursor = ""
    for _ in range(PAGES):
        more = {"cursor": cursor} if cursor else {}
        answer = await web_api.must(
            "conversations.replies",
            channel=reference.channel,
            ts=reference.thread,
            latest=reference.ts,
            limit=PAGE,
            **more,
        )
        found += [one for one in answer.get("messages", ()) if _earlier(one, installation, reference.ts)]
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            break
    return await _named(web_api, [_said(one, installation) for one in found[-MOST:]])


async def channel_before(
    web_api: WebApi, installation: Installation, reference: ConversationReference
) -> Sequence[ChatMessage]:
    """The last messages of the channel that a person writing to the agent has open. Raises PlatformError.

    Slack names only a channel that the person can read, and shows its messages only where the bot was
    invited.
    """
    answer = await web_api.must("conversations.history", channel=reference.context, limit=MOST)
    found = [one for one in answer.get("messages", ()) if _earlier(one, installation, reference.ts)]
    return await _named(web_api, [_said(one, installation) for one in reversed(found)])


def _earlier(message: Mapping[str, Any], installation: Installation, ts: str) -> bool:
    by_person = message.get("user") not in (None, installation.user) and not message.get("bot_id")
    return by_person and message.get("subtype", "") in SPOKEN and float(message["ts"]) < float(ts or "inf")


def _said(message: Mapping[str, Any], installation: Installation) -> ChatMessage:
    return ChatMessage(
        author=Author(id=str(message["user"])),
        text=plain_words(str(message.get("text") or ""), bot=installation.user),
        message=str(message["ts"]),
        at=float(message["ts"]),
        files=files(message, installation),
    )


async def _named(web_api: WebApi, heard: Sequence[ChatMessage]) -> Sequence[ChatMessage]:
    """The messages with people's names, as far as they can be read cheaply."""
    names: dict[str, str] = {}
    for user in dict.fromkeys(one.author.id for one in heard):
        if len(names) == NAMES:
            break
        try:
            answer = await web_api.may("users.info", user=user)
        except PlatformError:
            break
        person = (answer or {}).get("user") or {}
        names[user] = str(person.get("real_name") or person.get("name") or "")
    return [replace(one, author=replace(one.author, name=names.get(one.author.id, ""))) for one in heard]


class FileDownloads:
    """Downloads what people attached. `also` is the host of a Web API that is not slack.com's."""

    def __init__(self, *, api_url: str, largest: int = LARGEST) -> None:
        api = urlsplit(api_url)
        elsewhere = api.hostname not in ("slack.com", "slack-gov.com")
        self._also = (api.scheme, api.hostname, api.port) if elsewhere else None
        self._largest = largest

    async def fetch(self, session: aiohttp.ClientSession, token: str, file: File) -> bytes:
        """The file's bytes. Raises PlatformError when it is not Slack's, too large, or of another type."""
        url = file.source.get("url", "")
        headers = {"Authorization": f"Bearer {token}"}
        for _ in range(HOPS):
            if not self.trusted(url):
                raise PlatformError("a file that is not on Slack's hosts", code="foreign_host")
            try:
                async with session.get(url, headers=headers, allow_redirects=False) as answer:
                    if answer.status not in (301, 302, 303, 307, 308):
                        return await self._read(answer, file)
                    url = urljoin(url, answer.headers.get("Location", ""))
            except ValueError as error:
                raise PlatformError("a file that is redirected nowhere", code="redirect") from error
            except TooLarge as error:
                raise PlatformError("a file is too large", code="too_large") from error
            except EncodedAnswer as error:
                raise PlatformError("a file comes compressed, unasked", code="encoding") from error
            except (aiohttp.ClientError, TimeoutError) as error:
                raise PlatformBusy("a file cannot be fetched", code="lost") from error
        raise PlatformError("a file that is redirected too often", code="redirects")

    def trusted(self, url: str) -> bool:
        """Slack's file hosts over https on the usual port, without credentials in the address."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return False
        if parts.username or parts.password or "\\" in url or not parts.hostname:
            return False
        if self._also and (parts.scheme, parts.hostname, port) == self._also:
            return True
        host = parts.hostname.rstrip(".")
        slack = host in ("files.slack.com", "files.slack-gov.com") or host.endswith(
            (".slack.com", ".slack-gov.com")
        )
        return parts.scheme == "https" and port in (None, 443) and slack

    async def _read(self, answer: aiohttp.ClientResponse, file: File) -> bytes:
        if answer.status != 200:
            raise PlatformError(f"a file answered {answer.status}", code=str(answer.status))
        if answer.content_type == "text/html" and file.media_type != "text/html":
            # Slack answers a token that may not read files with its sign-in page and status 200.
            raise PlatformError("a file is not readable with this token", code="missing_scope")
        return await read_up_to(self._largest, answer.content.iter_any(), expected=answer.content_length)
