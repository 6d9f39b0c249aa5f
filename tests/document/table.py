"""The table of cases: what models write, the tree it is read as, and what people see of it.

The files in `cases/` are grouped by subject. A case begins with `§ ` and its name, then comes the Markdown, then
`→ tree` (see `notation.noted`) and `→ seen` (see `seen`). Where a platform shows something else, `→ seen on slack`,
`→ seen on teams` or `→ seen on page` follows. Empty lines between parts do not count; `{U+0020}` is a character that
would not be seen in the file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "cases"
SIGN = re.compile(r"\{U\+([0-9A-F]{4,6})\}")


@dataclass(frozen=True, slots=True)
class Case:
    subject: str
    name: str
    text: str
    tree: str
    seen: str
    differs: dict[str, str]  # by platform

    def __str__(self) -> str:
        return f"{self.subject}: {self.name}"

    def seen_on(self, platform: str) -> str:
        return self.differs.get(platform, self.seen)


@cache
def cases() -> tuple[Case, ...]:
    return tuple(case for path in sorted(FOLDER.glob("*.txt")) for case in _in(path))


def _in(path: Path) -> Iterator[Case]:
    for written in re.split(r"(?m)^§ ", path.read_text(encoding="utf-8"))[1:]:
        name, _, rest = written.partition("\n")
        text, *parts = re.split(r"(?m)^→ ", rest)
        named = dict(part.partition("\n")[::2] for part in parts)
        yield Case(
            subject=path.stem,
            name=name,
            text=_plain(text),
            tree=_plain(named.pop("tree")),
            seen=_plain(named.pop("seen")),
            differs={key.removeprefix("seen on "): _plain(value) for key, value in named.items()},
        )


def _plain(part: str) -> str:
    return SIGN.sub(lambda found: chr(int(found[1], 16)), part.rstrip("\n"))
