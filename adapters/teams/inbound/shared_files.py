"""Files of channels and group chats, and pasted pictures: where Microsoft Graph has them, and why some cannot be read.

Sources: Microsoft Learn, Graph, "Access shared items", "Get driveItem content", "List hostedContents".
"""

import asyncio
import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import quote, unquote

from adapters.teams.graph import Graph, Json
from adapters.teams.inbound.content.files import HOSTED, SHARED
from adapters.teams.inbound.content.message import read_graph_message
from adapters.teams.inbound.graph_places import GraphPlace
from bot.domain.errors import PlatformBusy, PlatformError
from bot.domain.events import File
from bot.domain.turns import ChatMessage

MOST = 10  # files that Graph is asked about for one question
TROUBLES: Mapping[str, str] = {
    "403": "Switchboard may not read files here: an administrator has to consent to Files.Read.All, or to Sites.Selected "
    "for this team's site",
    "404": "it is not there any more, or Switchboard may not know of it",
    "410": "it is not there any more",
    "token": "Switchboard has no access to this organisation's files: an administrator has to consent to the app",
}
PICTURE = "Switchboard may not read pictures here: an owner of the team, or somebody in the chat, has to add the app anew"
PICTURES = {"401": PICTURE, "403": PICTURE, "404": PICTURE, "token": TROUBLES["token"]}
NOT_NOW = "it cannot be looked up just now: try again"
TOO_MANY = "more files than are looked up at once"


async def readable(
    graph: Graph, place: GraphPlace, said: ChatMessage, before: Sequence[ChatMessage]
) -> Mapping[str, File]:
    """What can be fetched of the files of a question and of what was said before it, and what cannot, by id."""
    pictures, unread = await _with_hosted_ids(graph, place, said)
    wanted = [(said.message, pictures.get(file.id, file)) for file in said.files]
    wanted += [(one.message, file) for one in reversed(before) for file in one.files]
    needy = [(message, file) for message, file in wanted if file.source.get("needs") in {SHARED, HOSTED}]
    async with asyncio.TaskGroup() as group:
        found = [
            group.create_task(_found(graph, place, message, file, unread)) for message, file in needy[:MOST]
        ]
    rest = [replace(file, trouble=TOO_MANY) for _, file in needy[MOST:]]
    return {file.id: file for file in [*(task.result() for task in found), *rest]}


async def _with_hosted_ids(
    graph: Graph, place: GraphPlace, said: ChatMessage
) -> tuple[Mapping[str, File], str]:
    """The pictures of a delivered message, whose ids among its hosted contents only Graph tells, and why it does not tell
    more.
    """
    lacking = [file for file in said.files if file.source.get("needs") == HOSTED and not _is_graphs(file)]
    if not lacking or not said.message:
        return {}, PICTURE
    try:
        content = read_graph_message(await graph.get(place.tenant, place.message(said.message)))
    except PlatformError as error:
        return {}, PICTURES.get(error.code, NOT_NOW)
    told = [file.source for file in content.files if _is_graphs(file)]
    found = {
        file.id: replace(file, source={**file.source, **source})
        for file, source in zip(lacking, told, strict=False)
    }
    return found, PICTURE


async def _found(graph: Graph, place: GraphPlace, message: str, file: File, unread: str) -> File:
    if file.source["needs"] == HOSTED:
        if not _is_graphs(file):
            return replace(file, trouble=unread)
        hosted = quote(unquote(file.source["hosted"]), safe="")
        return _fetched(file, place, f"{place.message(message)}/hostedContents/{hosted}/$value")
    item = f"/shares/{_share(file.source.get('share', ''))}/driveItem"
    try:
        told = await graph.get(place.tenant, f"{item}?$select=name,size,file")
    except PlatformBusy:
        told = {}
    except PlatformError as error:
        return replace(file, trouble=TROUBLES.get(error.code, file.trouble))
    return _described(_fetched(file, place, f"{item}/content"), told)


def _is_graphs(file: File) -> bool:
    """Whether the picture's address, and so the id in it, is one of Graph's."""
    return "/hostedContents/" in file.source.get("picture", "") and bool(file.source.get("hosted"))


def _fetched(file: File, place: GraphPlace, path: str) -> File:
    return replace(file, source={**file.source, "graph": path, "tenant": place.tenant}, trouble="")


def _described(file: File, item: Json) -> File:
    size, facet = item.get("size"), item.get("file")
    kind = facet.get("mimeType") if isinstance(facet, Mapping) else None
    return replace(
        file,
        size=size if isinstance(size, int) and size > 0 else file.size,
        media_type=kind if isinstance(kind, str) else file.media_type,
    )


def _share(address: str) -> str:
    """The token that stands for an address in SharePoint."""
    return "u!" + base64.urlsafe_b64encode(address.encode()).decode().rstrip("=")
