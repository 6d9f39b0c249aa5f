"""Sources and pictures, from a vendor's bytes to what people see, against the product as it is run."""

from pathlib import Path

from tests.e2e.company import company
from tests.e2e.test_page import CHAT, page
from tests.ops.test_running import posts
from tests.providers.fake import InPieces
from tests.providers.framings import completed, event, growing, sent
from tests.providers.test_sources import ENCODED, PIXEL, told
from tests.slack.fake import reading

ADDRESS = "https://sea.example/tides"
CITING = [{"type": "url_citation", "url": ADDRESS, "title": "Tides"}]
DRAWN = {"type": "image_generation_call", "id": "ig", "status": "completed", "result": ENCODED}
ANSWER = sent(
    growing("Twice a day【4:0†source】. Here is a picture."),
    event(
        "output_text.annotation.added",
        annotation={**CITING[0], "start_index": 11, "end_index": 23},
        output_index=0,
    ),
    event("output_item.done", item=DRAWN, output_index=1),
    completed(told("Twice a day【4:0†source】. Here is a picture."), DRAWN),
)


async def test_in_slack_they_stand_under_the_answer_and_the_next_model_knows_of_them(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        co.vendors.plays["grok: how do tides work?"] = [InPieces(ANSWER, 7)]
        co.vendors.plays["how do tides work?"] = [InPieces(ANSWER, 7)]
        answer = await co.ask(f"{co.bot} grok: how do tides work?")
        await co.ask(f"{co.bot} claude: open the first source", thread=answer.thread_ts)

        assert reading.text(answer).startswith("Twice a day [1]. Here is a picture.")
        assert reading.sources(answer) == [(1, "Tides", ADDRESS)]
        (file,) = answer.files
        assert co.at.slack.files[file["id"]]["data"] == PIXEL
        assert f"[source 1: Tides {ADDRESS}]" in co.vendors.saw()
        assert "[picture: picture.png]" in co.vendors.saw()
        assert co.nothing_is_live()


async def test_the_page_has_them_too_and_serves_the_picture_to_who_is_signed_in(tmp_path: Path) -> None:
    async with page(tmp_path) as at:
        at.vendors.plays["how do tides work?"] = [InPieces(ANSWER, 4096)]
        post = await at.says("grok: how do tides work?")

        assert post["text"] == "Twice a day [1]. Here is a picture."
        assert post["sources"] == [[1, ["a", ADDRESS, "", "Tides"]]]
        async with at.http.get(f"/web/chats/{CHAT}/pictures/{post['pictures'][0]}") as served:
            assert (served.status, served.content_type) == (200, "image/png")
            assert await served.read() == PIXEL
            assert served.headers["X-Content-Type-Options"] == "nosniff"
        async with at.http.delete(f"/web/chats/{CHAT}") as gone:
            assert gone.status == 200
        async with at.http.get(f"/web/chats/{CHAT}/pictures/{post['pictures'][0]}") as served:
            assert served.status == 404
        assert await posts(at.http, CHAT) == []
