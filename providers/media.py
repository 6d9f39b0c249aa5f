"""Images and documents in requests: base64 in the request itself, never a URL to fetch."""

from base64 import b64encode

from bot.domain.prompt import FilePart, ImagePart


def encoded(part: ImagePart | FilePart) -> str:
    return b64encode(part.data).decode("ascii")


def data_url(part: ImagePart | FilePart) -> str:
    return f"data:{part.media_type};base64,{encoded(part)}"
