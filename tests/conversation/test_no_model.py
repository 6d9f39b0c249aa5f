"""What people read where there is no model to ask, or where a choice of theirs is none any more."""

import pytest

from tests.conversation.stage import GROK, Stage

ABSENT = (
    "No model can be asked now. OpenAI refused its key. Whoever runs Switchboard replaces OPENAI_API_KEY."
)


@pytest.mark.parametrize(
    "typed", ["hello", "/model", "/model grok", "/ask grok hello", "/compare grok claude: hello", "/memory"]
)
async def test_whatever_needs_a_model_is_told_why_there_is_none(typed: str) -> None:
    stage = Stage()
    stage.catalog.replace([], absent=ABSENT)

    heard = await stage.says(typed)

    (said,) = heard.replies
    assert said.text.replace("\\", "") == ABSENT
    assert said.unanswered


async def test_the_help_works_without_a_model_and_says_so() -> None:
    stage = Stage()
    stage.catalog.replace([], absent=ABSENT)

    (said,) = (await stage.says("/help")).replies

    assert "OpenAI refused its key" in said.text
    assert "`/model NAME`" in said.text
    assert not said.unanswered


async def test_a_choice_of_the_demo_from_before_leads_to_the_default() -> None:
    stage = Stage()
    stage.thread_model = "demo"

    heard = await stage.says("hello")

    assert [model.name for model, _ in stage.one.asked] == [GROK.name]
    assert heard.closing
    assert heard.closing.footer == "grok · demo is not in the catalogue any more"


@pytest.mark.parametrize("typed", ["demo: hello", "/model demo"])
async def test_the_demo_cannot_be_named_where_it_is_not_there(typed: str) -> None:
    stage = Stage()

    heard = await stage.says(typed)

    if typed.startswith("/"):
        assert "is not a model I know" in heard.replies[0].text
    else:
        assert stage.one.words()[-1].endswith("demo: hello")
