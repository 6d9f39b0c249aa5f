"""How vendors refuse: the table of refusals.md, row by row."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.providers.speech import SPEECHES
from tests.providers.vendor import Heard, heard_from

TABLE = Path(__file__).with_name("refusals.md")
CELLS = re.compile(r"(?<!\\)\|")
SAID = "Half of it "


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row: what a vendor answers, and what comes of it."""

    id: str
    dialect: str
    status: str  # a number, "stream" or "after text"
    answer: str
    kind: str
    told: str
    again: str
    another: str
    operator: str
    health: str
    wait: float | None
    headers: Mapping[str, str]


def cases() -> Sequence[Case]:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and not line.startswith("| case ")]
    return [_case([_plain(cell) for cell in CELLS.split(row)[1:-1]]) for row in rows]


async def answered(case: Case) -> Heard:
    """What the decoders make of it."""
    if case.status == "stream":
        return await heard_from(case.dialect, [_event(case.answer)])
    if case.status == "after text":
        speech = SPEECHES[case.dialect]
        return await heard_from(case.dialect, [speech.opening(), speech.word(SAID), _event(case.answer)])
    headers = {"content-type": "application/json", **case.headers}
    return await heard_from(case.dialect, [case.answer.encode()], status=int(case.status), headers=headers)


def _event(data: str) -> bytes:
    return f"data: {data}\n\n".encode()


def _plain(cell: str) -> str:
    return cell.strip().strip("`").replace("\\|", "|")


def _case(cells: Sequence[str]) -> Case:
    id, dialect, status, answer, kind, told, again, another, operator, health, wait, headers = cells
    return Case(
        id=id,
        dialect=dialect,
        status=status,
        answer=answer,
        kind=kind,
        told=told,
        again=again,
        another=another,
        operator=operator,
        health=health,
        wait=float(wait) if wait else None,
        headers=json.loads(headers or "{}"),
    )
