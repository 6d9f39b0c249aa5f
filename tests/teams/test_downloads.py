"""Files are read from where they may be, with the token only where it belongs."""

from collections.abc import AsyncIterator

import pytest

from bot.domain.errors import PlatformError
from bot.domain.events import File
from tests.teams.served import Bot, bot_in_teams


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async with bot_in_teams() as running:
        yield running


def file(url: str, service: str = "") -> File:
    return File(id="1", name="x", source={"url": url, "service": service} if service else {"url": url})


async def test_a_redirect_is_followed_to_an_allowed_host(bot: Bot) -> None:
    bot.teams.files.contents["b"] = b"here"
    bot.teams.files.redirects["a"] = f"{bot.teams.download_url}/download/b"

    assert await bot.adapter.fetch(file(f"{bot.teams.download_url}/download/a")) == b"here"


FORBIDDEN = [
    "{canary}/x",
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/",
    "http://[::1]:1/",
    "http://localhost:1/",
    "https://contoso.sharepoint.com.evil.example/x",
    "http://contoso.sharepoint.com/x",
    "https://contoso.sharepoint.com:8443/x",
    "https://a@contoso.sharepoint.com/x",
    "file:///etc/passwd",
    "ftp://contoso.sharepoint.com/x",
    "",
    "x",
]  # fmt: skip


@pytest.mark.parametrize("address", FORBIDDEN)
async def test_a_file_elsewhere_is_not_fetched(bot: Bot, address: str) -> None:
    with pytest.raises(PlatformError):
        await bot.adapter.fetch(file(address.format(canary=bot.teams.canary_url)))

    assert bot.teams.canary.seen == []


@pytest.mark.parametrize("address", [address for address in FORBIDDEN if address])
async def test_a_redirect_elsewhere_is_not_followed(bot: Bot, address: str) -> None:
    bot.teams.files.redirects["a"] = address.format(canary=bot.teams.canary_url)
    with pytest.raises(PlatformError):
        await bot.adapter.fetch(file(f"{bot.teams.download_url}/download/a"))

    assert bot.teams.canary.seen == []


@pytest.mark.parametrize("address", ["https://[", "https://x:port/", "//["])
async def test_a_redirect_to_nowhere_is_said_to_be_one(bot: Bot, address: str) -> None:
    bot.teams.files.redirects["a"] = address
    with pytest.raises(PlatformError):
        await bot.adapter.fetch(file(f"{bot.teams.download_url}/download/a"))


async def test_redirects_in_a_circle_end(bot: Bot) -> None:
    bot.teams.files.redirects["a"] = f"{bot.teams.download_url}/download/a"
    with pytest.raises(PlatformError):
        await bot.adapter.fetch(file(f"{bot.teams.download_url}/download/a"))


async def test_an_inline_image_redirected_elsewhere_takes_no_token_along(bot: Bot) -> None:
    bot.teams.files.redirects["i"] = f"{bot.teams.download_url}/download/a"
    bot.teams.files.contents["a"] = b"picture"
    url = f"{bot.teams.origin}/emea/v3/attachments/i/views/original"

    assert await bot.adapter.fetch(file(url, bot.teams.people.service_url)) == b"picture"


async def test_a_file_too_large_is_not_read_to_the_end(bot: Bot) -> None:
    bot.teams.files.contents["big"] = bytes(21 * 1024 * 1024)
    with pytest.raises(PlatformError, match="larger"):
        await bot.adapter.fetch(file(f"{bot.teams.download_url}/download/big"))


async def test_a_missing_file_is_an_error_that_does_not_name_the_address(bot: Bot) -> None:
    with pytest.raises(PlatformError) as caught:
        await bot.adapter.fetch(file(f"{bot.teams.download_url}/download/none?secret=1"))

    assert "secret" not in str(caught.value)
