"""What one outgoing activity has to look like, whatever place it goes to. Pure: refuses by raising."""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from tests.teams.refusals import Refused, bad

MESSAGE = "https://schema.org/Message"
FORMATS = {"plain", "markdown", "xml", "extendedmarkdown"}
CARD = "application/vnd.microsoft.card.adaptive"
CONSENT = "application/vnd.microsoft.teams.card.file.consent"
INFO = "application/vnd.microsoft.teams.card.file.info"
QUOTED = re.compile(r'<quoted messageId="(\d+)"/>')
SIGN_IN_CARD = "application/vnd.microsoft.card.oauth"
ELEMENTS = {
    "TextBlock", "RichTextBlock", "Image", "Media", "Container", "ColumnSet", "Column", "FactSet", "ImageSet",
    "ActionSet", "Table", "TableRow", "TableCell", "Input.Text", "Input.Number", "Input.Date", "Input.Time",
    "Input.Toggle", "Input.ChoiceSet", "TextRun", "CodeBlock",
    "Chart.HorizontalBar",
}  # fmt: skip
LATER = {"CodeBlock", "Chart.HorizontalBar"}
"""Elements that Teams knows and version 1.5 does not: they need a fallback."""
LANGUAGES = {
    "Bash", "C", "Cpp", "CSharp", "Css", "Dos", "Go", "Graphql", "Html", "Java", "JavaScript", "Json", "ObjectiveC",
    "Perl", "Php", "PlainText", "PowerShell", "Python", "Sql", "TypeScript", "VbNet", "Verilog", "Vhdl", "Xml",
}  # fmt: skip
ALIGNMENTS = {"left", "center", "right"}
ACTIONS = {"Action.Execute", "Action.Submit", "Action.OpenUrl", "Action.ShowCard", "Action.ToggleVisibility"}


def size(activity: Mapping[str, Any]) -> int:
    """Bytes as the service counts them: UTF-16."""
    kept = [
        one for one in activity.get("attachments") or () if "data:image" not in str(one.get("contentUrl"))
    ]
    counted = {**activity, "attachments": kept}  # pictures do not count
    return len(json.dumps(counted, ensure_ascii=False).encode("utf-16-le", "surrogatepass"))


def entities(activity: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    return [entity for entity in activity.get("entities") or () if entity.get("type") == kind]


def check_message(activity: Mapping[str, Any], *, extended: bool = True) -> None:
    """The rules of every message, streamed or not."""
    text, attachments = activity.get("text"), activity.get("attachments") or []
    if not text and not attachments:
        raise bad("The message has neither text nor attachments.", "BadSyntax")
    style = activity.get("textFormat", "markdown")
    if style not in FORMATS or (style == "extendedmarkdown" and not extended):
        raise bad(f"textFormat {style!r} is not known.")
    if style == "extendedmarkdown" and attachments:
        raise bad("extendedmarkdown is for messages of text alone.")
    for attachment in attachments:
        check_attachment(attachment)
    check_ai(activity)
    check_suggestions(activity)
    check_quotes(activity)
    for mention in entities(activity, "mention"):
        if mention.get("text", "\0") not in (text or ""):
            raise bad("A mention's text is not in the message.")
    loop = (activity.get("channelData") or {}).get("feedbackLoop")
    if loop is not None and loop.get("type") not in {"default", "custom"}:
        raise bad("feedbackLoop.type is default or custom.")


def check_attachment(attachment: Mapping[str, Any]) -> None:
    kind, content = str(attachment.get("contentType")), attachment.get("content") or {}
    if kind == CARD:
        check_card(content)
    elif kind.startswith("image/"):
        check_picture(attachment)
    elif kind == SIGN_IN_CARD:
        check_sign_in_card(content)
    elif kind == CONSENT:
        check_consent(attachment)
    elif kind != INFO:
        raise bad(f"Attachments of the type {kind!r} are not known.")
    elif not (attachment.get("contentUrl") and attachment.get("name") and content.get("uniqueId")):
        raise bad("A file card names its file and where it is.")


def check_consent(attachment: Mapping[str, Any]) -> None:
    """A file consent card: what it is about, how large it is, and what comes back with the answer."""
    content = attachment.get("content") or {}
    if (
        not attachment.get("name")
        or not isinstance(content.get("sizeInBytes"), int)
        or content["sizeInBytes"] < 1
    ):
        raise bad("A file consent card has a name and a size.")
    if not all(isinstance(content.get(key), dict) for key in ("acceptContext", "declineContext")):
        raise bad("A file consent card has a context for both answers.")


def check_picture(attachment: Mapping[str, Any]) -> None:
    """Inline: PNG, JPEG or GIF, at most 1 MB. What an address leads to, a client would fetch."""
    head, _, data = str(attachment.get("contentUrl")).partition(";base64,")
    if head not in {"data:image/png", "data:image/jpeg", "data:image/gif"}:
        raise bad("A picture is a data URL of a PNG, JPEG or GIF.")
    if len(base64.b64decode(data, validate=True)) > 1024 * 1024:
        raise bad("A picture is larger than 1 MB.")


def check_sign_in_card(card: Mapping[str, Any]) -> None:
    """The OAuth card: a button that opens an address, and the resource for which a token is wanted."""
    (button,) = card.get("buttons") or [{}]
    resource = card.get("tokenExchangeResource") or {}
    if not card.get("connectionName") or not card.get("text"):
        raise bad("The OAuth card needs a text and a connectionName.")
    if button.get("type") != "signin" or not button.get("title"):
        raise bad("The OAuth card needs a button of the type signin.")
    if not re.match(r"https?://", str(button.get("value"))):
        raise bad("The button of an OAuth card opens an address.")
    if not resource.get("id") or not str(resource.get("uri")).startswith("api://"):
        raise bad("tokenExchangeResource needs an id and the app's own uri.")


def check_quotes(activity: Mapping[str, Any]) -> None:
    """A quoted reply is a mark in the text and an entity that names the same message."""
    marked = [found[1] for found in QUOTED.finditer(activity.get("text") or "")]
    named = [
        str((entity.get("quotedReply") or {}).get("messageId"))
        for entity in entities(activity, "quotedReply")
    ]
    if marked != named:
        raise bad("Marks and entities of quoted replies differ.")
    if named and entities(activity, "targetedMessageInfo"):
        raise bad("A quoted reply cannot be targeted.")


def as_shown(first: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """What people see of a message that was edited: what only an edit brings is not shown, and suggested actions vanish."""
    shown = {key: value for key, value in now.items() if key != "suggestedActions"}
    if not entities(first, MESSAGE):
        shown["entities"] = [one for one in now.get("entities") or () if one.get("type") != MESSAGE]
    if "feedbackLoop" not in (first.get("channelData") or {}):
        shown["channelData"] = {
            key: value for key, value in (now.get("channelData") or {}).items() if key != "feedbackLoop"
        }
    return shown


def in_copilot(activity: Mapping[str, Any]) -> dict[str, Any]:
    """What is left of a message in Microsoft 365 Copilot: of attachments Adaptive Cards alone, without a word."""
    kept = [one for one in activity.get("attachments") or () if one.get("contentType") == CARD]
    rest = {key: value for key, value in activity.items() if key != "attachments"}
    return {**rest, "attachments": kept} if kept else rest


def check_size(activity: Mapping[str, Any]) -> None:
    if size(activity) > 100 * 1024:
        raise Refused(413, "MessageSizeTooBig", "Message size too big.")


def check_suggestions(activity: Mapping[str, Any]) -> None:
    suggested = activity.get("suggestedActions")
    if suggested is None:
        return
    if activity.get("attachments"):
        raise bad("Suggested actions do not go together with attachments.")
    actions = suggested.get("actions") or []
    if not 0 < len(actions) <= 6:
        raise bad("There are one to six suggested actions.")
    for action in actions:
        if action.get("type") not in {"imBack", "Action.Compose", "Action.Submit"}:
            raise bad(f"A suggested action cannot be {action.get('type')!r}.")
        if not action.get("title"):
            raise bad("A suggested action needs a title.")


def check_ai(activity: Mapping[str, Any]) -> None:
    """The entity that labels a message as written by a model and lists its sources."""
    found = entities(activity, MESSAGE)
    if len(found) > 1:
        raise bad("There is more than one AI entity.")
    if not found:
        return
    entity = found[0]
    if entity.get("@type") != "Message" or entity.get("@context") != "https://schema.org":
        raise bad("The AI entity has the wrong @type or @context.")
    citations = entity.get("citation") or []
    if len(citations) > 20:
        raise bad("There are more than 20 citations.")
    usage = entity.get("usageInfo")
    for citation in citations:
        check_citation(citation, usage)
    if usage is not None and not usage.get("name"):
        raise bad("usageInfo needs a name.")


def check_citation(citation: Mapping[str, Any], usage: Mapping[str, Any] | None) -> None:
    appearance = citation.get("appearance") or {}
    if citation.get("@type") != "Claim" or not isinstance(citation.get("position"), int):
        raise bad("A citation needs @type and position.")
    if appearance.get("@type") != "DigitalDocument" or not appearance.get("name"):
        raise bad("A citation's appearance needs @type and name.")
    if not appearance.get("abstract"):
        raise bad("A citation's appearance needs an abstract.", "MissingProperty")
    keywords = appearance.get("keywords") or []
    if (
        len(appearance["name"]) > 80
        or len(appearance["abstract"]) > 160
        or len(keywords) > 3
        or any(len(word) > 28 for word in keywords)
    ):
        raise bad("A citation's field is too long.")
    own = appearance.get("usageInfo")
    if own is not None and own != usage:
        raise bad("A citation's usageInfo differs from the message's.")


def check_card(card: Any) -> None:
    """An Adaptive Card that Teams would show: version, known elements, known actions, no templating left in."""
    if not isinstance(card, dict) or card.get("type") != "AdaptiveCard":
        raise bad("The content is no Adaptive Card.", "BadSyntax")
    if card.get("version") not in {"1.0", "1.1", "1.2", "1.3", "1.4", "1.5"}:
        raise bad("Teams shows Adaptive Cards up to 1.5.", "BadSyntax")
    if card.get("msteams", {"width": "Full"}) != {"width": "Full"}:
        raise bad("What is said to Teams alone is that a card has the full width.", "BadSyntax")
    for element in nested(card.get("body") or []):
        if element.get("type") not in ELEMENTS | ACTIONS:
            raise bad(f"A card cannot hold {element.get('type')!r}.", "BadSyntax")
        check_element(element)
        check_typing(element)
    for action in card.get("actions") or []:
        if action.get("type") not in ACTIONS:
            raise bad(f"A card cannot do {action.get('type')!r}.", "BadSyntax")
    if len(card.get("actions") or []) > 6:
        raise bad("A card has at most six actions.", "BadSyntax")


def check_typing(element: Mapping[str, Any]) -> None:
    """Only a list that filters can ask the bot what to show, by a query with the name of a data set."""
    query = element.get("choices.data")
    if query is None:
        return
    if element["type"] != "Input.ChoiceSet" or element.get("style") != "filtered":
        raise bad("choices.data is for a filtered Input.ChoiceSet.", "BadSyntax")
    if set(query) != {"type", "dataset"} or query["type"] != "Data.Query" or not query["dataset"]:
        raise bad("choices.data is a Data.Query with a dataset.", "BadSyntax")


DIALOG_SIZES = {"small", "medium", "large"}


def check_dialog(body: Any) -> Mapping[str, Any]:
    """The card in an answer that opens a dialog, or shows another card in it."""
    if not isinstance(body, dict) or set(body) != {"task"} or set(body["task"]) != {"type", "value"}:
        raise bad("A dialog is a task with type and value, and nothing else.")
    task, value = body["task"], body["task"]["value"]
    if task["type"] != "continue" or set(value) != {"title", "height", "width", "card"}:
        raise bad("A dialog continues with title, height, width and card.")
    if not value["title"] or not {value["height"], value["width"]} <= DIALOG_SIZES:
        raise bad("A dialog has a title, and is small, medium or large.")
    card = value["card"]
    if card.get("contentType") != CARD:
        raise bad("A dialog shows an Adaptive Card.")
    check_card(card.get("content"))
    check_size(body)
    names = [one.get("id") for one in nested(card["content"]["body"]) if one["type"].startswith("Input.")]
    if len(set(names)) != len(names) or not all(names):
        raise bad("Every input has an id of its own.")
    for action in card["content"].get("actions") or ():
        if action["type"] not in {"Action.Submit", "Action.OpenUrl"} or not action.get("title"):
            raise bad("A dialog's buttons submit, and have a title.")
    content: Mapping[str, Any] = card["content"]
    return content


def check_action_answer(body: Any) -> Mapping[str, Any] | str:
    """What answers a submitted dialog of a message extension: another card, a closing word, or {} ("")."""
    if not isinstance(body, dict) or "task" in body:
        return check_dialog(body)
    if not body:
        return ""
    said = body.get("composeExtension")
    if set(body) != {"composeExtension"} or not isinstance(said, dict) or set(said) != {"type", "text"}:
        raise bad("A closing word is a composeExtension with type and text.")
    if said["type"] != "message" or not isinstance(said["text"], str) or not said["text"].strip():
        raise bad("A closing word is a message with some text.")
    return said["text"]


def check_element(element: Mapping[str, Any]) -> None:
    """What an element's type asks of its properties."""
    if element["type"] in LATER:
        fallback = list(nested(element.get("fallback")))
        if not fallback or any(one["type"] in LATER or one["type"] not in ELEMENTS for one in fallback):
            raise bad(f"{element['type']} needs a fallback that version 1.5 knows.", "BadSyntax")
    if element["type"] == "CodeBlock":
        check_code(element)
    if element["type"] == "Chart.HorizontalBar":
        check_chart(element)
    if element["type"] == "Table":
        check_table(element)


def check_code(element: Mapping[str, Any]) -> None:
    if not element.get("codeSnippet") or element.get("language", "PlainText") not in LANGUAGES:
        raise bad("A CodeBlock needs codeSnippet, and a language that is known.", "BadSyntax")


def check_chart(element: Mapping[str, Any]) -> None:
    """Source: Microsoft Learn, "Charts in Adaptive Cards"."""
    known = {"type", "title", "data", "displayMode", "xAxisTitle", "yAxisTitle", "colorSet", "fallback"}
    if not set(element) <= known or not element.get("data"):
        raise bad("A chart has data, and nothing that is unknown.", "BadSyntax")
    if element.get("displayMode", "AbsoluteWithAxis") not in {
        "AbsoluteWithAxis",
        "AbsoluteNoAxis",
        "PartToWhole",
    }:
        raise bad("A chart's displayMode is one of three.", "BadSyntax")
    for one in element["data"]:
        if set(one) - {"color"} != {"x", "y"} or not isinstance(one["x"], str) or isinstance(one["y"], bool):
            raise bad("A bar has x, a name, and y, a number.", "BadSyntax")
        if not isinstance(one["y"], int | float):
            raise bad("A bar has x, a name, and y, a number.", "BadSyntax")


def check_table(element: Mapping[str, Any]) -> None:
    if {len(row["cells"]) for row in element["rows"]} - {len(element["columns"])}:
        raise bad("Every row of a Table has a cell for each column.", "BadSyntax")
    for column in element["columns"]:
        if column.get("horizontalCellContentAlignment", "left").lower() not in ALIGNMENTS:
            raise bad("A column is aligned left, center or right.", "BadSyntax")


def nested(value: Any) -> Iterable[Mapping[str, Any]]:
    """Every element in a card's body. What a person's choice sends (`data`, `choices`) holds no elements."""
    if isinstance(value, list):
        for item in value:
            yield from nested(item)
    elif isinstance(value, dict):
        if "type" in value:
            yield value
        for name, item in value.items():
            if name not in {"data", "choices", "choices.data", "fallback"}:
                yield from nested(item)
