"""What a message says, whichever of its parts says it: the text, the formatted text, and what is attached."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.teams.inbound import events
from adapters.teams.inbound.activity import IncomingActivity
from adapters.teams.inbound.content.message import (
    ActivityContent,
    graph_author,
    read_activity,
    read_graph_message,
)
from bot.domain.events import Author, MessageEdited, MessageReceived, Quotation
from tests.stopwatch import assert_quick
from tests.teams.people import (
    MENTION,
    NAME,
    Envelope,
    adaptive_card,
    forwarded,
    pasted,
    referenced,
    replied,
    shared_file,
)
from tests.teams.rooms import BOT

PEOPLE = Envelope(service_url="https://smba.trafficmanager.net/emea/")
BY_ID = {"type": "mention", "mentioned": {"id": BOT, "name": NAME}, "text": MENTION}


def said(text: str | None, html: str | None = None, of: str = "personal", **fields: Any) -> ActivityContent:
    return read_activity(incoming(PEOPLE.message("a:1", of, text, html=html, id="7", **fields)))


def incoming(activity: Mapping[str, Any]) -> IncomingActivity:
    return IncomingActivity.model_validate(activity)


def heard(activity: Mapping[str, Any]) -> MessageReceived:
    event = events.message(incoming(activity))
    assert isinstance(event, MessageReceived)
    return event


@dataclass(frozen=True, kw_only=True)
class Written:
    """What somebody did in their client: what Teams makes of it, and what is read."""

    id: str
    text: str
    html: str
    read: str


WRITTEN = [
    Written(
        id="a link behind words",
        text="read the plan today",
        html='<p>read <a href="https://x.example/?a=1&amp;b=(2)" title="x">the plan</a> today</p>',
        read="read [the plan](https://x.example/?a=1&b=%282%29) today",
    ),
    Written(
        id="a link that is its own words",
        text="see x.example/plan",
        html='<p>see <a href="https://x.example/plan">x.example/plan</a></p>',
        read="see https://x.example/plan",
    ),
    Written(
        id="an address that runs something",
        text="press here",
        html='<p>press <a href="javascript:alert(1)">here</a></p>',
        read="press here",
    ),
    Written(
        id="code in a block",
        text="why? def f(): return 1",
        html='<p>why?</p><codeblock class="Python"><code>def f():<br>&nbsp; &nbsp; return 1</code></codeblock>',
        read="why?\n```Python\ndef f():\n    return 1\n```",
    ),
    Written(
        id="older code, with ticks in it",
        text="a ```` b",
        html="<pre>a\n````\nb</pre>",
        read="`````\na\n````\nb\n`````",
    ),
    Written(
        id="code in a line",
        text="what does ls -l do",
        html="<p>what does <code>ls -l</code> do</p>",
        read="what does `ls -l` do",
    ),
    Written(
        id="a line each",
        text="one two three",
        html="<div>one</div><div>two</div><div><br></div><div>three</div>",
        read="one\ntwo\n\nthree",
    ),
    Written(
        id="lists",
        text="a b c d",
        html='<ul><li>a</li><li>b<ol start="3"><li>c</li><li>d</li></ol></li></ul>',
        read="- a\n- b\n  3. c\n  4. d",
    ),
    Written(
        id="a table",
        text="name n bolt 4|5",
        html="<table><tbody><tr><td>name</td><td>n</td></tr><tr><td>bolt</td><td>4|5</td></tr></tbody></table>",
        read="| name | n |\n| --- | --- |\n| bolt | 4\\|5 |",
    ),
    Written(id="a heading", text="Plan do it", html="<h2>Plan</h2><p>do it</p>", read="## Plan\ndo it"),
    Written(
        id="emphasis beside a line break",
        text="this matters much",
        html="<p>this <strong>matters </strong><s>little</s></p><p>much</p>",
        read="this **matters** ~~little~~\nmuch",
    ),
    Written(
        id="somebody's words",
        text="they said so is it true",
        html="<blockquote><p>they said</p><p>so</p></blockquote><p>is it true</p>",
        read="> they said\n> so\n\nis it true",
    ),
    Written(
        id="emoji that the text lost",
        text="well done",
        html='<p>well done <emoji alt="😀" title="Smile"></emoji>'
        '<img itemtype="http://schema.skype.com/Emoji" alt="🎉"></p>',
        read="well done 😀🎉",
    ),
    Written(
        id="scripts and styles",
        text="hello",
        html="<style>p{}</style><p>hello</p><p>there</p><script>alert('<p>x</p>')</script>",
        read="hello\nthere",
    ),
    Written(
        id="signs that are no tags",
        text="a < b & c > d",
        html="<p>a < b & c > d</p><!-- hidden --><p>e</p>",
        read="a < b & c > d\ne",
    ),
    Written(
        id="nothing but emphasis",
        text="/model grok",
        html="<p>/model <strong>grok</strong></p>",
        read="/model grok",
    ),
    Written(
        id="words that the formatted text lacks",
        text="good evening all",
        html="<ul><li>hello</li></ul>",
        read="good evening all",
    ),
    Written(
        id="an address with names that were once entities",
        text="open https://x.example/?id=1&region=eu&currency=EUR&copy=2",
        html='<p>open <a href="https://x.example/?id=1&region=eu&currency=EUR&copy=2">'
        "https://x.example/?id=1&region=eu&currency=EUR&copy=2</a></p>",
        read="open https://x.example/?id=1&region=eu&currency=EUR&copy=2",
    ),
    Written(
        id="the same behind words",
        text="open it",
        html='<p>open <a href="https://x.example/?id=1&region=eu&amp;currency=EUR">it</a></p>',
        read="open [it](https://x.example/?id=1&region=eu&currency=EUR)",
    ),
    Written(
        id="entities",
        text="a &lt;b&gt; &amp;amp; &copy; &nosuch; &reg",
        html="",
        read="a <b> &amp; © &nosuch; &reg",
    ),
]


@pytest.mark.parametrize("one", WRITTEN, ids=lambda one: one.id)
def test_what_somebody_wrote_is_read_as_they_wrote_it(one: Written) -> None:
    assert said(one.text, one.html).text == one.read


MENTIONS = [
    Written(
        id="in a list",
        text=f"{MENTION} which? a b",
        html='<p><at id="0">Switchboard</at>&nbsp;which?</p><ul><li>a</li><li>b</li></ul>',
        read="which?\n\n- a\n- b",
    ),
    Written(
        id="and the word",
        text=f"{MENTION} what is Switchboard? the docs",
        html='<p><at id="0">Switchboard</at> what is Switchboard? <a href="https://x.example">the docs</a></p>',
        read="what is Switchboard? [the docs](https://x.example)",
    ),
]


@pytest.mark.parametrize("one", MENTIONS, ids=lambda one: one.id)
def test_the_bots_mention_is_taken_out_of_the_formatted_text_too(one: Written) -> None:
    content = said(one.text, one.html, "groupChat", mention=False, entities=[BY_ID])

    assert (content.text, content.addressed, content.others) == (one.read, True, False)


def test_a_mention_in_two_pieces_is_one_mention() -> None:
    pieces = [
        {"type": "mention", "mentioned": {"id": BOT, "name": "AI Chat"}, "text": f'<at id="{n}">{word}</at>'}
        for n, word in enumerate(("AI", "Chat"))
    ]
    text = '<at id="0">AI</at>&nbsp;<at id="1">Chat</at> is AI any good'
    content = said(text, f"<p>{text}</p><p>or not</p>", "groupChat", mention=False, entities=pieces)

    assert content.text == "is AI any good\nor not"
    assert content.addressed


def test_one_of_two_with_the_same_name_is_the_bot() -> None:
    person = {"type": "mention", "mentioned": {"id": "29:x", "name": NAME}, "text": MENTION}
    text = f"{MENTION} meet {MENTION}"
    numbered = f'<p><at id="1">{NAME}</at> meet <at id="0">{NAME}</at></p><p>now</p>'

    assert said(text, "", "groupChat", mention=False, entities=[BY_ID, person]).text == f"meet {NAME}"
    assert said(text, "", "groupChat", mention=False, entities=[person, BY_ID]).text == f"{NAME} meet"
    assert (
        said(text, numbered, "groupChat", mention=False, entities=[person, BY_ID]).text == f"meet {NAME}\nnow"
    )


def test_copilots_mention_has_neither_text_nor_the_bots_name() -> None:
    entity = {"type": "mention", "mentioned": {"id": BOT, "name": "Acme agent"}}
    activity = PEOPLE.message("a:1", "groupChat", "what is new?", mention=False, entities=[entity], id="7")
    event = heard(activity | {"channelData": activity["channelData"] | {"productContext": "Copilot"}})

    assert (event.text, event.addressed, event.others) == ("what is new?", True, False)
    assert event.reply["copilot"] == "1"


def test_copilot_is_also_known_by_its_entity() -> None:
    assert heard(PEOPLE.message("a:1", "personal", "hi", id="7")).reply.get("copilot") is None
    assert incoming(
        PEOPLE.message("a:1", "personal", "hi", entities=[{"type": "ProductInfo", "id": "COPILOT"}])
    ).copilot


EVERYONE = [
    {
        "type": "mention",
        "mentioned": {"id": "19:abc@thread.v2", "name": "Everyone"},
        "text": "<at>Everyone</at>",
    },
    {
        "type": "mention",
        "mentioned": {"id": "tag-1", "name": "Designers", "type": "tag"},
        "text": "<at>Everyone</at>",
    },
    {"type": "mention", "mentioned": None},
]


@pytest.mark.parametrize("entity", EVERYONE)
def test_a_mention_of_many_is_a_mention_of_others(entity: Mapping[str, Any]) -> None:
    content = said("<at>Everyone</at> look", "", "channel", mention=False, entities=[entity])

    assert (content.text, content.addressed, content.others) == ("Everyone look", False, True)


def test_a_mention_that_only_the_formatted_text_shows_is_one_of_others_too() -> None:
    content = said("Bob look", '<p><at id="0">Bob</at> look</p>', "channel", mention=False)

    assert (content.text, content.others) == ("Bob look", True)


def test_a_quoted_reply_is_somebody_elses_words() -> None:
    content = said(
        "and this?", f"{replied('17', '8:orgid:bob', 'Bob', 'the <b>tide</b> &amp; co')}<p>and this?</p>"
    )

    assert content.text == "and this?"
    assert content.quotes == (Quotation(text="the **tide** & co", source="Bob"),)
    assert not content.addressed


def test_a_reply_that_comes_in_every_form_is_quoted_once() -> None:
    entity = {
        "type": "quotedReply",
        "quotedReply": {"messageId": "17", "senderName": "Bob", "preview": "the tide comes at &#35; noon"},
    }
    html = f"{replied('17', '8:orgid:bob', 'Bob', 'the tide comes')}<p>why?</p>"
    content = said(
        '<quoted messageId="17"/> why?',
        html,
        entities=[entity],
        attached=[referenced("17", "the tide", None)],
    )

    assert content.text == "why?"
    assert content.quotes == (Quotation(text="the tide comes at # noon", source="Bob"),)


def test_a_reply_to_the_bots_own_message_addresses_it() -> None:
    html = f"{replied('17', BOT, NAME, 'an answer')}<p>and then?</p>"
    entity = {
        "type": "quotedReply",
        "quotedReply": {"messageId": "17", "senderId": BOT, "preview": "an answer"},
    }

    assert said("and then?", html, "groupChat", mention=False).addressed
    assert said("and then?", "", "groupChat", mention=False, entities=[entity]).addressed
    assert not said("and then?", replied("17", "8:x", NAME, "y"), "groupChat", mention=False).addressed


def test_a_bare_forward_says_who_said_what() -> None:
    event = heard(
        PEOPLE.message(
            "a:1",
            "personal",
            "",
            html='<attachment id="17"></attachment>',
            attached=[
                forwarded("17", "<p>the <a href='https://x.example/?a&lt=b'>plan</a></p><p>ok</p>", "Bob")
            ],
            id="7",
        )
    )

    assert event.text == ""
    assert event.quotes == (Quotation(text="the [plan](https://x.example/?a&lt=b)\nok", source="Bob"),)


def test_a_forward_of_somebody_without_a_name_is_shown_too() -> None:
    content = said("see", attached=[forwarded("17", "<p>words</p>", None)])

    assert content.quotes == (Quotation(text="words", source="a forwarded message"),)


def test_a_forward_with_the_fields_of_a_reference_is_read() -> None:
    mixed = referenced("17", "earlier words", "Bob") | {"contentType": "forwardedMessageReference"}

    assert said("", attached=[mixed]).quotes == (Quotation(text="earlier words", source="Bob"),)


def test_a_card_says_its_words() -> None:
    card = adaptive_card(
        {"type": "TextBlock", "text": "Build failed"},
        {"type": "RichTextBlock", "inlines": ["on ", {"type": "TextRun", "text": "main"}]},
        {"type": "FactSet", "facts": [{"title": "Job", "value": "lint"}, {"title": "Run", "value": "7"}]},
        {
            "type": "ColumnSet",
            "columns": [{"type": "Column", "items": [{"type": "TextBlock", "text": "left"}]}],
        },
        {"type": "ActionSet", "actions": [{"type": "Action.Submit", "title": "Retry"}]},
        {"type": "Input.Text", "id": "x", "label": "Comment", "value": "typed"},
    )
    hero = {
        "contentType": "application/vnd.microsoft.card.hero",
        "content": {"title": "Lunch", "subtitle": "today", "text": "soup", "buttons": [{"title": "Order"}]},
    }
    content = said("", attached=[card, hero])

    assert [quote.text for quote in content.quotes] == [
        "Build failed\non main\nJob: lint\nRun: 7\nleft",
        "Lunch\ntoday\nsoup",
    ]
    assert {quote.source for quote in content.quotes} == {"a card"}


def test_a_code_snippet_is_the_authors_own() -> None:
    snippet = {
        "contentType": "application/vnd.microsoft.card.codesnippet",
        "content": '{"name":"x.py","language":"Python","lines":"a = 1\\nb = 2"}',
    }

    assert said("why?", attached=[snippet]).text == "why?\n\nx.py\n```Python\na = 1\nb = 2\n```"


def test_a_meeting_is_named() -> None:
    meeting = {
        "contentType": "meetingReference",
        "name": "Weekly",
        "contentUrl": "https://x.example/m",
        "content": None,
    }

    assert said("", attached=[meeting]).quotes == (
        Quotation(text="Weekly", source="a meeting", link="https://x.example/m"),
    )


UNREAD: list[tuple[dict[str, Any], str, str]] = [
    (shared_file("plan.docx"), "plan.docx", "one-to-one chat"),
    ({"contentType": "application/vnd.microsoft.card.fluidEmbedCard"}, "a Loop component", "Loop"),
    ({"contentType": "application/x-new", "name": "thing"}, "thing", "cannot be read"),
    ({"contentType": None, "content": "{"}, "an attachment (unnamed)", "cannot be read"),
    ({"contentType": "application/vnd.microsoft.card.adaptive", "content": {}}, "an attachment (application/vnd.microsoft.card.adaptive)", "cannot be read"),
    (
        {"contentType": "image/*", "contentUrl": "https://eu-api.asm.skype.com/v1/objects/1/views/imgo"},
        "image 1",
        "picture",
    ),
    ({"contentType": "forwardedMessageReference", "content": "no json"}, "a forwarded message", "cannot be read"),
]  # fmt: skip


@pytest.mark.parametrize(("attachment", "name", "why"), UNREAD, ids=[row[1] for row in UNREAD])
def test_what_cannot_be_read_says_why(attachment: dict[str, Any], name: str, why: str) -> None:
    (file,) = said("", attached=[attachment]).files

    assert file.name == name
    assert why in file.trouble


def test_a_pasted_picture_is_not_lost() -> None:
    content = said("look", f"<p>look</p>{pasted('0-eus-d1')}", "channel", mention=False)

    (picture,) = content.files
    assert content.text == "look"
    assert "one-to-one chat" in picture.trouble
    assert "0-eus-d1" in picture.source["picture"]
    assert (picture.source["message"], picture.source["conversation"]) == ("7", "a:1")


def test_a_picture_that_is_attached_too_is_one_picture() -> None:
    address = "https://smba.trafficmanager.net/emea/v3/attachments/0-eus-d1/views/original"
    image = {"contentType": "image/*", "contentUrl": address}

    for html in (f'<p>look</p><img src="{address}">', f"<p>look</p>{pasted('0-eus-d1')}"):
        (picture,) = said("look", html, attached=[image]).files
        assert picture.trouble == ""


@pytest.mark.parametrize("html", ["", "<p>&nbsp;</p>", '<attachment id="17"></attachment>'])
@pytest.mark.parametrize("event", ["editMessage", "undeleteMessage"])
def test_an_edit_without_words_leaves_what_was_said_alone(html: str, event: str) -> None:
    message = PEOPLE.message("a:1", "personal", "hello", id="7")
    formatted = [{"contentType": "text/html", "content": html}] if html else []
    changed = PEOPLE.edit(message, "", event) | {"attachments": formatted}

    assert [events.edit(incoming(changed | {"text": text})) for text in (None, "", "&nbsp;")] == [None] * 3


def test_an_edit_is_read_like_the_message() -> None:
    message = PEOPLE.message("a:1", "personal", "hello", id="7")
    html = f"{replied('17', '8:orgid:bob', 'Bob', 'the tide')}<ul><li>why</li></ul>"
    event = events.edit(
        incoming(
            PEOPLE.edit(message, "why") | {"attachments": [{"contentType": "text/html", "content": html}]}
        )
    )

    assert isinstance(event, MessageEdited)
    assert (event.text, event.quotes) == ("- why", (Quotation(text="the tide", source="Bob"),))


def test_the_zone_and_the_names_of_the_place_are_kept() -> None:
    activity = PEOPLE.message("19:c", "channel", "hi", id="7") | {
        "localTimezone": None,
        "entities": [{"type": "clientInfo", "timezone": "Asia/Tokyo"}],
    }
    data = activity["channelData"] | {
        "team": {"id": "19:t", "name": "Platform"},
        "channel": {"id": "19:c", "name": "incidents"},
    }
    reply = heard(activity | {"channelData": data}).reply

    assert (reply["zone"], reply["channel_name"], reply["team_name"]) == (
        "Asia/Tokyo",
        "incidents",
        "Platform",
    )


GRAPH: dict[str, Any] = {
    "id": "1795446404319",
    "subject": None,
    "from": {
        "user": {"id": "GUID", "displayName": "Bob", "userIdentityType": "aadUser"},
        "application": None,
    },
    "channelIdentity": {"teamId": "team-guid", "channelId": "19:c@thread.tacv2"},
    "body": {
        "contentType": "html",
        "content": '<div><at id="0">Switchboard</at>&nbsp;ask <at id="1">Bob</at></div><div>now</div>'
        '<img src="https://graph.microsoft.com/v1.0/teams/t/channels/c/messages/1/hostedContents/aWQ9/$value">'
        '<attachment id="17"></attachment>',
    },
    "attachments": [referenced("17", "earlier", "Carol"), shared_file("plan.docx")],
    "mentions": [
        {"id": 0, "mentionText": "Switchboard", "mentioned": {"application": {"id": "app"}, "user": None}},
        {"id": 1, "mentionText": "Bob", "mentioned": {"user": {"id": "GUID", "displayName": "Bob"}}},
    ],
}


def test_a_message_of_graph_is_read_by_the_same_rules() -> None:
    content = read_graph_message(GRAPH, bot="app")

    assert content.text == "ask Bob\nnow"
    assert content.quotes == (Quotation(text="earlier", source="Carol"),)
    plan, picture = content.files
    assert plan.source["share"].endswith("/plan.docx")
    assert picture.source["hosted"] == "aWQ9"
    assert (picture.source["team"], picture.source["conversation"]) == ("team-guid", "19:c@thread.tacv2")
    assert graph_author(GRAPH) == Author(id="GUID", name="Bob")


def test_a_post_of_graph_has_its_subject_and_its_plain_words() -> None:
    message = {"subject": "Outage", "body": {"contentType": "text", "content": "a <b> & c"}}

    assert read_graph_message(message).text == "# Outage\n\na <b> & c"
    assert graph_author({"from": {"application": {"id": "a", "displayName": "Jira"}}}) == Author(
        id="a", name="Jira", app=True
    )


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inside: (
        st.lists(inside, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["text", "content", "items", "body", "user", "displayName", "originalMessageContent", "x"]
            ),
            inside,
            max_size=4,
        )
    ),
    max_leaves=12,
)
KINDS = st.sampled_from(
    [
        "text/html", "image/*", "reference", "forwardedMessageReference", "messageReference", "meetingReference",
        "application/vnd.microsoft.card.adaptive", "application/vnd.microsoft.card.codesnippet",
        "application/vnd.microsoft.teams.file.download.info", "x",
    ]
)  # fmt: skip
PIECES = st.lists(
    st.sampled_from(
        [
            "<b>", "</b>", "<p>", "</p>", "<ul>", "<ol start='9'>", "<li>", "</ul>", "<table>", "<tr>", "<td>", "</td>",
            "</table>", "<blockquote itemtype='/Reply' itemid='1'>", "<strong itemprop='mri' itemid='2'>", "</strong>",
            "</blockquote>", "<pre>", "</pre>", "<code>", "</code>", "<a href='https://x'>", "</a>", "<at id='0'>", "</at>",
            "<h1>", "</h1>", "<br>", "<img src='x'>", "<script>", "</script>", "<!--", "-->", "<", ">", "&", "&lt;",
            "&#xD83D;", "'", '"', "words ", "`", "|", "\n", "\xa0", "<attachment id='1'>",
        ]
    ),
    max_size=40,
)  # fmt: skip


@given(content=ANY_JSON, kind=KINDS, pieces=PIECES, text=st.none() | st.text(max_size=40))
def test_nothing_that_is_attached_fails(content: Any, kind: str, pieces: list[str], text: str | None) -> None:
    attached = [{"contentType": kind, "content": content}, {"contentType": kind, "content": "".join(pieces)}]
    read = said(
        text,
        "".join(pieces),
        attached=attached,
        entities=[content, {"type": "mention", "mentioned": content}],
    )
    graph = read_graph_message(
        {"body": {"content": "".join(pieces)}, "attachments": attached, "mentions": content}
    )

    for one in (read, graph):
        one.text.encode()
        assert all(isinstance(file.name, str) and file.id for file in one.files)


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="&<\xa0"), max_size=60
)


@given(lines=st.lists(WORDS, min_size=1, max_size=3))
def test_plain_words_stay_as_they_are(lines: list[str]) -> None:
    text = "\n".join(lines).strip()

    assert said(text).text == text


@given(name=st.from_regex(r"[a-z]{1,10}", fullmatch=True))
def test_what_only_looks_like_an_entity_stays(name: str) -> None:
    address = f"https://x.example/?id=1&{name}=eu"
    html = f'<p>see <a href="{address}">it</a></p>'

    assert said(f"see {address}", "").text == f"see {address}"
    assert said("see it", html).text == f"see [it]({address})"


HOSTILE = {
    "tags that open": "<b>" * 100_000,
    "tags that say something": "<b>x" * 75_000,
    "tags that never end": "<a " * 100_000,
    "attributes": "<a " + "x=1 " * 75_000 + ">",
    "attributes of one": ("<a " + "x='1' " * 100 + ">y</a>") * 480,
    "quotes that never end": "<a '<a \"" * 37_000,
    "comments that never end": "<!--" * 75_000,
    "comments": "<!---->" * 42_000,
    "entities": "&lt;" * 75_000,
    "half entities": "&amp" * 75_000,
    "ampersands": "&" * 300_000,
    "lists in lists": "<ul><li>" * 37_000,
    "lines of a deep list": "<ul><li>" * 12 + "<br>a" * 60_000,
    "items of a deep list": "<ul><li>" * 12 + "<li>a" * 60_000,
    "quotes in quotes": "<blockquote>" * 25_000,
    "cells": "<table>" + "<td>" * 75_000,
    "tables in tables": "<table><tr><td>" * 20_000,
    "lines in marks": "<b><i><s>" * 8 + "<br>x" * 60_000,
    "lines in links": "<a href='https://x'>" * 24 + "<br>x" * 60_000,
    "pictures": "<img src=x>" * 27_000,
    "mentions": "<at>x</at>" * 30_000,
    "ends of nothing": "<b>" * 20 + "</i>" * 70_000,
    "ticks": "<code>" + "`" * 290_000 + "</code>",
    "replies": "<blockquote itemtype='x/Reply' itemid='1'>x</blockquote>" * 5_000,
}


@pytest.mark.parametrize("html", HOSTILE.values(), ids=HOSTILE)
def test_no_formatted_text_holds_up_its_reader(html: str) -> None:
    shown = [forwarded("17", html[:100], "Bob")]

    assert_quick(lambda: said("x", html, attached=shown))


def test_a_card_of_any_depth_is_read_at_once() -> None:
    card: Any = {"text": "x"}
    for _ in range(200):
        card = {"items": [card] * 2}
    attached = [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}]

    assert_quick(lambda: said("", attached=attached))
    assert len(said("", attached=attached).files) == 1
