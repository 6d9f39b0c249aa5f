"""views.open, views.update and views.publish: single-use triggers, hashes, limits."""

import uuid

from tests.slack.fake import blocks
from tests.slack.fake.world import Json, Refused, Slack, Team


def check(view: Json, kind: str) -> None:
    if not isinstance(view, dict) or view.get("type") != kind:
        raise Refused("invalid_arguments")
    blocks.check(view.get("blocks"), surface="view")
    for key in ("title", "submit", "close"):
        if key in view:
            blocks.text_object(view[key], 24)
    if kind == "modal" and "title" not in view:
        raise Refused("invalid_arguments")
    if len(view.get("private_metadata", "")) > 3000 or len(view.get("callback_id", "")) > 255:
        raise Refused("invalid_arguments")


def keep(slack: Slack, view: Json) -> Json:
    id = view.get("id") or f"V{len(slack.views) + 1:03d}"
    slack.views[id] = view | {"id": id, "hash": uuid.UUID(int=slack.random.getrandbits(128)).hex}
    return slack.views[id]


def open_view(slack: Slack, team: Team, args: Json) -> Json:
    until = slack.triggers.pop(args.get("trigger_id") or "", None)
    if until is None:
        raise Refused("exchanged_trigger_id")
    if slack.clock.now() > until:
        raise Refused("expired_trigger_id")
    check(args.get("view") or {}, "modal")
    return {"view": keep(slack, args["view"])}


def update_view(slack: Slack, team: Team, args: Json) -> Json:
    before = slack.views.get(args.get("view_id") or "")
    if before is None:
        raise Refused("not_found")
    if args.get("hash") and args["hash"] != before["hash"]:
        raise Refused("hash_conflict")
    check(args.get("view") or {}, "modal")
    return {"view": keep(slack, args["view"] | {"id": before["id"]})}


def publish(slack: Slack, team: Team, args: Json) -> Json:
    user = args.get("user_id") or ""
    if user not in slack.people:
        raise Refused("user_not_found")
    before = slack.homes.get((team.id, user))
    if args.get("hash") and (before is None or args["hash"] != before["hash"]):
        raise Refused("hash_conflict")
    check(args.get("view") or {}, "home")
    slack.homes[team.id, user] = keep(slack, args["view"])
    return {"view": slack.homes[team.id, user]}


METHODS = {"views.open": open_view, "views.update": update_view, "views.publish": publish}
