"""What the vendors' ways of naming sources become: numbers in the text, and a Source of each number. Pictures likewise."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from bot.domain.approvals import SignInRequest, ToolRequest
from bot.domain.catalog import Model
from bot.domain.generated import PICTURE_BYTES, GeneratedFile
from bot.domain.stream_parts import MOST_SOURCES, Source
from providers.transport import Transport
from tests.providers.deviations import (
    ANTHROPIC,
    CHAT,
    GEMINI,
    RESPONSES,
    candidate,
    claude,
    delta,
    opened,
    spoken,
    stopped,
)
from tests.providers.fake import InPieces, fake_vendor
from tests.providers.framings import completed, document, event, growing, sent
from tests.providers.recordings import in_pieces
from tests.providers.test_transport import endpoint
from tests.providers.vendor import Heard, hear, heard_from

MODEL = Model(name="it", provider="fake", model="m-1")
A, B = "https://a.example/one?utm_source=openai", "https://b.example/two"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
ENCODED = base64.b64encode(PIXEL).decode()
DATA = f"data:image/png;base64,{ENCODED}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """`body` is an answer; `sources` are (number, title, address, place)."""

    id: str
    dialect: str
    body: bytes
    text: str = "It is so. It is."
    sources: tuple[tuple[int, str, str, str], ...] = ()
    pictures: tuple[bytes, ...] = ()
    troubles: tuple[str, ...] = ()


def named(title: str, address: str = A, **more: Any) -> dict[str, Any]:
    return {"type": "url_citation", "url": address, "title": title, **more}


def nested(title: str, address: str) -> dict[str, Any]:
    return {"type": "url_citation", "url_citation": {"url": address, "title": title, "start_index": 0}}


def added(annotation: dict[str, Any], item: int = 0) -> dict[str, Any]:
    return event("output_text.annotation.added", annotation=annotation, output_index=item, content_index=0)


def told(text: str, *annotations: dict[str, Any]) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": list(annotations)}]
    return {"type": "message", "id": "m", "role": "assistant", "content": content}


def agent(text: str, *annotations: dict[str, Any]) -> bytes:
    """A Foundry agent's answer: its text letter by letter, with marks in it, and what they mean later."""
    letters = [event("output_text.delta", delta=sign, output_index=0, content_index=0) for sign in text]
    item = told(text, *annotations)
    done = event("output_item.done", item=item, output_index=0)
    return sent(*letters, *map(added, annotations), done, completed(item))


def cited(title: str, address: str, index: int) -> dict[str, Any]:
    place = {"type": "web_search_result_location", "url": address, "title": title, "cited_text": "so"}
    return claude("content_block_delta", index=index, delta={"type": "citations_delta", "citation": place})


def block(index: int, *inside: dict[str, Any]) -> Sequence[dict[str, Any]]:
    start = claude("content_block_start", index=index, content_block={"type": "text", "text": ""})
    return (start, *inside, claude("content_block_stop", index=index))


def filed(**place: Any) -> dict[str, Any]:
    citation = {"type": "page_location", "document_title": "plan.pdf", **place}
    return claude("content_block_delta", index=0, delta={"type": "citations_delta", "citation": citation})


def image(**more: Any) -> dict[str, Any]:
    return {"type": "image_generation_call", "id": "ig", "status": "completed", "result": ENCODED, **more}


MARKED = "It is so【4:0†plan.docx】. It is【4:1†source】."
PLAIN = ((1, "One", A, ""), (2, "Two", B, ""))
NAMINGS = (
    Naming(
        id="perplexity counts itself, and says the titles later",
        dialect=CHAT,
        body=sent(
            delta(content="It is so[2]", more={"citations": [A, B]}),
            delta(content=". It is[1].", more={"citations": [A, B]}),
            delta("stop", more={"citations": [A, B], "search_results": [
                {"title": "One", "url": A, "date": "2026-01-01"}, {"title": "Two", "url": B}]}),
            "[DONE]",
        ),
        text="It is so[2]. It is[1].",
        sources=((1, "", A, ""), (2, "", B, ""), *PLAIN),
    ),
    Naming(
        id="perplexity's results alone",
        dialect=CHAT,
        body=sent(
            delta("stop", content="It is so[3].", more={"search_results": [
                {"title": "One", "url": A}, {"title": "One", "url": A}, {"title": "Two", "url": B}]}),
            "[DONE]",
        ),
        text="It is so[3].",
        sources=(PLAIN[0], (2, *PLAIN[0][1:]), (3, *PLAIN[1][1:])),
    ),
    Naming(
        id="openrouter nests, and repeats",
        dialect=CHAT,
        body=sent(
            delta(content="It is so. It is.", annotations=[nested("One", A)]),
            delta("stop", annotations=[nested("One", A), nested("Two", B)]),
            "[DONE]",
        ),
        sources=PLAIN,
    ),
    Naming(
        id="a whole chat answer",
        dialect=CHAT,
        body=document({"choices": [{"finish_reason": "stop", "message": {
            "content": "It is so. It is.", "annotations": [nested("One", A), nested("Two", B)]}}]}),
        sources=PLAIN,
    ),
    Naming(
        id="mistral's references stand in the content",
        dialect=CHAT,
        body=sent(
            delta(content=[{"type": "text", "text": "It is so"},
                           {"type": "tool_reference", "title": "One", "url": A, "tool": "web_search"},
                           {"type": "text", "text": ". It is."}]),
            delta("stop", content=[{"type": "reference", "reference_ids": [3]}]),
            "[DONE]",
        ),
        text="It is so [1]. It is.",
        sources=PLAIN[:1],
    ),
    Naming(
        id="responses: added, in the item, and at the end",
        dialect=RESPONSES,
        body=sent(
            growing("It is so. It is."),
            added(named("One")),
            event("output_item.done", item=told("It is so. It is.", named("One")), output_index=0),
            completed(told("It is so. It is.", named("One"), named("Two", B))),
        ),
        sources=PLAIN,
    ),
    Naming(
        id="a whole response",
        dialect=RESPONSES,
        body=document({"object": "response", "status": "completed",
                       "output": [told("It is so. It is.", named("One"), named("Two", B))]}),
        sources=PLAIN,
    ),
    Naming(
        id="xai's titles are numbers",
        dialect=RESPONSES,
        body=sent(growing(f"It is so[[2]]({B})."), added(named("2", B)), added(named("1", A)), completed()),
        text=f"It is so[[2]]({B}).",
        sources=((2, "", B, ""), (1, "", A, "")),
    ),
    Naming(
        id="files have no address",
        dialect=RESPONSES,
        body=sent(
            growing("It is so. It is."),
            added({"type": "file_citation", "file_id": "f", "filename": "plan.pdf", "index": 8}),
            added({"type": "container_file_citation", "filename": "sums.csv", "container_id": "c"}),
            completed(),
        ),
        sources=((1, "plan.pdf", "", ""), (2, "sums.csv", "", "")),
    ),
    Naming(
        id="an agent's marks become numbers",
        dialect=RESPONSES,
        body=agent(
            MARKED,
            named("The plan", A, start_index=8, end_index=23),
            named("Two", B, start_index=MARKED.index("【4:1"), end_index=len(MARKED) - 1),
        ),
        text="It is so [1]. It is [2].",
        sources=((1, "plan.docx", "", ""), (1, "The plan", A, ""), (2, "Two", B, "")),
    ),
    Naming(
        id="an agent's marks, explained by their text",
        dialect=RESPONSES,
        body=agent(MARKED, {"type": "file_citation", "text": "【4:1†source】", "filename": "b.pdf"}),
        text="It is so [1]. It is [2].",
        sources=((1, "plan.docx", "", ""), (2, "b.pdf", "", "")),
    ),
    Naming(
        id="an agent's marks, explained by where they stand",
        dialect=RESPONSES,
        body=agent(MARKED, {"type": "file_citation", "index": len(MARKED) - 1, "filename": "b.pdf"}),
        text="It is so [1]. It is [2].",
        sources=((1, "plan.docx", "", ""), (2, "b.pdf", "", "")),
    ),
    Naming(
        id="an agent's marks that nobody explains still point somewhere",
        dialect=RESPONSES,
        body=agent("It is so【3†source】【3†source】. It is【4:0†L1-L9】(there)."),
        text="It is so [1]. It is [2] (there).",
        sources=((1, "A source that the model did not name", "", ""),
                 (2, "A source that the model did not name", "", "")),
    ),
    Naming(
        id="brackets that are no marks stay",
        dialect=RESPONSES,
        body=agent("【重要】 It is【 so.\nIt is†】 【"),
        text="【重要】 It is【 so.\nIt is†】 【",
    ),
    Naming(
        id="anthropic's blocks come with theirs",
        dialect=ANTHROPIC,
        body=sent(
            opened(),
            *block(0, cited("One", A, 0), cited("Two", B, 0), cited("One", A, 0), spoken("It is so", 0)),
            *block(1, spoken(". It is", 1)),
            *block(2, cited("Two", B, 2), spoken(" ", 2)),
            *block(3, spoken(".", 3)),
            *stopped("end_turn"),
        ),
        text="It is so [1][2]. It is [2].",
        sources=PLAIN,
    ),
    Naming(
        id="anthropic's pages",
        dialect=ANTHROPIC,
        body=sent(
            opened(),
            *block(0, filed(start_page_number=3, end_page_number=4),
                   filed(start_page_number=5, end_page_number=8), spoken("It is so", 0)),
            *stopped("end_turn"),
        ),
        text="It is so [1][2]",
        sources=((1, "plan.pdf", "", "page 3"), (2, "plan.pdf", "", "pages 5 to 7")),
    ),
    Naming(
        id="a whole answer of anthropic",
        dialect=ANTHROPIC,
        body=document({"type": "message", "id": "m", "stop_reason": "end_turn", "content": [
            {"type": "text", "text": "It is so",
             "citations": [{"type": "search_result_location", "source": A, "title": "One"}]},
            {"type": "text", "text": ". It is."}]}),
        text="It is so [1]. It is.",
        sources=PLAIN[:1],
    ),
    Naming(
        id="gemini's chunks, in the order of what rests on them",
        dialect=GEMINI,
        body=sent(
            candidate({"text": "It is so. "}, groundingMetadata={}),
            {"candidates": [{"content": {"parts": [{"text": "It is."}]}, "finishReason": "STOP",
              "groundingMetadata": {
                  "groundingChunks": [{"web": {"uri": B, "title": "Two"}}, {"web": {"uri": A, "title": "One"}},
                                      {"retrievedContext": {"title": "plan.pdf"}}],
                  "groundingSupports": [{"groundingChunkIndices": [1, 7, "x"]}]}}]},
        ),
        sources=(*((1, "One", A, ""), (2, "Two", B, "")), (3, "plan.pdf", "", "")),
    ),
    Naming(
        id="addresses that may not be shown leave the title",
        dialect=CHAT,
        body=sent(
            delta("stop", content="It is so. It is.", annotations=[
                nested("One", "javascript:alert(1)"), nested("Two", "https://me:secret@b.example/"),
                nested("", "file:///etc/passwd"), nested("\u202eT\nhree\x1b[31m", "mailto:a@b.example")]),
            "[DONE]",
        ),
        sources=((1, "One", "", ""), (2, "Two", "", ""), (3, "T hree[31m", "", "")),
    ),
    Naming(
        id="responses: a picture, told twice",
        dialect=RESPONSES,
        body=sent(
            event("image_generation_call.partial_image", partial_image_b64=ENCODED, item_id="ig"),
            event("output_item.done", item=image(), output_index=0),
            growing("It is so. It is.", 1),
            completed(image(), told("It is so. It is.")),
        ),
        pictures=(PIXEL,),
    ),
    Naming(
        id="gemini: a picture, and not the drafts of it",
        dialect=GEMINI,
        body=sent(
            candidate({"inlineData": {"mimeType": "image/png", "data": ENCODED}, "thought": True}),
            candidate({"text": "It is so. It is."}, {"inlineData": {"mimeType": "image/png", "data": ENCODED}},
                      finish="STOP"),
        ),
        pictures=(PIXEL,),
    ),
    Naming(
        id="openrouter: pictures beside the text",
        dialect=CHAT,
        body=sent(
            delta(content="It is so. It is.", images=[{"type": "image_url", "image_url": {"url": DATA}}]),
            delta("stop"),
            "[DONE]",
        ),
        pictures=(PIXEL,),
    ),
    Naming(
        id="a picture in the content of a whole answer",
        dialect=CHAT,
        body=document({"choices": [{"finish_reason": "stop", "message": {"content": [
            {"type": "text", "text": "It is so. It is."}, {"type": "image_url", "image_url": DATA}]}}]}),
        pictures=(PIXEL,),
    ),
    Naming(
        id="a picture that is none, and one that is elsewhere",
        dialect=CHAT,
        body=sent(
            delta("stop", content="It is so. It is.", images=[
                {"image_url": {"url": "data:image/png;base64,PHN2Zz4="}}, {"image_url": {"url": B}}]),
            "[DONE]",
        ),
        sources=((1, "The picture", B, ""),),
        troubles=(
            "is no PNG, JPEG, GIF or WebP",
            "is only linked to, and what a model links to is never fetched",
        ),
    ),
)  # fmt: skip


def assert_as_named(got: Heard, naming: Naming) -> None:
    assert got.error is None
    assert got.text == naming.text
    sources = [part for part in got.parts if isinstance(part, Source)]
    assert [(one.number, one.title, one.address, one.place) for one in sources] == list(naming.sources)
    pictures = [part for part in got.parts if isinstance(part, GeneratedFile)]
    assert tuple(one.data for one in pictures if one.data) == naming.pictures
    assert tuple(one.trouble for one in pictures if one.trouble) == naming.troubles


@pytest.mark.parametrize("naming", [pytest.param(naming, id=naming.id) for naming in NAMINGS])
async def test_sources_arrive_however_they_are_named(naming: Naming) -> None:
    async with fake_vendor() as vendor, Transport() as transport:
        for size in (1, 7, 4096):
            vendor.plays["hello"] = [InPieces(naming.body, size)]
            got = await hear(endpoint(transport, vendor.url, naming.dialect), MODEL)

            assert_as_named(got, naming)


async def test_what_an_agent_asks_of_a_person_is_told_once_with_the_answer_it_belongs_to() -> None:
    asked = {
        "type": "mcp_approval_request",
        "id": "mcpr_1",
        "server_label": "github",
        "name": "create_issue",
        "arguments": '{"title":"Tides"}',
    }
    linked = {"type": "oauth_consent_request", "id": "o_1", "server_label": "jira"}
    items = [
        asked,
        {**linked, "consent_link": "https://login.example/x"},
        {**linked, "id": "o_2", "consent_link": "http://x/"},
    ]
    done = [event("output_item.done", item=item, output_index=at) for at, item in enumerate(items)]
    end = event("completed", response={"id": "resp_1", "output": items})
    body = sent(event("created", response={"id": "resp_1"}), *done, end)
    for size in (1, 7, 4096):
        got = await heard_from(RESPONSES, in_pieces(body, size), agent="travel")

        assert got.parts[:-1] == [
            ToolRequest(
                id="mcpr_1", server="github", tool="create_issue", args='{"title":"Tides"}', response="resp_1"
            ),
            SignInRequest(server="jira", address="https://login.example/x"),
            SignInRequest(server="jira", address=""),
        ]
    begun = sent(event("output_item.added", item=items[1]), event("incomplete", response={"id": "resp_1"}))
    got = await heard_from(RESPONSES, [begun], agent="travel")
    assert got.parts[0] == SignInRequest(server="jira", address="https://login.example/x")
    other = await heard_from(RESPONSES, [body])
    assert len(other.parts) == 1  # nobody could answer a model whose answers are not stored


async def test_what_a_mark_stands_in_is_not_lost_when_the_stream_breaks() -> None:
    got = await heard_from(RESPONSES, [sent(growing("It is【4:0†pl"))])

    assert got.text == "It is【4:0†pl"
    assert got.error is not None


async def test_a_thousand_sources_and_words_without_end_are_bounded() -> None:
    many = [nested(f"T{n} {'x' * 100_000 if n < 3 else ''}", f"{A}&n={n}") for n in range(1_000)]
    marks = "".join(f"【{n}:0†file {n}】" for n in range(100))
    got = await heard_from(CHAT, [sent(delta("stop", content=marks, annotations=many), "[DONE]")])

    sources = [part for part in got.parts if isinstance(part, Source)]
    assert len(sources) == MOST_SOURCES
    assert max(len(one.title) for one in sources) <= 120
    assert got.text.endswith(f"[{MOST_SOURCES}]")


async def test_a_picture_larger_than_any_should_be_is_said() -> None:
    large = base64.b64encode(PIXEL + bytes(PICTURE_BYTES)).decode()
    call = image(result=large)
    got = await heard_from(RESPONSES, [sent(event("output_item.done", item=call), completed())])

    (picture,) = [part for part in got.parts if isinstance(part, GeneratedFile)]
    assert picture == GeneratedFile(name="picture", trouble="is larger than 5 MB")
