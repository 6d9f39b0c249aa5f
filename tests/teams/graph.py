"""Microsoft Graph as the bot may read it: messages of teams and chats that granted it, shared files, pasted pictures.

Sources: Microsoft Learn, Graph, "List channel message replies", "List messages in a chat", "Access shared items", "Get
chatMessageHostedContent", "Microsoft Graph throttling guidance". Resource-specific consent counts in the team or chat alone.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from tests.teams.issuer import Issuer
from tests.teams.rooms import BOT, Message, Person, Room, Rooms

LARGEST_PAGE = 50
ORDERS = {"", "createdDateTime desc", "lastModifiedDateTime desc"}


class GraphRefusal(Exception):
    def __init__(self, status: int, code: str, text: str = "") -> None:
        super().__init__(text or code)
        self.status = status
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request of the bot: the path with its query, and what it was told."""

    path: str
    tenant: str
    status: int


@dataclass(kw_only=True)
class FakeGraph:
    """`granted` are conversations whose team or chat consented, `shared` what lies in SharePoint by its address, and
    `files` whether an administrator consented to those. `refusals` meet the next requests: status and Retry-After.
    """

    issuer: Issuer
    rooms: Rooms
    tenant: str
    url: str = ""
    download_url: str = ""
    groups: dict[str, str] = field(default_factory=dict)  # Graph's id of a team by Teams' own
    granted: set[str] = field(default_factory=set)
    files: bool = False
    shared: dict[str, tuple[str, int, str]] = field(default_factory=dict)  # name, size and type by address
    hosted: dict[str, bytes] = field(default_factory=dict)
    refusals: list[tuple[int, str]] = field(default_factory=list)
    oldest_first: bool = False  # the order of replies, which is not promised
    page: int = LARGEST_PAGE
    strange_link: str = ""  # where the next page is said to be
    asked: list[Asked] = field(default_factory=list)

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/v1.0/{rest:.*}", self._handle)]

    async def _handle(self, request: web.Request) -> web.Response:
        granted = self.issuer.bearer(request.headers.get("Authorization", ""))
        tenant = granted.tenant if granted and granted.audience == self.url else ""
        try:
            response = self._answer(request, tenant)
        except GraphRefusal as refusal:
            body = {"error": {"code": refusal.code, "message": str(refusal)}}
            response = web.json_response(body, status=refusal.status)
        self.asked.append(
            Asked(path=request.path_qs.removeprefix("/v1.0"), tenant=tenant, status=response.status)
        )
        return response

    def _answer(self, request: web.Request, tenant: str) -> web.Response:
        if self.refusals:
            status, after = self.refusals.pop(0)
            return web.json_response(
                {"error": {"code": "TooManyRequests"}},
                status=status,
                headers={"Retry-After": after} if after else {},
            )
        if tenant != self.tenant:
            raise GraphRefusal(401, "InvalidAuthenticationToken")
        match request.match_info["rest"].split("/"):
            case ["teams", group, "channels", channel, "messages", *rest]:
                return self._messages(request, self._channel(group, channel), rest)
            case ["chats", chat, "messages", *rest]:
                return self._messages(request, self._room(chat, "groupChat"), rest)
            case ["shares", token, "driveItem", *rest]:
                return self._share(token, rest)
        raise GraphRefusal(404, "ResourceNotFound")

    def _channel(self, group: str, channel: str) -> Room:
        if group not in self.groups.values():
            raise GraphRefusal(404, "NotFound", "No team found with Group Id")
        return self._room(channel, "channel")

    def _room(self, id: str, kind: str) -> Room:
        room = self.rooms.rooms.get(id)
        if room is None or room.kind != kind:
            raise GraphRefusal(404, "NotFound")
        if id not in self.granted:
            raise GraphRefusal(403, "Forbidden", "Missing role permissions on the request.")
        return room

    def _messages(self, request: web.Request, room: Room, rest: Sequence[str]) -> web.Response:
        match rest:
            case []:
                if room.kind == "channel":  # needs a permission that no team can grant
                    raise GraphRefusal(403, "Forbidden")
                return self._listed(request, list(room.messages.values()), room, oldest_first=False)
            case [root, "replies"] if room.kind == "channel":
                replies = [one for one in room.messages.values() if one.root == root and one.id != root]
                return self._listed(request, replies, room, oldest_first=self.oldest_first)
            case [id] | [_, "replies", id]:
                return web.json_response(self._shown(self._message(room, id), room))
            case [id, "hostedContents", hosted, "$value"] | [
                _,
                "replies",
                id,
                "hostedContents",
                hosted,
                "$value",
            ]:
                self._message(room, id)
                if hosted not in self.hosted:
                    raise GraphRefusal(404, "NotFound")
                return web.Response(body=self.hosted[hosted], content_type="image/png")
        raise GraphRefusal(404, "NotFound")

    def _message(self, room: Room, id: str) -> Message:
        if id not in room.messages:
            raise GraphRefusal(404, "NotFound")
        return room.messages[id]

    def _listed(
        self, request: web.Request, messages: list[Message], room: Room, *, oldest_first: bool
    ) -> web.Response:
        top, order = int(request.query.get("$top", "20")), request.query.get("$orderby", "")
        if top > LARGEST_PAGE or order not in ORDERS or (order and room.kind == "channel"):
            raise GraphRefusal(400, "BadRequest", "The query is not supported.")
        shown = sorted((self._shown(one, room) for one in messages), key=created, reverse=not oldest_first)
        start, size = int(request.query.get("$skiptoken", "0")), min(top, self.page)
        body: dict[str, Any] = {"value": shown[start : start + size]}
        if start + size < len(shown):
            query = {**request.query, "$skiptoken": str(start + size)}
            link = "&".join(f"{name}={value.replace(' ', '%20')}" for name, value in query.items())
            body["@odata.nextLink"] = self.strange_link or f"{self.url}{request.rel_url.raw_path}?{link}"
        return web.json_response(body)

    def _share(self, token: str, rest: Sequence[str]) -> web.Response:
        if not self.files:
            raise GraphRefusal(403, "accessDenied", "Access denied")
        encoded = token.removeprefix("u!")
        address = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
        if not token.startswith("u!") or encoded.endswith("=") or address not in self.shared:
            raise GraphRefusal(404, "itemNotFound")
        name, size, kind = self.shared[address]
        if rest == ["content"]:
            return web.Response(status=302, headers={"Location": f"{self.download_url}/download/{name}"})
        return web.json_response({"name": name, "size": size, "file": {"mimeType": kind}})

    def _shown(self, message: Message, room: Room) -> dict[str, Any]:
        """A message as a chatMessage."""
        activity = message.activity
        sender: dict[str, Any] = {
            "user": None,
            "application": {"id": self.issuer.app_id, "displayName": "Bot"},
        }
        if message.author != BOT:
            person = next((one for one in room.members if one.id == message.author), None)
            sender = {"application": None, "user": _user(person)}
        attachments = [
            one for one in activity.get("attachments") or () if one.get("contentType") != "text/html"
        ]
        html = _html(activity)
        for number, picture in enumerate(re.findall(r"<img [^>]*AMSImage[^>]*>", html), start=1):
            address = f"{self.url}/v1.0/messages/{message.id}/hostedContents/h{message.id}-{number}/$value"
            html = html.replace(picture, f'<img src="{address}" alt="image">', 1)
        return {
            "id": message.id,
            "replyToId": message.root if message.root != message.id else None,
            "messageType": activity.get("messageType", "message"),
            "createdDateTime": str(activity.get("timestamp", "")).replace("+00:00", "Z"),
            "deletedDateTime": "2026-11-23T10:00:00Z" if message.deleted else None,
            "subject": None,
            "from": sender if activity.get("messageType", "message") == "message" else None,
            "body": {"contentType": "html", "content": "" if message.deleted else html},
            "attachments": attachments,
            "mentions": [],
        }


def created(message: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(message["createdDateTime"] or "2026-01-01T00:00:00Z")


def _user(person: Person | None) -> dict[str, Any] | None:
    return {"id": person.aad, "displayName": person.name or None} if person else None


def _html(activity: Mapping[str, Any]) -> str:
    found = [one for one in activity.get("attachments") or () if one.get("contentType") == "text/html"]
    return str(found[0]["content"]) if found else str(activity.get("text") or "")
