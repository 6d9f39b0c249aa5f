"""What a question is taken for, so that answers are compared among their like."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.events import File
from bot.domain.question_kinds import QuestionKind, kind_of
from tests.examples import examples

SAID = {
    "Why does my Python script raise a KeyError?": QuestionKind.CODE,
    "Write a Python function that parses a date": QuestionKind.CODE,
    "What is wrong here?\n```\nfor i in range(10) print(i)\n```": QuestionKind.CODE,
    "foo.bar() gives null": QuestionKind.CODE,
    "Schreib mir ein Skript, das Dateien umbenennt: Python, bitte": QuestionKind.CODE,
    "Write a polite reply that says no to a meeting": QuestionKind.WRITING,
    "Translate this email into French": QuestionKind.WRITING,
    "Summarise the attached memo": QuestionKind.WRITING,
    "Formuliere das freundlicher": QuestionKind.WRITING,
    "What is the average revenue per region in this table?": QuestionKind.DATA,
    "a,b,c\n1,2,3\n4,5,6\n7,8,9\nwhich is odd?": QuestionKind.DATA,
    "What is the capital of France?": QuestionKind.FACTS,
    "Who was the first to fly alone over the ocean?": QuestionKind.FACTS,
    "Wann wurde Goethe geboren?": QuestionKind.FACTS,
    "Hello there": QuestionKind.OTHER,
    "": QuestionKind.OTHER,
    "👍": QuestionKind.OTHER,
}


@pytest.mark.parametrize(("said", "kind"), SAID.items())
def test_a_question_has_the_kind_its_words_speak_for(said: str, kind: QuestionKind) -> None:
    assert kind_of(said) is kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("main.py", QuestionKind.CODE),
        ("Q3.XLSX", QuestionKind.DATA),
        ("draft.docx", QuestionKind.WRITING),
        ("holiday.png", QuestionKind.OTHER),
        ("csv", QuestionKind.OTHER),
    ],
)
def test_a_file_speaks_for_a_kind_too(name: str, kind: QuestionKind) -> None:
    assert kind_of("have a look", [File(id="F1", name=name)]) is kind


@settings(max_examples=examples(30), deadline=None)
@given(st.text(alphabet=st.sampled_from("a,;|\t\n.(){}`<>=!9 é\u202e\ud800"), max_size=300))
def test_any_text_has_exactly_one_kind(text: str) -> None:
    assert kind_of(text) is kind_of(text)
    assert isinstance(kind_of(text), QuestionKind)


@pytest.mark.parametrize("sign", [",", "|1", "a.", "(", "{", "`", "<a", "é ", "1,2,3\n"])
def test_a_long_text_takes_no_longer_than_a_short_one(sign: str) -> None:
    began = time.perf_counter()
    kind_of(sign * 2_000_000)

    assert time.perf_counter() - began < 0.25
