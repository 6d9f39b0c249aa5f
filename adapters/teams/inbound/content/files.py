"""What is attached to a message as files the core knows, and why some of them cannot be read.

Source: Microsoft Learn, Teams platform, "Send and receive files through the bot", "Receive inline images".
"""

import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from adapters.teams.clouds import absolute_url
from adapters.teams.inbound.activity import Attachment
from adapters.teams.inbound.content.html_words import PastedPicture
from bot.domain.events import File
from bot.domain.formatting import whole

DOWNLOAD = "application/vnd.microsoft.teams.file.download.info"
SHARED, HOSTED, LOOP, UNKNOWN = "share", "hosted", "loop", "unknown"
TROUBLES: Mapping[str, str] = {
    SHARED: (
        "files of channels and group chats need TEAMS_GRAPH=1, which whoever runs Switchboard can set: or send it to me in "
        "a one-to-one chat"
    ),
    HOSTED: (
        "pasted pictures need TEAMS_GRAPH=1, which whoever runs Switchboard can set for channels and group chats: or attach "
        "it as a file in a one-to-one chat with me"
    ),
    LOOP: "Loop components cannot be read: paste the text instead",
    UNKNOWN: "things of this kind cannot be read: paste the text instead",
}
"""Why a file cannot be read, by what its `source` says that it needs."""
PASTED_HOST = "asm.skype.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOrigin:
    """The message that files are attached to. `service` is the Connector it came from; `graph` names the message's place
    for Microsoft Graph, as far as it is known: "message", "conversation", "team", "tenant".
    """

    message: str
    service: str = ""
    graph: Mapping[str, str] = field(default_factory=dict)


def trouble_of(source: Mapping[str, str]) -> str:
    """Why what has this source cannot be read, "" if it can. Decided here alone."""
    return TROUBLES.get(source.get("needs", ""), "")


def downloadable(attachment: Attachment, address: str, id: str) -> File:
    """A file somebody sent in a one-to-one chat."""
    return _file(id, attachment.name or "a file", {"url": address})


def image(attachment: Attachment, number: int, origin: FileOrigin) -> File:
    """An inline image. One among Skype's objects is not for the bot's token."""
    address, kind = attachment.content_url or "", attachment.content_type or ""
    url = absolute_url(address)
    name = attachment.name or f"image {number + 1}"
    id = f"{origin.message}/{number}"
    if url is None or (url.host or "").endswith(PASTED_HOST):
        return _file(id, name, {"needs": HOSTED, "picture": address, **origin.graph})
    source = {"url": address, "service": origin.service}
    return _file(id, name, source, media_type="" if kind == "image/*" else kind)


def shared(attachment: Attachment, id: str, origin: FileOrigin) -> File:
    """A file of a channel or a group chat: an address in SharePoint."""
    source = {"needs": SHARED, "share": attachment.content_url or "", **origin.graph}
    return _file(id, attachment.name or "a file", source)


def unreadable(name: str, id: str, needs: str = UNKNOWN) -> File:
    return _file(id, name, {"needs": needs})


def pasted(
    pictures: Sequence[PastedPicture], attachments: Sequence[Attachment], origin: FileOrigin, part: str = ""
) -> tuple[File, ...]:
    """The pictures among a message's words that are not attached to it too."""
    images = [one.content_url for one in attachments if (one.content_type or "").startswith("image/")]
    shown = {one.address for one in pictures}
    rest = [one for one in pictures if one.address not in images]
    rest = rest[len([address for address in images if address not in shown]) :]
    return tuple(
        _file(
            f"{origin.message}/{part}p{number}",
            one.name or f"picture {number}",
            {"needs": HOSTED, "picture": one.address, "hosted": one.hosted, **origin.graph},
        )
        for number, one in enumerate(rest, start=1)
    )


def _file(id: str, name: str, source: Mapping[str, str], *, media_type: str | None = None) -> File:
    name = whole(name)
    return File(
        id=id,
        name=name,
        media_type=(mimetypes.guess_type(name)[0] or "") if media_type is None else media_type,
        source={key: whole(value) for key, value in source.items() if value},
        trouble=trouble_of(source),
    )
