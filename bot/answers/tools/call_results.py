"""What a tool server answered, cut to what is bearable: the JSON of `tools/call` as a ToolResult. Pure."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.domain.formatting import clean_name, clip, cut_between_words, strip_controls, whole
from bot.domain.tools import CallEnd, ToolFile, ToolResult

TEXT_SIGNS = 100_000
FILE_BYTES = 8 * 1024 * 1024  # of all files of one call
FILES = 8
BLOCKS = 1_000
ENDINGS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
    "application/pdf": "pdf",
    "text/csv": "csv",
}


def call_result(answer: Mapping[str, Any]) -> ToolResult:
    """`answer`: `content`, `structuredContent` and `isError` of a result, each as JSON has it."""
    read = _Reading()
    blocks = answer.get("content") or []
    for block in blocks[:BLOCKS]:
        read.take(block)
    if len(blocks) > BLOCKS:
        read.texts.append(f"[{len(blocks) - BLOCKS} more parts were left out]")
    structured = answer.get("structuredContent")
    if structured is not None and not _said(structured, read.texts):
        read.texts.append(json.dumps(structured, ensure_ascii=False))
    end = CallEnd.FAILED if answer.get("isError") else CallEnd.DONE
    text = bearable("\n".join(read.texts))
    return ToolResult(text=text or _nothing(end, read.files), end=end, files=tuple(read.files))


def bearable(text: str, limit: int = TEXT_SIGNS) -> str:
    """Somebody else's text without what drives a terminal, cut with a note."""
    clean = whole(strip_controls(text[: 2 * limit])).strip()
    if len(clean) <= limit and len(text) <= 2 * limit:
        return clean
    return f"{cut_between_words(clean, limit)}\n[cut here: {len(text):,} characters are too many]"


@dataclass
class _Reading:
    """The blocks as far as they are read."""

    texts: list[str] = field(default_factory=list)
    files: list[ToolFile] = field(default_factory=list)
    _bytes: int = 0

    def take(self, block: Mapping[str, Any]) -> None:
        match block.get("type"):
            case "text":
                self.texts.append(str(block.get("text", "")))
            case "image" | "audio" as kind:
                self._file(kind, block.get("data"), block.get("mimeType"))
            case "resource_link":
                self.texts.append(f"[a link to: {clip(strip_controls(str(block.get('name') or 'a file')))}]")
            case "resource":
                self._resource(block.get("resource") or {})
            case _:
                self.texts.append("[something that cannot be shown]")

    def _resource(self, resource: Mapping[str, Any]) -> None:
        if isinstance(text := resource.get("text"), str):
            self.texts.append(text)
        else:
            name = str(resource.get("uri") or "").split("?")[0].rstrip("/").rpartition("/")[2]
            self._file(name or "file", resource.get("blob"), resource.get("mimeType"))

    def _file(self, name: str, data: Any, media_type: Any) -> None:
        kind = clean_name(str(media_type or "application/octet-stream"), 80).lower()
        name = clean_name(name, 80).replace("/", "_") or "file"
        if "." not in name and kind in ENDINGS:
            name = f"{name}-{len(self.files) + 1}.{ENDINGS[kind]}"
        size = len(data) * 3 // 4 if isinstance(data, str) else 0
        if len(self.files) >= FILES or self._bytes + size > FILE_BYTES:
            self.texts.append(f"[the file {name} was left out: too many or too large]")
            return
        try:
            content = base64.b64decode(str(data or ""), validate=True)
        except (binascii.Error, ValueError):
            content = b""
        if not content:
            self.texts.append(f"[the file {name} was left out: it is empty or broken]")
            return
        self._bytes += len(content)
        self.files.append(ToolFile(name=name, media_type=kind, data=content))


def _said(structured: Any, texts: Sequence[str]) -> bool:
    """Whether the texts say the same: most servers repeat what is structured as text, in one part or one part each."""
    inner = (
        structured["result"] if isinstance(structured, dict) and set(structured) == {"result"} else structured
    )
    told = [_value(text) for text in texts]
    return any(
        form in (told, *told) or form == list(texts) or form in texts for form in _forms(structured, inner)
    )


def _forms(structured: Any, inner: Any) -> Iterator[Any]:
    yield structured
    yield inner
    if isinstance(inner, str | int | float):
        yield str(inner)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _nothing(end: CallEnd, files: Sequence[ToolFile]) -> str:
    if files:
        return f"[{len(files)} files]" if len(files) > 1 else "[1 file]"
    return "It failed and did not say why." if end is CallEnd.FAILED else "It ran and gave nothing back."
