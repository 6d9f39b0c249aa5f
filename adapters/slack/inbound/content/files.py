"""What people attach in Slack, as files the core knows. Source: docs.slack.dev "File object"; the kinds as reported."""

from collections.abc import Mapping
from typing import Any

from adapters.slack.install.installations import Installation
from bot.domain.events import File

MOST = 20  # files of one message
CANVAS, LIST = "application/vnd.slack-docs", "application/vnd.slack-list"
EXTERNAL = {"gdrive": "Google Drive", "onedrive": "OneDrive", "dropbox": "Dropbox", "box": "Box"}
UNKNOWN = "file_access"
"""The mode of a file that only files.info knows: one of another organisation, in a shared channel."""

Json = Mapping[str, Any]


def files_of(message: Json, installation: Installation) -> tuple[File, ...]:
    """The message's files; where one cannot be read, it says why."""
    given = message.get("files")
    found = given if isinstance(given, list) else []
    return tuple(
        file_from(one, installation) for one in found[:MOST] if isinstance(one, Mapping) and one.get("id")
    )


def file_from(one: Json, installation: Installation) -> File:
    """One file object, of an event or of files.info. `source` holds the address and whose token reads it."""
    mail = one.get("mode") == "email"
    canvas = _is_canvas(one)
    address = one.get("url_private_download") or one.get("url_private") or ""
    name = str((one.get("subject") if mail else "") or one.get("name") or one.get("title") or one["id"])
    size = one.get("size")
    return File(
        id=str(one["id"]),
        name=name,
        media_type="text/html" if canvas else str(one.get("mimetype") or ""),
        size=size if isinstance(size, int) and not canvas else 0,
        source={
            "url": str(address),
            "workspace": installation.workspace,
            "enterprise": installation.enterprise,
            **({"ask": "1"} if must_be_asked_for(one) else {}),
        },
        text=_mail(one) if mail else _transcript(one),
        trouble=_trouble(one),
    )


def must_be_asked_for(one: Json) -> bool:
    """Whether only files.info tells what it is, or what was said in it."""
    transcription = one.get("transcription")
    unfinished = isinstance(transcription, Mapping) and (
        transcription.get("status") == "processing" or _preview(transcription).get("has_more")
    )
    return one.get("file_access") == "check_file_info" or one.get("mode") == UNKNOWN or bool(unfinished)


def _is_canvas(one: Json) -> bool:
    return one.get("mimetype") == CANVAS or one.get("filetype") in ("quip", "canvas")


def _mail(one: Json) -> str:
    def people(key: str) -> str:
        listed = one.get(key)
        return ", ".join(
            str(who.get("original") or who.get("address") or "")
            for who in (listed if isinstance(listed, list) else [])
            if isinstance(who, Mapping)
        )

    attached = one.get("attachments")
    names = [str(each.get("filename") or "") for each in attached or [] if isinstance(each, Mapping)]
    lines = (
        f"From: {people('from')}",
        f"To: {people('to')}",
        f"Subject: {one.get('subject') or ''}",
        f"Attached: {', '.join(names)}" if names else "",
        "",
        str(one.get("plain_text") or one.get("simplified_html") or ""),
    )
    return "\n".join(line for number, line in enumerate(lines) if line or number == 4)


def _preview(transcription: Json) -> Json:
    preview = transcription.get("preview")
    return preview if isinstance(preview, Mapping) else {}


def _transcript(one: Json) -> str:
    transcription = one.get("transcription")
    if not isinstance(transcription, Mapping) or transcription.get("status") != "complete":
        return ""
    text = str(_preview(transcription).get("content") or "")
    more = " ... (the transcript goes on)" if _preview(transcription).get("has_more") else ""
    return f"Transcript: {text}{more}" if text else ""


def _trouble(one: Json) -> str:
    mode, transcription = one.get("mode"), one.get("transcription")
    if mode == "tombstone":
        return "it was deleted"
    if mode == "hidden_by_limit":
        return "it is older than this workspace's plan keeps"
    if mode == "external" or one.get("is_external"):
        kind = str(one.get("external_type") or "")
        return f"it is only a link to {EXTERNAL.get(kind, 'another service')}: upload the file itself"
    if one.get("mimetype") == LIST or one.get("filetype") == "list":
        return "lists cannot be read"
    if one.get("subtype") in ("slack_audio", "slack_video"):
        status = transcription.get("status") if isinstance(transcription, Mapping) else ""
        if status == "processing":
            return "its transcript is not ready yet: ask again in a moment"
        if status != "complete":
            return "it has no transcript"
    return ""
