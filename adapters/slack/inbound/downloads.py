"""Downloads what people attached. The token is sent to Slack's own file hosts only, also after a redirect.

Source: docs.slack.dev "Working with files".
"""

from urllib.parse import urljoin, urlsplit

import aiohttp

from bot.domain.errors import PlatformBusy, PlatformError
from bot.domain.events import File
from bot.serving.plain_http import EncodedAnswer, TooLarge, read_up_to

LARGEST = 25 << 20  # bytes of one file
HOPS = 3
HTML = ("text/html", "application/xhtml+xml", "message/rfc822")  # kinds of files that may be HTML themselves


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
        if answer.content_type == "text/html" and file.media_type not in HTML:
            # Slack answers a token that may not read files with its sign-in page and status 200.
            raise PlatformError("a file is not readable with this token", code="missing_scope")
        return await read_up_to(self._largest, answer.content.iter_any(), expected=answer.content_length)
