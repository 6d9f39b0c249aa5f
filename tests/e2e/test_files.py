"""What people attach in Slack, against the product as it is run: its words reach the vendor, or the person learns why."""

from pathlib import Path

from tests.e2e.company import Company, company
from tests.files.made import docx, paragraph, pdf
from tests.slack.fake import events, reading, uploads
from tests.slack.fake.world import Message


async def ask_about(co: Company, text: str, **attached: bytes) -> Message:
    """Ada shares files in her direct message with the bot; the finished answer."""
    slack, channel = co.at.slack, co.at.slack.channels["D1"]
    for id, data in attached.items():
        name = id.replace("_", ".")
        slack.files[id] = {
            "id": id,
            "name": name,
            "size": len(data),
            "team": "T1",
            "data": data,
            "mimetype": "application/octet-stream",
        }
    files = [uploads.public(slack.files[id]) for id in attached]
    said = events.said(slack, channel, "U1", text, files=files)
    await co.at.deliver("events_api", events.envelope(slack, co.at.team, events.message(slack, said)))
    return (await co.at.answered(said.ts, "D1"))[-1]


async def test_the_words_of_a_document_reach_the_vendor_and_its_lock_the_person(tmp_path: Path) -> None:
    async with company(tmp_path) as co:
        plan = docx(paragraph("We move to Graz in May."))
        answer = await ask_about(co, "what is the plan?", plan_docx=plan)
        assert "We move to Graz in May." in co.vendors.saw()
        assert "Not read" not in reading.text(answer)

        locked = await ask_about(
            co, "and this?", locked_pdf=pdf("secret", password="x"), old_zip=b"PK\x05\x06" + bytes(18)
        )
        told = "Not read: locked.pdf (it is protected by a password), old.zip (archives are not opened)."
        assert told in reading.text(locked)
        assert "locked.pdf, not read: it is protected by a password" in co.vendors.saw()
