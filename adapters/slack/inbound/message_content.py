"""Turns Slack's message text into plain words.

Slack writes mentions, channels, dates and links as `<...>` and escapes &, < and >. Source: docs.slack.dev
"Formatting message text".
"""

import html
import re

TOKEN = re.compile(r"<([^<>]*)>")


def plain_words(text: str, *, bot: str = "") -> str:
    """The text a person wrote, without the mention of the bot itself."""
    return html.unescape(TOKEN.sub(lambda found: _word(found.group(1), bot), text)).strip()


def mentions(text: str, bot: str) -> bool:
    """Whether the bot is mentioned. Slack escapes `<` in people's text, so this cannot be forged."""
    return bool(bot) and re.search(rf"<@{re.escape(bot)}(\|[^<>]*)?>", text) is not None


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
    return label or f"@{target.partition('^')[0]}"
