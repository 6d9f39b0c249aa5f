"""What an administrator sees who opens the addresses in the app's manifest."""

import json
import re
import zipfile
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from adapters.teams.install.manifest import package
from adapters.teams.pages import PublicPage, public_pages, rendered_page
from bot.storage.keys import DAY, Lifetimes
from tests.ops.product import running
from tests.teams.fake import FakeTeams
from tests.teams.served import Bot, bot_in_teams

TEXT_ALONE = {"html", "head", "meta", "title", "body", "h1", "h2", "p"}


class Reader(HTMLParser):
    """The words of a page, and whatever in it is more than text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.others: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name for name, _ in attrs} - {"lang", "charset", "name", "content"}
        if tag not in TEXT_ALONE or named:
            self.others.append(self.get_starttag_text() or tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


async def opened(bot: Bot, path: str, method: str = "GET") -> tuple[aiohttp.ClientResponse, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{bot.url}{path}", allow_redirects=False) as response,
    ):
        return response, await response.text()


async def test_every_address_of_the_manifest_answers() -> None:
    with zipfile.ZipFile(
        BytesIO(package("07338883-af76-47b3-86e4-2603c50be638", "bot.contoso.com"))
    ) as archive:
        developer = json.loads(archive.read("manifest.json"))["developer"]
    async with bot_in_teams() as bot:
        for name in ("websiteUrl", "privacyUrl", "termsOfUseUrl"):
            response, text = await opened(bot, urlsplit(developer[name]).path)

            assert (response.status, response.content_type) == (200, "text/html")
            assert "<h1>Switchboard" in text


@pytest.mark.parametrize("path", ["/privacy", "/terms"])
async def test_a_page_is_text_that_loads_nothing_and_keeps_nothing(path: str) -> None:
    async with bot_in_teams() as bot:
        response, text = await opened(bot, path)

    assert Reader(text).others == []
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_page_is_only_read(method: str) -> None:
    async with bot_in_teams() as bot:
        response, _ = await opened(bot, "/privacy", method)

    assert response.status == 405


def test_the_privacy_page_says_how_long_what_is_kept_lasts() -> None:
    privacy, _ = public_pages(Lifetimes(memory=7 * DAY, month=90 * DAY))
    words = " ".join(Reader(rendered_page(privacy)).words)

    assert "for 7 days after its last message" in words
    assert "for about 3 months" in words
    assert all(command in words for command in ("/forget ", "/forget me "))
    assert "providers that the organisation has configured" in words


def test_the_terms_say_that_answers_can_be_wrong() -> None:
    _, terms = public_pages(Lifetimes())
    words = " ".join(Reader(rendered_page(terms)).words)

    assert "Answers are written by AI models. They can be wrong" in words


def test_what_a_page_says_is_never_markup() -> None:
    page = PublicPage(path="/x", title="<b>", sections={"<script>": ('<img src="x"> & more',)})
    read = Reader(rendered_page(page))

    assert read.others == []
    assert [word for word in read.words if word.strip()] == ["<b>", "<b>", "<script>", '<img src="x"> & more']


async def test_the_product_serves_them_while_teams_is_on(tmp_path: Path) -> None:
    async with (
        FakeTeams() as teams,
        running(tmp_path, **teams.environment()) as product,
        aiohttp.ClientSession() as session,
        session.get(f"{product.public}/privacy") as response,
    ):
        text = await response.text()

    assert response.status == 200
    assert re.search(r"for 30 days after its\s+last message", text)


async def test_without_teams_there_is_nothing_to_open(tmp_path: Path) -> None:
    async with (
        running(tmp_path) as product,
        product.visitor() as session,
        session.get("/privacy") as response,
    ):
        assert response.status == 404
