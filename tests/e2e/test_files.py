"""What people attach in Slack, against the product as it is run: its words reach the vendor, or the person learns why."""

import base64
import io
import re
from pathlib import Path

from PIL import Image

from tests.e2e.company import Company, company
from tests.files.made import docx, paragraph, pdf, photo
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


async def test_a_telephones_photograph_arrives_upright_small_and_without_its_place(tmp_path: Path) -> None:
    taken = photo((4_000, 3_000), turned=True, quality=92)
    async with company(
        tmp_path, more='[[models]]\nname = "eyes"\nprovider = "openai"\nmodel = "eyes-id"\nvision = true\n'
    ) as co:
        answer = await ask_about(co, "eyes: what is this?", photo_jpg=taken)
        sent = re.search(r"data:image/jpeg;base64,([A-Za-z0-9+/=]+)", co.vendors.saw())

    assert "Not read" not in reading.text(answer)
    assert sent
    picture = Image.open(io.BytesIO(base64.b64decode(sent[1])))
    assert picture.size == (1_500, 2_000)
    assert not picture.getexif()
