"""The parts of an Office file: a zip archive of XML, opened within limits.

No part is read that says it is larger than what may be held: a bomb ends there. No XML is read that declares a
document type, which is what entities, external ones too, need; Office never writes one.
"""

import io
import posixpath
import zipfile
from collections.abc import Mapping
from xml.etree import ElementTree
from xml.parsers import expat

from bot.files.limits import DAMAGED, PROTECTED, TOO_LARGE, Unreadable

PART = 32 << 20  # bytes of one part
ENTRIES = 10_000
CHUNK = 1 << 12
RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


class Archive:
    """Raises Unreadable for what is no archive, has too much in it, or is not what it should be."""

    def __init__(self, data: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise Unreadable(DAMAGED) from error
        self.names = frozenset(self._zip.namelist())
        if len(self.names) > ENTRIES:
            raise Unreadable(TOO_LARGE)
        if any(info.flag_bits & 1 for info in self._zip.infolist()):
            raise Unreadable(PROTECTED)

    def check(self, prefix: str, most: int) -> None:
        """For a library that opens the parts itself: none is a bomb, and none declares a document type."""
        parts = [one for one in self._zip.infolist() if one.filename.startswith(prefix)]
        texts = [one for one in parts if one.filename.endswith((".xml", ".rels"))]
        if sum(one.file_size for one in texts) > most:
            raise Unreadable(TOO_LARGE)
        for one in texts:
            self._check_beginning(one.filename)

    def xml(self, name: str) -> ElementTree.Element:
        if self._zip.getinfo(name).file_size > PART:
            raise Unreadable(TOO_LARGE)
        self._check_beginning(name)
        return ElementTree.fromstring(self._zip.read(name))  # noqa: S314 - without a document type it is harmless

    def optional(self, name: str) -> ElementTree.Element | None:
        return self.xml(name) if name in self.names else None

    def relations(self, name: str) -> Mapping[str, tuple[str, str]]:
        """Where a part points to: (the kind's last word, the part's name or an address) by id."""
        folder, file = posixpath.split(name)
        found = self.optional(f"{folder}/_rels/{file}.rels")
        if found is None:
            return {}
        return {one.get("Id", ""): _target(one, folder) for one in found.iter(RELATION)}

    def _check_beginning(self, name: str) -> None:
        """Reads until the first element: a document type can only stand before it."""
        begun: list[str] = []
        parser = expat.ParserCreate()
        parser.StartElementHandler = lambda tag, attributes: begun.append(tag)
        parser.StartDoctypeDeclHandler = _refuse
        with self._zip.open(name) as part:
            while not begun and (chunk := part.read(CHUNK)):
                parser.Parse(chunk)


def _refuse(*declared: object) -> None:
    raise Unreadable("it declares an XML document type, which no Office program writes")


def _target(relation: ElementTree.Element, folder: str) -> tuple[str, str]:
    kind = relation.get("Type", "").rpartition("/")[2]
    target = relation.get("Target", "")
    if relation.get("TargetMode") == "External":
        return kind, target
    return kind, posixpath.normpath(posixpath.join(folder, target)).lstrip("/")
