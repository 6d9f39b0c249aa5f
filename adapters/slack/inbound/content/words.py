"""Slack's message text as plain words.

Slack writes mentions, channels, dates and links as `<...>` and escapes &, < and >. People, channels and groups stand
there by their ids: what is made of them here ("@U2", "#C1") gets names later, by `adapters.slack.inbound.names`. Source:
docs.slack.dev "Formatting message text".
"""

import html
import re
from collections.abc import Iterator

TOKEN = re.compile(r"<([^<>]*)>")


def plain_words(text: str, *, bot: str = "") -> str:
    """The text a person wrote, without the mention of the bot itself."""
    return html.unescape(TOKEN.sub(lambda found: _word(found.group(1), bot), text)).strip()


def mentioned(text: str) -> Iterator[str]:
    """The ids of people, channels and groups in the text; those of channels and groups only where they have no name there.
    Slack escapes `<` in what people write, so none can be forged.
    """
    for found in TOKEN.finditer(text):
        target, _, label = found[1].partition("|")
        if target.startswith(("@", "#")) and not (label and target[0] == "#"):
            yield target[1:]
        elif target.startswith("!subteam^") and not label:
            yield target.removeprefix("!subteam^")


def _word(token: str, bot: str) -> str:
    target, _, label = token.partition("|")
    match target[:1]:
        case "@":
            return "" if target[1:] == bot else f"@{label or target[1:]}"
        case "#":
            return f"#{label or target[1:]}"
        case "!":
            return _special(target[1:], label)
    address = target.removeprefix("mailto:")
    return f"{label} ({address})" if label and label not in (target, address) else address


def _special(target: str, label: str) -> str:
    """`<!here>`, `<!subteam^S1|@team>`, `<!date^...|fallback>`."""
    return label or f"@{target.removeprefix('subteam^').partition('^')[0]}"
