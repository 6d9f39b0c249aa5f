"""Files: the three-step upload, files.info, and downloads that show a login page to those without a token."""

from tests.slack.fake import chat
from tests.slack.fake.world import Json, Message, Refused, Slack, Team, Token

SNIPPETS = frozenset(
    [
        "text",
        "c",
        "cpp",
        "css",
        "csv",
        "go",
        "html",
        "java",
        "javascript",
        "json",
        "latex",
        "markdown",
        "python",
        "rust",
        "shell",
        "sql",
        "tsv",
        "typescript",
        "xml",
        "yaml",
    ]
)
"""Of Slack's kinds of snippets."""


def get_upload_url(slack: Slack, team: Team, args: Json) -> Json:
    if not args.get("filename") or int(args.get("length") or 0) <= 0:
        raise Refused("invalid_arguments")
    if refusal := slack.file_refusals.get(args["filename"]):
        raise Refused(refusal)
    snippet = str(args.get("snippet_type") or "")
    if snippet and (snippet not in SNIPPETS or int(args["length"]) > 1024 * 1024):
        raise Refused("invalid_arguments")
    if any(sign in args["filename"] for sign in "/\\\n\r\0"):
        raise Refused("invalid_arguments")
    id = f"F{len(slack.files) + 1:03d}"
    slack.files[id] = {
        "id": id,
        "name": args["filename"],
        "size": int(args["length"]),
        "team": team.id,
        "data": b"",
        "mimetype": "text/plain",
        "mode": "snippet" if snippet else "hosted",
        "snippet_type": snippet,
    }
    slack.uploads[id] = {"open": True}
    return {"file_id": id, "upload_url": f"{{origin}}/upload/{id}"}


def take_bytes(slack: Slack, id: str, data: bytes) -> int:
    """The raw upload; the HTTP status."""
    if (
        slack.broken_uploads
        or not slack.uploads.get(id, {}).get("open")
        or len(data) != slack.files[id]["size"]
    ):
        return 400
    slack.files[id]["data"] = data
    return 200


def complete_upload(slack: Slack, team: Team, args: Json) -> Json:
    wanted = args.get("files")
    if not isinstance(wanted, list) or not wanted:
        raise Refused("invalid_arguments")
    files = []
    for one in wanted:
        file = slack.files.get(one.get("id") or "")
        if file is None or not file["data"]:
            raise Refused("file_not_found")
        slack.uploads[file["id"]]["open"] = False
        files.append({"id": file["id"], "title": one.get("title") or file["name"], "name": file["name"]})
    if args.get("channel_id"):
        channel = chat.may_write(slack, team, {"channel": args["channel_id"]})
        slack.put(
            Message(
                ts=slack.next_ts(),
                channel=channel.id,
                user=team.bot_user,
                bot_id=team.bot_id,
                thread_ts=args.get("thread_ts") or "",
                text=args.get("initial_comment") or "",
                files=files,
            )
        )
    return {"files": files}


def file_info(slack: Slack, team: Team, args: Json) -> Json:
    file = slack.files.get(args.get("file") or "")
    if file is None or file["team"] != team.id:
        raise Refused("file_not_found")
    return {"file": public(file)}


def public(file: Json) -> Json:
    """A file object as events and files.info carry it."""
    address = f"{{origin}}/files-pri/{file['team']}-{file['id']}/{file['name']}"
    return {
        "id": file["id"],
        "name": file["name"],
        "mimetype": file["mimetype"],
        "filetype": file["name"].rsplit(".", 1)[-1],
        "size": file["size"],
        "url_private": address,
        "url_private_download": f"{address}?download=1",
    }


def download(slack: Slack, id: str, token: Token | None) -> tuple[str, bytes]:
    """(content type, bytes): HTML with status 200 when the token may not read files, as the real one does."""
    file = slack.files.get(id)
    if file is None or token is None or "files:read" not in token.scopes or token.team != file["team"]:
        return "text/html", b"<!DOCTYPE html><title>Sign in</title>"
    return file["mimetype"], file["data"]


METHODS = {
    "files.getUploadURLExternal": get_upload_url,
    "files.completeUploadExternal": complete_upload,
    "files.info": file_info,
}
