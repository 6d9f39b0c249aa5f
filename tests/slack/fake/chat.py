"""chat.postMessage, chat.update, chat.delete, chat.postEphemeral, and what a response_url accepts."""

from tests.slack.fake import blocks
from tests.slack.fake.world import Channel, Json, Message, Refused, Slack, Team


def content(args: Json, *, longest: int | None = None) -> Json:
    """The parts of a message in a call, within the limits. `longest`: of `text`; None cuts it at 40,000."""
    text, markdown, parts = args.get("text") or "", args.get("markdown_text") or "", args.get("blocks") or []
    if markdown and (text or parts):
        raise Refused("markdown_text_conflict")
    if not (text or markdown or parts or args.get("attachments")):
        raise Refused("no_text")
    if len(markdown) > blocks.MARKDOWN_TEXT or (longest is not None and len(text) > longest):
        raise Refused("msg_too_long")
    blocks.check(parts)
    metadata = args.get("metadata")
    if metadata is not None and not (
        metadata.get("event_type") and isinstance(metadata.get("event_payload"), dict)
    ):
        raise Refused("invalid_metadata_format")
    verbatim = args.get("parse") == "none"
    return {
        "text": text[:40_000],
        "markdown": markdown,
        "blocks": parts,
        "metadata": metadata,
        "verbatim": verbatim,
    }


def unfurls(args: Json) -> bool:
    return not (args.get("unfurl_links") is False and args.get("unfurl_media") is False)


def inside(slack: Slack, team: Team, id: str) -> Channel:
    """The place, if the bot is in it. What is private is not even known to exist by those who are not."""
    channel = slack.channel_of(team.id, id)
    if not channel.bot_in:
        raise Refused("not_in_channel" if channel.kind == "channel" else "channel_not_found")
    if channel.archived:
        raise Refused("is_archived")
    return channel


def may_write(slack: Slack, team: Team, args: Json) -> Channel:
    channel = inside(slack, team, args.get("channel") or "")
    if channel.refuses:
        raise Refused(channel.refuses)
    return channel


def own(slack: Slack, team: Team, args: Json) -> Message:
    channel = may_write(slack, team, args)
    message = channel.messages.get(args.get("ts") or "")
    if message is None or message.seen_by:
        raise Refused("message_not_found")
    if message.bot_id != team.bot_id:
        raise Refused("cant_update_message")
    return message


def shown(message: Message, *, metadata: bool = False) -> Json:
    """The message as the API returns it."""
    found: Json = {
        "type": "message",
        "ts": message.ts,
        "user": message.user,
        "text": message.text or message.markdown,
    }
    if message.bot_id:
        ours = message.bot_id.startswith("BBOT")
        found |= {"bot_id": message.bot_id, "app_id": "A1" if ours else f"A{message.bot_id}"}
    found |= message.extra
    for key in ("thread_ts", "blocks", "files", "client_msg_id"):
        if value := getattr(message, key):
            found[key] = value
    if message.stream:
        found["text"] = message.text or message.stream.text
    if metadata and message.metadata:
        found["metadata"] = message.metadata
    return found


def post_message(slack: Slack, team: Team, args: Json) -> Json:
    to = args.get("channel") or ""
    if to in slack.people:  # a person's id stands for the direct messages with them, here alone
        args = {**args, "channel": slack.direct(team.id, to).id}
    channel = may_write(slack, team, args)
    parts = content(args)
    root = args.get("thread_ts") or ""
    if root and root not in channel.messages:
        raise Refused("thread_not_found")
    key = args.get("client_msg_id") or ""
    for earlier in channel.messages.values():
        if key and earlier.client_msg_id == key:
            return {"channel": channel.id, "ts": earlier.ts, "message": shown(earlier)}
    message = slack.put(
        Message(
            ts=slack.next_ts(),
            channel=channel.id,
            user=team.bot_user,
            bot_id=team.bot_id,
            thread_ts=root,
            client_msg_id=key,
            unfurls=unfurls(args),
            **parts,
        )
    )
    return {"channel": channel.id, "ts": message.ts, "message": shown(message)}


def update(slack: Slack, team: Team, args: Json) -> Json:
    message = own(slack, team, args)
    if args.get("file_ids") and slack.unattached:
        raise Refused(slack.unattached)
    if message.stream and message.stream.state == "streaming":
        raise Refused("streaming_state_conflict")
    parts = content(args, longest=4000)
    message.text, message.markdown, message.blocks = parts["text"], parts["markdown"], parts["blocks"]
    message.metadata = parts["metadata"] or message.metadata
    message.unfurls, message.verbatim = message.unfurls and unfurls(args), parts["verbatim"]
    message.edited = slack.next_ts()
    if message.stream:
        message.stream.text, message.stream.tasks, message.stream.blocks = "", {}, []
    if args.get("file_ids"):
        message.files = [attached(slack, id) for id in str(args["file_ids"]).split(",")]
    slack.changed(message)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": shown(message)}


def attached(slack: Slack, id: str) -> Json:
    file = slack.files.get(id)
    if file is None or not file["data"]:
        raise Refused("file_not_found")
    return {key: file[key] for key in ("id", "name", "size", "mimetype")}


def delete(slack: Slack, team: Team, args: Json) -> Json:
    message = own(slack, team, args)
    del slack.channels[message.channel].messages[message.ts]
    return {"channel": message.channel, "ts": message.ts}


def post_ephemeral(slack: Slack, team: Team, args: Json) -> Json:
    channel = inside(slack, team, args.get("channel") or "")
    if args.get("user") not in slack.people or args["user"] in channel.absent:
        raise Refused("user_not_in_channel")
    message = slack.put(
        Message(
            ts=slack.next_ts(),
            channel=channel.id,
            user=team.bot_user,
            bot_id=team.bot_id,
            thread_ts=args.get("thread_ts") or "",
            seen_by=args["user"],
            **content(args),
        )
    )
    return {"message_ts": message.ts}


def respond(slack: Slack, token: str, args: Json) -> tuple[int, str]:
    """What a response_url does: five uses in thirty minutes; edits or deletes the message it belongs to."""
    place = slack.response_urls.get(token)
    if place is None or place["uses"] >= 5 or slack.clock.now() > place["until"]:
        return 404, "expired_url"
    place["uses"] += 1
    channel = slack.channels[place["channel"]]
    before = channel.messages.get(place["ts"])
    if args.get("delete_original"):
        channel.messages.pop(place["ts"], None)
        return 200, "ok"
    try:
        parts = content(args)
    except Refused as refused:
        return 400, refused.error
    if args.get("replace_original") and before:
        before.text, before.blocks = parts["text"], parts["blocks"]
        slack.changed(before)
        return 200, "ok"
    team = slack.teams[channel.team]
    everybody = args.get("response_type") == "in_channel"
    message = slack.put(
        Message(
            ts=slack.next_ts(),
            channel=channel.id,
            user=team.bot_user,
            bot_id=team.bot_id,
            thread_ts=place["thread"],
            seen_by="" if everybody else place["user"],
            unfurls=everybody and unfurls(args),
            **parts,
        )
    )
    place["ts"] = place["ts"] or message.ts
    return 200, "ok"


METHODS = {
    "chat.postMessage": post_message,
    "chat.update": update,
    "chat.delete": delete,
    "chat.postEphemeral": post_ephemeral,
}
