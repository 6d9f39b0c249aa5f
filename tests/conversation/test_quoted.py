"""What others said, put together from what was read now and what was overheard before."""

from bot.domain.events import Author
from bot.domain.quoted import gathered
from bot.domain.turns import OVERHEARD, ChatMessage, Turn

BOB = Author(id="U2", name="Bob")


def said(text: str, at: float) -> ChatMessage:
    return ChatMessage(author=BOB, text=text, message=f"m{at}", at=at)


def overheard(text: str, at: float) -> Turn:
    return Turn(id=text, asked=said(text, at), reason=OVERHEARD)


def test_what_marks_an_omission_stays_where_it_stands_when_more_was_overheard() -> None:
    omission = ChatMessage(author=Author(id=""), text="(7 messages are left out here)")
    read = [said("root", 1), omission, said("last week", 50), said("today", 70)]

    _, before = gathered([overheard("between", 60), overheard("today", 70)], read, said("and now?", 80))

    assert [one.text for one in before] == ["root", omission.text, "last week", "between", "today"]
