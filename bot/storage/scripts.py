"""The Lua scripts: each step that reads and then writes runs in Redis, so that workers do not conflict."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent / "lua"
SHARED = ("shared", "line", "schedule")
Word = str | bytes | int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptCall:
    """One script with its keys and arguments, ready to be sent."""

    text: str
    sha: str
    keys: tuple[str, ...]
    arguments: tuple[Word, ...]

    @property
    def words(self) -> tuple[Word, ...]:
        return ("EVALSHA", self.sha, len(self.keys), *self.keys, *self.arguments)

    @property
    def words_in_full(self) -> tuple[Word, ...]:
        """EVAL with the source, for a server that does not have the script yet."""
        return ("EVAL", self.text, len(self.keys), *self.keys, *self.arguments)


class Scripts:
    """The scripts of one directory, read once. What they share is put in front of each."""

    def __init__(self, directory: Path = HERE) -> None:
        shared = "\n".join((directory / f"{name}.lua").read_text() for name in SHARED)
        self._texts = {
            path.stem: f"{shared}\n{path.read_text()}"
            for path in directory.glob("*.lua")
            if path.stem not in SHARED
        }
        self._shas = {
            name: hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
            for name, text in self._texts.items()
        }

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._texts)

    def call(self, name: str, keys: tuple[str, ...], *arguments: Word) -> ScriptCall:
        return ScriptCall(text=self._texts[name], sha=self._shas[name], keys=keys, arguments=arguments)
