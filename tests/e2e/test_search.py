"""`/search`, from a vendor's bytes to what people see, against the product as it is run."""

from pathlib import Path

from tests.e2e.company import MODELS, Vendors, addresses, company
from tests.e2e.test_page import page
from tests.providers.fake import InPieces, fake_vendor
from tests.providers.test_web_search import FOUND, A, called, messages, responses, result, searched
from tests.slack.fake import reading
from tests.teams.rules import MESSAGE, entities
from tests.teams.test_product import office, shown

QUESTION = "how do tides work?"
CLAUDE = messages(*searched("tides today"), *result(FOUND), server_tool_use={"web_search_requests": 2})
GROK = responses(called("ws_1", "tides today"))


async def test_in_slack_another_model_searches_for_one_that_cannot(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        co.vendors.plays[QUESTION] = [InPieces(CLAUDE, 64)]
        answer = await co.ask(f"{co.bot} /search {QUESTION}")
        await co.ask(f"{co.bot} search {QUESTION}", thread=answer.thread_ts)

        asked, again = co.vendors.asked
        assert (asked.dialect, asked.question) == ("anthropic", QUESTION)
        assert asked.body["tools"][0]["name"] == "web_search"
        assert reading.text(answer).startswith("So. [1]")
        assert reading.sources(answer) == [(1, "Tides", A)]
        assert "gpt cannot search the web" in reading.footer(answer)
        assert again.body["tools"] == asked.body["tools"]
        assert again.question == f"search {QUESTION}"
        assert co.nothing_is_live()


async def test_on_the_page_the_sources_stand_under_it(tmp_path: Path) -> None:
    async with page(tmp_path) as at:
        at.vendors.plays[QUESTION] = [InPieces(GROK, 64)]
        await at.says("/model grok")
        post = await at.says(f"/search {QUESTION}")

        assert post["text"] == "So."
        assert post["sources"] == [[1, ["a", A, "", "Tides"]]]
        assert post["closing"]["footer"].startswith("grok (")
        assert at.vendors.asked[-1].body["tools"] == [{"type": "web_search"}]


async def test_in_teams_they_are_citations(tmp_path: Path) -> None:
    vendors = Vendors()
    async with fake_vendor(vendors), office(tmp_path, MODELS, **addresses(vendors)) as at:
        vendors.plays[QUESTION] = [InPieces(CLAUDE, 64)]
        answer = await at.said(at.teams.personal(), f"search: {QUESTION}")

        (told,) = entities(answer.activity, MESSAGE)
        (cited,) = told["citation"]
        assert shown(answer).text.startswith("So. [1]")
        assert shown(answer).footer.endswith("gpt cannot search the web")
        assert (cited["position"], cited["appearance"]["url"]) == (1, A)
