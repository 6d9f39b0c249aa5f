"""auth.test, conversations.*, users.info, reactions.*, assistant.threads.*: the smaller methods."""

from tests.slack.fake import chat
from tests.slack.fake.world import Json, Refused, Slack, Team


def auth_test(slack: Slack, team: Team, args: Json) -> Json:
    return {
        "url": "https://fake.slack.example/",
        "team": team.id,
        "team_id": team.id,
        "user": "switchboard",
        "user_id": team.bot_user,
        "bot_id": team.bot_id,
        "enterprise_id": team.enterprise or None,
        "is_enterprise_install": team.org_wide,
    }


def page(slack: Slack, messages: list[Json], args: Json) -> Json:
    """One page of messages, with a cursor for the next."""
    size = min(int(args.get("limit") or 100), 15 if slack.commercial else 1000)
    start = int(args.get("cursor") or 0)
    rest = start + size < len(messages)
    return {
        "messages": messages[start : start + size],
        "has_more": rest,
        "response_metadata": {"next_cursor": str(start + size) if rest else ""},
    }


def with_metadata(args: Json) -> bool:
    return str(args.get("include_all_metadata")).lower() in ("true", "1")


def replies(slack: Slack, team: Team, args: Json) -> Json:
    channel = slack.channel_of(team.id, args.get("channel") or "")
    start = channel.messages.get(args.get("ts") or "")
    if start is None:
        raise Refused("thread_not_found")
    root = start.thread_ts or start.ts
    thread = slack.thread(channel.id, root) if start.ts == root else [start]
    oldest, latest = float(args.get("oldest") or 0), float(args.get("latest") or "inf")
    messages = []
    for message in thread:
        if message.ts != root and not oldest <= float(message.ts) <= latest:
            continue
        one = chat.shown(message, metadata=with_metadata(args))
        if message.ts == root and len(thread) > 1:
            one |= {"thread_ts": root, "reply_count": len(thread) - 1, "latest_reply": thread[-1].ts}
        messages.append(one)
    return page(slack, messages, args)


def history(slack: Slack, team: Team, args: Json) -> Json:
    channel = slack.channel_of(team.id, args.get("channel") or "")
    if not channel.bot_in:
        raise Refused("not_in_channel")
    oldest, latest = float(args.get("oldest") or 0), float(args.get("latest") or "inf")
    top = [
        chat.shown(message, metadata=with_metadata(args))
        for message in channel.messages.values()
        if not message.seen_by
        and message.thread_ts in ("", message.ts)
        and oldest <= float(message.ts) <= latest
    ]
    return page(slack, top[::-1], args)


def info(slack: Slack, team: Team, args: Json) -> Json:
    channel = slack.channel_of(team.id, args.get("channel") or "")
    kinds = {"is_im": "im", "is_mpim": "mpim", "is_group": "group", "is_channel": "channel"}
    return {
        "channel": {
            "id": channel.id,
            "name": channel.name or channel.id.lower(),
            "is_member": channel.bot_in,
            "is_archived": channel.archived,
            "is_private": channel.kind != "channel",
            **{key: channel.kind == kind for key, kind in kinds.items()},
        }
    }


def bot_info(slack: Slack, team: Team, args: Json) -> Json:
    app = slack.apps.get(args.get("bot") or "")
    if app is None:
        raise Refused("bot_not_found")
    return {"bot": app}


def user_groups(slack: Slack, team: Team, args: Json) -> Json:
    if team.org_wide and args.get("team_id") != team.id:
        raise Refused("missing_argument")
    return {"usergroups": list(slack.groups.values())}


def open_direct(slack: Slack, team: Team, args: Json) -> Json:
    user = args.get("users") or ""
    if user not in slack.people:
        raise Refused("user_not_found")
    return {"channel": {"id": slack.direct(team.id, user).id}}


def user_info(slack: Slack, team: Team, args: Json) -> Json:
    person = slack.people.get(args.get("user") or "")
    if person is None:
        raise Refused("user_not_found")
    return {"user": person}


def set_prompts(slack: Slack, team: Team, args: Json) -> Json:
    if not team.agent:
        raise Refused("feature_not_enabled")
    channel = slack.channel_of(team.id, args.get("channel_id") or "")
    prompts = args.get("prompts")
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= 4:
        raise Refused("invalid_arguments")
    if not all(isinstance(p, dict) and p.get("title") and p.get("message") for p in prompts):
        raise Refused("invalid_arguments")
    slack.prompts[channel.id, args.get("thread_ts") or ""] = {"title": args.get("title"), "prompts": prompts}
    return {}


def set_status(slack: Slack, team: Team, args: Json) -> Json:
    if not team.agent:
        raise Refused("feature_not_enabled")
    if len(args.get("loading_messages") or []) > 10:
        raise Refused("invalid_arguments")
    slack.channel_of(team.id, args.get("channel_id") or "")
    return {}


def react(slack: Slack, team: Team, args: Json) -> Json:
    channel = slack.channel_of(team.id, args.get("channel") or "")
    if (args.get("timestamp") or "") not in channel.messages:
        raise Refused("message_not_found")
    return {}


METHODS = {
    "auth.test": auth_test,
    "conversations.replies": replies,
    "conversations.history": history,
    "conversations.info": info,
    "conversations.open": open_direct,
    "users.info": user_info,
    "bots.info": bot_info,
    "usergroups.list": user_groups,
    "assistant.threads.setSuggestedPrompts": set_prompts,
    "assistant.threads.setStatus": set_status,
    "reactions.add": react,
    "reactions.remove": react,
}
