"""The HTTP face of the fake Bot Connector: what the bot calls to talk."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from tests.teams.faults import Faults
from tests.teams.issuer import Issuer
from tests.teams.rates import APP, REACTIONS, SENDS, Rates
from tests.teams.refusals import Refused, bad, gone
from tests.teams.rooms import ALICE, BOB, Room, Rooms
from tests.teams.rules import (
    CONSENT,
    INFO,
    SIGN_IN_CARD,
    as_shown,
    check_message,
    check_size,
    entities,
    in_copilot,
)
from tests.teams.streams import SILENCE, Stream, check_start

EDITS_REFUSED = 405
"""Microsoft documents that Copilot changes no message, and not with which status it says so."""
SOON = 15.0
"""Seconds in which Copilot wants to see something."""

NOT_INSTALLED = "ForbiddenOperationException"


def foreseeable(refused: Refused) -> bool:
    """Whether a well-behaved bot makes such a call too: it cannot know of a Stop, nor who has the app."""
    return "canceled" in refused.message or "personal scope" in refused.message


def check_named(activity: Mapping[str, Any], room: Room) -> None:
    """What a message is said to answer is there: a message, and a private one where the answer is shown under it."""
    for entity in entities(activity, "quotedReply"):
        if entity["quotedReply"]["messageId"] not in room.messages:
            raise bad("There is no such message to quote.")
    for entity in entities(activity, "targetedMessageInfo"):
        asked = room.messages.get(entity["messageId"])
        if asked is None or not (asked.activity.get("recipient") or {}).get("isTargeted"):
            raise bad("There is no such private message.")


@dataclass(kw_only=True)
class Call:
    """One request of the bot, as recorded: `sent` is the body, `status` what it was told."""

    at: float
    method: str
    path: str
    query: Mapping[str, str]
    sent: dict[str, Any]
    authorization: str
    line: object = None
    made: str = ""
    dropped: bool = False
    status: int = 0
    code: str = ""

    @property
    def stream(self) -> Mapping[str, Any]:
        found = entities(self.sent, "streaminfo")
        return found[0] if found else {}


@dataclass(kw_only=True)
class Place:
    """Where one call goes, taken apart."""

    room: Room
    root: str
    activity: str
    targeted: bool


@dataclass(kw_only=True)
class Connector:
    """Answers the bot's calls by the documented rules and records every one of them.

    `violations` lists the calls that a well-behaved bot would not have made, whatever they were answered. `installed`:
    the people who have the app in their personal scope, so that the bot may open a chat with them.
    """

    issuer: Issuer
    rooms: Rooms
    clock: Callable[[], float]
    faults: Faults = field(default_factory=Faults)
    calls: list[Call] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    quota: bool = True
    streaming: bool = True
    put_on_streams: bool = True
    extended: bool = True
    installed: set[str] = field(default_factory=lambda: {ALICE.id, BOB.id})
    latency: float = 0.0
    teams: Mapping[str, str] = field(default_factory=dict)  # Graph's id of a team by Teams' own
    connections: set[object] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.rates = Rates(self.clock)

    @property
    def unheard(self) -> int:
        """How many messages were posted, and never touched again, of which perhaps nobody learnt: the answer was
        dropped, or nothing more was ever said over that connection.
        """
        last = {call.line: call for call in self.calls}
        lost = {call.made for call in self.calls if call.dropped or last[call.line] is call}
        messages = [message for room in self.rooms.rooms.values() for message in room.said()]
        return sum(message.id in lost and len(message.versions) == 1 for message in messages)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.route("*", "/emea/v3/{rest:.*}", self.handle),
            web.route("*", "/v3/{rest:.*}", self.handle),
        ]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            self.connections.add(request.transport.get_extra_info("peername"))
        raw = await request.read()
        call = Call(
            at=self.clock(),
            method=request.method,
            path=request.raw_path,
            query=dict(request.query),
            sent=json.loads(raw) if raw else {},
            authorization=request.headers.get("Authorization", ""),
            line=request.transport and request.transport.get_extra_info("peername"),
        )
        self.calls.append(call)
        response = await self._faulty(request, call)
        call.status = response.status
        return response

    async def _faulty(self, request: web.Request, call: Call) -> web.StreamResponse:
        fault = await self.faults.next(call.method, call.sent)
        if fault and not fault.carried:
            return await self.faults.strike(fault, request)
        try:
            response = await self._answer(call)
        except Refused as refused:
            call.code = refused.code
            if refused.status not in {401, 404, 412} and not foreseeable(refused):
                self.violations.append(f"{refused.status} {refused.code}: {refused.message}")
            response = refused.response()
        if fault:
            call.dropped = True
            self.faults.dropped.append(f"{call.method} {call.stream.get('streamType', '')}".strip())
            return await self.faults.strike(fault, request)
        return response

    async def _answer(self, call: Call) -> web.Response:
        if not self.issuer.valid(call.authorization):
            raise Refused(401, "AuthorizationError", "Authorization has been denied for this request.")
        if self.quota:
            self.rates.count("app", APP)
        if call.method == "GET" and "/v3/teams/" in call.path:
            return self._team(unquote(call.path.partition("/v3/teams/")[2]))
        parts = call.path.partition("?")[0].partition("/v3/conversations")[2].strip("/").split("/")
        names = [unquote(part) for part in parts]
        match names, call.method:
            case [conversation, "activities"] | [conversation, "activities", _], "POST":
                return await self._write(call, conversation, "", self._post)
            case [conversation, "activities", activity], "PUT":
                return await self._write(call, conversation, activity, self._put)
            case [conversation, "activities", activity], "DELETE":
                return await self._write(call, conversation, activity, self._delete)
        return self._other(call, names)

    def _other(self, call: Call, names: list[str]) -> web.Response:
        match names, call.method:
            case [""], "POST":
                return self._create(call)
            case [conversation, "activities", activity, "reactions", _], "PUT" | "DELETE":
                return self._react(conversation, activity)
            case [conversation, "members", member], "GET":
                return self._member(conversation, member)
            case [conversation, "pagedmembers"], "GET":
                room, _ = self.rooms.find(conversation)
                members = [{"id": one.id, "name": one.name} for one in room.members]
                return web.json_response({"members": members})
        raise gone("ConversationNotFound")

    async def _write(
        self,
        call: Call,
        conversation: str,
        activity: str,
        act: Callable[[Call, Place], Awaitable[web.Response]],
    ) -> web.Response:
        room, root = self.rooms.find(conversation)
        if self.quota:
            self.rates.count(conversation, SENDS)
        if room.writing:
            raise Refused(412, "PreconditionFailed", "Another operation on this conversation is under way.")
        room.writing += 1
        await asyncio.sleep(self.latency)
        targeted = call.query.get("isTargetedActivity") == "true"
        try:
            self._refuse(room, call, targeted=targeted)
            return await act(call, Place(room=room, root=root, activity=activity, targeted=targeted))
        finally:
            room.writing -= 1

    def _refuse(self, room: Room, call: Call, *, targeted: bool) -> None:
        """What a place refuses whatever is in it, and what Copilot's users run into."""
        if room.edits_refused and call.method == "PUT":
            raise Refused(room.edits_refused, "ServiceError", "Messages cannot be changed here.")
        if room.copilot and call.method in {"PUT", "DELETE"}:
            raise Refused(EDITS_REFUSED, "MethodNotAllowed", "Messages cannot be changed here.")
        if room.copilot and targeted:
            raise bad("There are no targeted messages in Copilot.")
        if room.copilot and room.asked is not None and self.clock() - room.asked > SOON:
            self.violations.append("nothing was shown in Copilot for 15 seconds")
            room.asked = None

    async def _post(self, call: Call, place: Place) -> web.Response:
        activity = call.sent
        if call.stream:
            return self._stream(activity, call.stream, place)
        if activity.get("type") == "typing":
            return web.json_response({"id": self.rooms.new_id()}, status=201)
        if activity.get("type") != "message":
            raise bad("Bots post messages and typing.")
        check_size(activity)
        check_message(activity, extended=self.extended)
        kinds = {one.get("contentType") for one in activity.get("attachments") or ()}
        if SIGN_IN_CARD in kinds and (place.room.kind != "personal" or place.room.copilot):
            raise bad("An OAuth card is for one person: in a chat with the bot alone.")
        if activity.get("text") and activity.get("attachments"):
            self.violations.append("text and attachment in one message: Teams splits it and returns no id")
            self.rooms.posted(place.room, activity, place.root)
            return web.json_response({}, status=201)
        kinds = {one.get("contentType") for one in activity.get("attachments") or ()}
        if kinds & {CONSENT, INFO} and (place.room.kind != "personal" or place.room.copilot):
            raise bad("Files of bots are for one-to-one chats.")
        recipient = self._recipient(activity, place) if place.targeted else ""
        check_named(activity, place.room)
        shown = in_copilot(activity) if place.room.copilot else activity
        message = self.rooms.posted(place.room, shown, place.root, targeted=recipient)
        call.made = message.id
        return web.json_response({"id": message.id}, status=201)

    def _recipient(self, activity: Mapping[str, Any], place: Place) -> str:
        if place.room.kind == "personal":
            raise bad("Targeted messages are for group chats and channels.")
        recipient = str((activity.get("recipient") or {}).get("id", ""))
        if not recipient:
            raise bad("A targeted message needs a recipient.", "MissingProperty")
        if all(recipient != member.id for member in place.room.members):
            raise gone("MemberNotFoundInConversation")
        return recipient

    def _stream(self, activity: Mapping[str, Any], info: Mapping[str, Any], place: Place) -> web.Response:
        room, now = place.room, self.clock()
        if room.kind != "personal":
            flat = len(self.calls) % 2 == 0
            raise Refused(405, "BadArgument", "Streaming is for one-to-one chats.", flat=flat)
        if not self.streaming:
            raise Refused(403, "ContentStreamNotAllowed", "Content stream is not allowed.")
        if info.get("streamId"):
            stream = room.streams.get(str(info["streamId"]))
            if stream is None:
                raise bad("There is no such stream.")
            if not stream.take(activity, info, now, quota=self.quota, extended=self.extended):
                self.violations.append("a stream update out of sequence")
                code = "ContentStreamSequenceOrderPreConditionFailed"
                return web.json_response({"error": {"code": code, "message": "dropped"}}, status=202)
            if stream.done and not stream.hidden:
                shown = {key: value for key, value in activity.items() if key != "suggestedActions"}
                self.rooms.posted(
                    room, in_copilot(shown) if room.copilot else shown, place.root, known=stream.id
                )
            return web.json_response({}, status=202) if stream.sequence % 2 else web.Response(status=202)
        return self._started(activity, info, room)

    def _started(self, activity: Mapping[str, Any], info: Mapping[str, Any], room: Room) -> web.Response:
        now = self.clock()
        check_start(activity, info)
        if any(stream.open(now) for stream in room.streams.values()):
            raise Refused(403, "ContentStreamNotAllowed", "A second content stream is not allowed.")
        first = Stream(id=self.rooms.new_id(), started=now, last=now)
        first.requests.append((now, str(info["streamType"])))
        if room.copilot:
            first.silence, first.hidden = SILENCE, info["streamType"] != "informative"
        if not first.hidden:
            room.asked = None
        if info["streamType"] == "streaming":
            first.text, first.content = str(activity["text"]), True
        else:
            first.told = str(activity["text"])
        room.streams[first.id] = first
        return web.json_response({"id": first.id}, status=201)

    async def _put(self, call: Call, place: Place) -> web.Response:
        activity, now = call.sent, self.clock()
        if call.stream or activity.get("type") != "message":
            raise bad("An edit is a message without streaminfo.")
        if place.targeted and activity.get("recipient"):
            raise bad("An edit of a targeted message must not name a recipient.")
        check_size(activity)
        check_message(activity, extended=self.extended)
        stream = place.room.streams.get(place.activity)
        if stream and not self.put_on_streams:
            raise gone()
        if stream and place.activity not in place.room.messages:
            stream.done = True
            self.rooms.posted(place.room, as_shown({}, activity), place.root, known=stream.id)
        message = place.room.own(place.activity, now, targeted=place.targeted)
        check_named(activity, place.room)
        message.activity = as_shown(message.versions[0], activity)
        message.versions.append(activity)
        return web.json_response({"id": message.id})

    async def _delete(self, call: Call, place: Place) -> web.Response:
        place.room.own(place.activity, self.clock(), targeted=place.targeted).deleted = True
        return web.Response(status=200)

    def _react(self, conversation: str, activity: str) -> web.Response:
        room, _ = self.rooms.find(conversation)
        if activity not in room.messages:
            raise gone()
        self.rates.count("reactions", REACTIONS)
        return web.Response(status=200)

    def _member(self, conversation: str, member: str) -> web.Response:
        room, _ = self.rooms.find(conversation)
        for one in room.members:
            if member in {one.id, one.aad}:
                told = {"id": one.id, "name": one.name, "aadObjectId": one.aad, "userRole": one.role}
                return web.json_response(told)
        raise gone("MemberNotFoundInConversation")

    def _team(self, team: str) -> web.Response:
        if team not in self.teams:
            raise gone("TeamNotFound")
        return web.json_response({"id": team, "name": "Sales", "aadGroupId": self.teams[team]})

    def _create(self, call: Call) -> web.Response:
        members = call.sent.get("members") or []
        if call.sent.get("isGroup") or len(members) != 1:
            raise bad("A one-to-one chat has one member.", "BadSyntax")
        if not ((call.sent.get("channelData") or {}).get("tenant") or {}).get("id"):
            raise bad("A chat is created in a tenant.", "BadSyntax")
        if members[0]["id"] not in self.installed:
            raise Refused(403, NOT_INSTALLED, "Bot is not installed in user's personal scope")
        room = self.rooms.open(f"a:{members[0]['id']}", "personal")
        body = {"id": room.id}
        if call.sent.get("activity"):
            body["activityId"] = self.rooms.posted(room, call.sent["activity"], "").id
        return web.json_response(body, status=201)
