"""What a label may show, and which host is behind an address."""

import pytest

from bot.document.links import displayed, host, linkable, misleads

URL = "https://evil.example/x"


@pytest.mark.parametrize(
    "label",
    [
        "bank.exam\u034fple",
        "bank.exam\u206aple",
        "bank.exam\U000e0061ple",
        "bank.\u0335example",
        "bank\u200a.\u200aexample",
        "bank\u3002example",
        "bank\u00b7example",
        "\u201cbank.example\u201d",
        "\U0001f3e6bank.example",
        "bank.example\u2215login",
        "bank.example,login",
        "bank.example-login",
        "bank.example./login",
        "see:bank.example",
        "bank.example[1]",
        "\\(bank.example\\)",
        "bank.xn--p1ai",
        "192.168.1.1",
        "https://localhost",
        "a" * 70 + "@bank.example",
        "a " * 45 + "bank.example",
        "a" + "\u2003" * 600 + "bank.example",
        "a " * 1_500 + "bank.example",
    ],
)
def test_a_label_that_shows_another_host_misleads(label: str) -> None:
    assert misleads(label, URL)


@pytest.mark.parametrize(
    "label",
    [
        "evil.example",
        "www.EVIL.example",
        "see https://evil.example/x",
        "README.md",
        "app.py:12 in src/app.py",
        "Node.js",
        "gpt-4.1-mini",
        "version 1.2.3, 10.5 km",
        "e.g. this, U.S. news",
        "\u65e5\u672c\u8a9e\u3002\u3067\u3059",
    ],
)
def test_a_label_with_a_dot_in_it_does_not(label: str) -> None:
    assert not misleads(label, URL)


@pytest.mark.parametrize(
    "url", ["https://[::1]bank.example/", "https://bank.example[::1]/", "https://[v1.x]/"]
)
def test_a_host_beside_brackets_is_none(url: str) -> None:
    assert linkable(url) == ""


def test_the_host_is_the_one_a_browser_goes_to() -> None:
    assert host("https://stra\u00dfe.example/") == "xn--strae-oqa.example"
    assert misleads("strasse.example", "https://stra\u00dfe.example/")


def test_a_host_in_capitals_is_displayed_in_ascii_too() -> None:
    assert displayed("https://B\u0410NK.example/B\u0410NK").startswith(
        "https://xn--bnk-6cd.example/B\u0410NK"
    )
