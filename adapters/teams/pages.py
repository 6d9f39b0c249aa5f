"""The two pages an administrator opens from the app's entry in Teams: privacy, and terms with help. Pure.

Served by the bot itself, so that a manifest's addresses lead somewhere. Source: Microsoft Learn, Teams platform, "App
manifest reference", developer.
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from bot.storage.keys import DAY, Lifetimes

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPage:
    """A page of plain text: under each heading some paragraphs."""

    path: str
    title: str
    sections: Mapping[str, Sequence[str]]


def public_pages(lifetimes: Lifetimes) -> tuple[PublicPage, ...]:
    """`lifetimes` are those of what is stored, in seconds."""
    return _privacy(days=lifetimes.memory // DAY, months=lifetimes.month // (30 * DAY)), TERMS


def page_routes(pages: Sequence[PublicPage]) -> Sequence[web.AbstractRouteDef]:
    return [_route(page) for page in pages]


def _route(page: PublicPage) -> web.AbstractRouteDef:
    text = rendered_page(page)

    async def show(request: web.Request) -> web.Response:
        return web.Response(text=text, content_type="text/html", charset="utf-8", headers=HEADERS)

    return web.get(page.path, show)


def rendered_page(page: PublicPage) -> str:
    """The page as HTML that loads nothing."""
    title = html.escape(page.title)
    lines = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">\n<meta name="color-scheme" content="light dark">',
        f"<title>{title}</title>\n</head>\n<body>\n<h1>{title}</h1>",
    ]
    for heading, paragraphs in page.sections.items():
        lines.append(f"<h2>{html.escape(heading)}</h2>")
        lines += [f"<p>{html.escape(paragraph)}</p>" for paragraph in paragraphs]
    return "\n".join([*lines, "</body>\n</html>\n"])


def _privacy(*, days: int, months: int) -> PublicPage:
    return PublicPage(
        path="/privacy",
        title="Switchboard: privacy",
        sections={
            "Who runs it": (
                "The organisation that installed this app in Teams runs this Switchboard, and is responsible for what it "
                "does with data. Ask its administrators.",
            ),
            "What it receives": (
                "What you write to it in your one-to-one chat or after mentioning it, the files you attach, and the "
                "message you use “Ask Switchboard” on. In chats and teams that it is added to, also what is written "
                "there without a mention, where the organisation has consented to that in Teams.",
                "With each message Teams tells your name, your id in the organisation, your time zone, and where it was "
                "written.",
            ),
            "Who else gets it": (
                "To answer, Switchboard sends your question to the AI model that was picked, or to one that steps in for "
                "it, together with the conversation so far, the names of the people in it, the messages it quotes and "
                "the files attached. The models belong to the providers that the organisation has configured, and their terms with the "
                "organisation say what they keep. /model shows the models.",
            ),
            "What is kept, and for how long": (
                "Questions, answers, votes and what was said around them, with the names of who said it, so that a "
                f"conversation can go on: for {days} days after its last message. A message that could not be answered: "
                f"for {days} days. Attached files are read for an answer and not kept; their names and addresses are, "
                "with the message.",
                f"Counts of questions, tokens and costs per person, without any text: for about {months} months. The "
                "model you picked: until you pick another.",
                "What is kept is encrypted where the organisation has set a key for it. Logs hold ids and times, never "
                "what was written.",
            ),
            "How to erase it": (
                "Write /forget in a conversation to erase what is kept of it (after a mention in chats and channels: "
                "@Switchboard forget); only the counts stay. Write /forget me to erase what you asked and were heard saying in all "
                "conversations, your picked model and your usage. Both answer with what was erased. Amounts that count "
                "in a budget of the organisation stay until its period is over.",
                "Messages you see in Teams stay; delete them there. Backups of the organisation, and what "
                "the providers of models keep, are not reached by this.",
            ),
        },
    )


TERMS = PublicPage(
    path="/terms",
    title="Switchboard: terms of use and help",
    sections={
        "What it is": (
            "Switchboard lets you ask AI models in Teams and switch between them. Write to it, or mention it in a chat "
            "or a channel; /help shows what can be typed.",
        ),
        "Answers can be wrong": (
            "Answers are written by AI models. They can be wrong, incomplete or out of date, also where they sound "
            "sure. Check what matters before you rely on it.",
        ),
        "What you may use it for": (
            "The organisation that installed this app in Teams runs it, and its rules apply, as well as those of the "
            "providers whose models it has configured. Write nothing to it that you may not share with them.",
            "It comes without any warranty.",
        ),
        "Help": (
            "Ask the administrators of the organisation that installed it. What it does with your data is on the "
            "privacy page of this app.",
        ),
    },
)
