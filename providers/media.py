"""Images and documents in requests: base64 in the request itself, never a URL to fetch."""

from bot.domain.prompt import FilePart, ImagePart
from providers.request_body import Base64File


def encoded(part: ImagePart | FilePart) -> Base64File:
    return Base64File(data=part.data)


def data_url(part: ImagePart | FilePart) -> Base64File:
    return Base64File(data=part.data, prefix=f"data:{part.media_type};base64,")
