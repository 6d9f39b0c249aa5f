"""chat.startStream, appendStream, stopStream and the agent sessions: a stream's life, to the second and the byte."""

from typing import Any

from tests.slack.fake import blocks, chat
from tests.slack.fake.world import Channel, Json, Message, Refused, Slack, Stream, Team

TASK_STATES = ("pending", "in_progress", "complete", "error")
SESSION_STATES = ("active", "processing", "suspended", "closed")


def start(slack: Slack, team: Team, args: Json) -> Json:
    channel = chat.may_write(slack, team, args)
    root = args.get("thread_ts") or ""
    if channel.kind != "im":
        for key in ("recipient_team_id", "recipient_user_id"):
            if not args.get(key):
                raise Refused(f"missing_{key}")
    if root not in channel.messages:
        raise Refused("invalid_thread_ts" if root else "missing_thread_ts")
    message = Message(
        ts=slack.next_ts(),
        channel=channel.id,
        user=team.bot_user,
        bot_id=team.bot_id,
        thread_ts=root,
        unfurls=True,
        stream=Stream(began=slack.clock.now()),
    )
    add(slack, message, args)
    slack.put(message)
    return {"channel": channel.id, "ts": message.ts}


def append(slack: Slack, team: Team, args: Json) -> Json:
    message = running(slack, team, args)
    if not (args.get("markdown_text") or args.get("chunks")):
        raise Refused("no_text")
    add(slack, message, args)
    slack.changed(message)
    return {"channel": message.channel, "ts": message.ts}


def stop(slack: Slack, team: Team, args: Json) -> Json:
    message = running(slack, team, args)
    add(slack, message, args)
    more = args.get("blocks") or []
    blocks.check(more)
    message.blocks = more
    message.metadata = args.get("metadata") or message.metadata
    assert message.stream is not None
    message.stream.state = "stopped"
    status = args.get("session_status") or "active"
    if status not in SESSION_STATES:
        raise Refused("invalid_session_status")
    session = slack.channels[message.channel].sessions.get(message.thread_ts)
    if session:
        session["status"] = status
    slack.changed(message)
    return {"channel": message.channel, "ts": message.ts, "message": chat.shown(message)}


def running(slack: Slack, team: Team, args: Json) -> Message:
    message = chat.own(slack, team, args)
    stream = message.stream
    if stream and stream.state == "streaming" and slack.clock.now() - stream.began > slack.stream_life:
        stream.state = "expired"
    if stream is None or stream.state in ("stopped", "expired"):
        raise Refused("message_not_in_streaming_state")
    if stream.state == "stopped_by_user":
        raise Refused("stopped_by_user")
    return message


def add(slack: Slack, message: Message, args: Json) -> None:
    """Takes in text and chunks; what does not fit is refused whole."""
    stream = message.stream
    assert stream is not None
    text = args.get("markdown_text") or ""
    chunks = args.get("chunks") or []
    if text and chunks:
        raise Refused("invalid_arguments")
    if len(text) > blocks.MARKDOWN_TEXT:
        raise Refused("msg_too_long")
    parts = [{"type": "markdown_text", "text": text}] if text else chunks
    checked = [chunk(part) for part in parts]
    longer = stream.text + "".join(part["text"] for part in checked if part["type"] == "markdown_text")
    if longer != stream.text and (
        len(longer) > slack.stream_characters or len(longer.encode()) > slack.stream_bytes
    ):
        raise Refused("msg_too_long")
    stream.text = longer
    for part in checked:
        if part["type"] == "task_update":
            stream.tasks[part["id"]] = stream.tasks.get(part["id"], {}) | part
        elif part["type"] == "blocks":
            stream.blocks.extend(part["blocks"])
    if len(stream.blocks) > blocks.MESSAGE_BLOCKS:
        raise Refused("msg_blocks_too_many")


def chunk(part: Any) -> Json:
    if not isinstance(part, dict):
        raise Refused("invalid_chunks")
    match part.get("type"):
        case "markdown_text" if isinstance(part.get("text"), str):
            if len(part["text"]) > blocks.MARKDOWN_TEXT:
                raise Refused("msg_too_long")
        case "task_update" if part.get("id") and part.get("title") and part.get("status") in TASK_STATES:
            pass
        case "plan_update" if part.get("title"):
            pass
        case "blocks":
            blocks.check(part.get("blocks"))
        case _:
            raise Refused("invalid_chunks")
    return part


def set_status(slack: Slack, team: Team, args: Json) -> Json:
    channel, thread = session_place(slack, team, args)
    status = args.get("status")
    if status not in SESSION_STATES:
        raise Refused("invalid_status")
    session = channel.sessions.get(thread)
    if session is None:
        session = channel.sessions[thread] = {
            "title": args.get("title") or "",
            "initiator": args.get("initiator_user_id") or "",
        }
    session["status"] = status
    if status == "processing" and not team.stop_subscribed:
        return {"warning": "missing_agent_session_stopped_event_subscription"}
    return {}


def rename(slack: Slack, team: Team, args: Json) -> Json:
    channel, thread = session_place(slack, team, args)
    if not 1 <= len(args.get("title") or "") <= 200:
        raise Refused("invalid_title")
    if thread not in channel.sessions:
        raise Refused("session_not_found")
    channel.sessions[thread]["title"] = args["title"]
    return {}


def session_place(slack: Slack, team: Team, args: Json) -> tuple[Channel, str]:
    if not team.agent:
        raise Refused("not_allowed_token_type" if not args else "feature_not_enabled")
    channel = chat.inside(slack, team, args.get("channel_id") or "")
    thread = args.get("thread_ts") or ""
    if thread not in channel.messages:
        raise Refused("invalid_thread_ts" if thread else "missing_thread_ts")
    return channel, thread


def stop_by_person(slack: Slack, channel: str, thread: str) -> list[str]:
    """The native Stop: ends the running streams, tells which, and leaves the session's status alone."""
    stopped = []
    for message in slack.thread(channel, thread):
        if message.stream and message.stream.state == "streaming":
            message.stream.state = "stopped_by_user"
            stopped.append(message.ts)
    return stopped


METHODS = {
    "chat.startStream": start,
    "chat.appendStream": append,
    "chat.stopStream": stop,
    "agents.sessions.setStatus": set_status,
    "agents.sessions.rename": rename,
}
