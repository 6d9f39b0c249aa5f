"""What kind of question something is: by a cheap local rule, without asking anybody.

It counts what speaks for each kind: words, fences, files, rows of figures. A tie goes to the first in `QuestionKind`.
It is wrong at times, and whoever shows a number for a kind says that a rule sorted the questions.
"""

import re
from collections.abc import Sequence
from enum import StrEnum

from bot.domain.events import File

LOOKED_AT = 4_000  # characters of a question; more of it says no more


class QuestionKind(StrEnum):
    """In the order in which they are listed, and in which a tie is decided."""

    CODE = "code"
    DATA = "data"
    WRITING = "writing"
    FACTS = "facts"
    OTHER = "other"


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


WORDS: dict[QuestionKind, frozenset[str]] = {
    QuestionKind.CODE: _words(
        "api async bash bug class code codebase command compile compiler css curl debug dockerfile docker endpoint "
        "exception function git github golang html http java javascript json kotlin kubernetes lambda library linux "
        "method module npm nginx parameter php pip postgres python query react redis refactor regex regexp repo "
        "repository ruby rust script segfault shell snippet sql stacktrace swift syntax terraform "
        "traceback typescript unittest variable webhook xml yaml "
        "klasse funktion skript fehlermeldung programmiere quellcode código función fonction"
    ),
    QuestionKind.DATA: _words(
        "aggregate average averages budget cell cells chart column columns compute correlation count csv dashboard data "
        "dataset deviation excel figures forecast formula graph growth histogram kpi mean median metric metrics numbers "
        "outliers percent percentage percentile pivot plot regression revenue row rows sales spreadsheet statistics sum "
        "table total totals trend trends variance xlsx "
        "tabelle spalte spalten zeilen daten durchschnitt umsatz summe zahlen datos tabla données tableau"
    ),
    QuestionKind.WRITING: _words(
        "announcement article blog draft edit email essay formulate headline improve invite invitation letter mail "
        "memo message newsletter paragraph phrase polite poem press proofread rephrase reply reword rewrite "
        "sentence shorten slogan speech spelling story summarise summarize summary tagline tone translate "
        "translation tweet wording write "
        "schreib schreibe brief formuliere übersetze übersetzung zusammenfassung entwurf "
        "escribe traduce correo rédige écris traduis lettre"
    ),
    QuestionKind.FACTS: _words(
        "born capital compare country definition difference event explain history invented law meaning means named "
        "origin overview population president rule rules year "
        "erkläre unterschied bedeutet hauptstadt geschichte explica explique"
    ),
}
ASKING = _words(
    "who whose what when where which why how is are was were does do did "
    "wer was wann wo warum wieso wie welche welcher welches qui que quand où pourquoi comment quién qué cuándo dónde"
)
"""A question that begins with one of these and fits nothing better is about facts."""

ENDINGS: dict[str, QuestionKind] = {
    **dict.fromkeys(_words("py js ts tsx jsx java go rs c h cpp cs rb php sh sql kt swift yaml yml toml json ipynb diff"), QuestionKind.CODE),
    **dict.fromkeys(_words("csv tsv tab xlsx xlsm xls parquet"), QuestionKind.DATA),
    **dict.fromkeys(_words("docx docm doc md rtf"), QuestionKind.WRITING),
}  # fmt: skip
WORD = re.compile(r"[^\W\d_]+")
FAULT = re.compile(r"\w(?:Error|Exception)\b")
CALL = re.compile(r"\b\w+\.\w+\(|\w\(\)|[;{}]\s*$|=>|::|!=|==|</?\w+>", re.MULTILINE)
ROWS = 3  # lines that are parted like a table's, with digits in them


def kind_of(text: str, files: Sequence[File] = ()) -> QuestionKind:
    """The kind of a question by its words, and by the files that came with it."""
    text = text[:LOOKED_AT]
    points = dict.fromkeys(WORDS, 0)
    spoken = WORD.findall(text.casefold())
    for kind, words in WORDS.items():
        points[kind] += len(words.intersection(spoken))
    for file in files:
        _, dot, ending = file.name.casefold().rpartition(".")
        if dot and ending in ENDINGS:
            points[ENDINGS[ending]] += 2
    points[QuestionKind.CODE] += 3 * ("```" in text) + bool(FAULT.search(text)) + bool(CALL.search(text))
    rows = sum(map(_is_row, text.splitlines()))
    points[QuestionKind.DATA] += 2 * (rows >= ROWS and "```" not in text)
    best = max(points, key=lambda kind: points[kind])
    if points[best]:
        return best
    return QuestionKind.FACTS if spoken[:1] and spoken[0] in ASKING else QuestionKind.OTHER


def _is_row(line: str) -> bool:
    return any(line.count(mark) >= 2 for mark in ",;|\t") and any(sign.isdigit() for sign in line)
