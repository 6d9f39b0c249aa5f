"""Real files, made here: by the libraries that others use, or by hand where a good library would refuse."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from email.message import EmailMessage

import openpyxl
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
KINDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def archive(parts: Mapping[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, part in parts.items():
            made.writestr(name, part)
    return file.getvalue()


def docx(body: str, **more: str) -> bytes:
    """`body` is XML of w:p and w:tbl."""
    styles = (
        f'<w:styles {W}><w:style w:styleId="berschrift2"><w:name w:val="heading 2"/></w:style></w:styles>'
    )
    links = f'<Relationships xmlns="{RELATIONS}"><Relationship Id="r1" Type="{KINDS}/hyperlink" Target="https://example.com/plan" TargetMode="External"/></Relationships>'
    parts: dict[str, str | bytes] = {f"word/{name}.xml": xml for name, xml in more.items()}
    return archive(
        parts
        | {
            "word/document.xml": f"<w:document {W} {R}><w:body>{body}</w:body></w:document>",
            "word/styles.xml": styles,
            "word/_rels/document.xml.rels": links,
            "word/vbaProject.bin": b"macro",
        }
    )


def paragraph(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def pptx(*slides: str, notes: str = "") -> bytes:
    """Slides in the order they are shown, which is not that of their files."""
    count = len(slides)
    ids = "".join(f'<p:sldId id="{256 + n}" r:id="r{n}"/>' for n in range(count))
    relations = "".join(
        f'<Relationship Id="r{n}" Type="{KINDS}/slide" Target="slides/slide{count - n}.xml"/>'
        for n in range(count)
    )
    parts = {
        "ppt/presentation.xml": f"<p:presentation {P} {R}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": f'<Relationships xmlns="{RELATIONS}">{relations}</Relationships>',
        f"ppt/slides/_rels/slide{count}.xml.rels": f'<Relationships xmlns="{RELATIONS}"><Relationship Id="n" Type="{KINDS}/notesSlide" Target="../notesSlides/n.xml"/></Relationships>',
        "ppt/notesSlides/n.xml": _shape(notes),
    }
    return archive(
        parts | {f"ppt/slides/slide{count - n}.xml": _shape(text) for n, text in enumerate(slides)}
    )


def _shape(text: str) -> str:
    return f"<p:sld {P} {A}><p:sp><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp></p:sld>"


def xlsx(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    book = openpyxl.Workbook()
    for sheet in book.worksheets:
        book.remove(sheet)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def pdf(*pages: str, password: str | None = None) -> bytes:
    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    for text in pages:
        page = writer.add_blank_page(200, 200)
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 10 100 Td ({text}) Tj ET".encode() if text else b"")
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
        )
        page[NameObject("/Contents")] = stream
    if password is not None:
        writer.encrypt(password, "owner", algorithm="AES-256")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def mail(body: str, *, html: bool = False, attached: str = "") -> bytes:
    message = EmailMessage()
    message["From"] = "Änn <ann@example.com>"
    message["To"] = "bob@example.com"
    message["Subject"] = "Die Zahlen für März"
    message.set_content(body, subtype="html" if html else "plain")
    if attached:
        message.add_attachment(b"secret", maintype="application", subtype="pdf", filename=attached)
    return message.as_bytes()


def photo(
    size: tuple[int, int], kind: str = "JPEG", mode: str = "RGB", *, turned: bool = False, **how: int
) -> bytes:
    """A noisy picture, as a camera makes it: with its maker and where it was; `turned`: it lies on its side."""
    exif = Image.Exif()
    exif[0x010F] = "Camera works"
    exif.get_ifd(0x8825)[1] = "N"
    if turned:
        exif[0x0112] = 6
    file = io.BytesIO()
    Image.effect_noise(size, 80).convert(mode).save(file, kind, exif=exif, **how)
    return file.getvalue()


def screenshot(size: tuple[int, int], mode: str = "RGB") -> bytes:
    """Flat colours, PNG, with nothing beside them."""
    file = io.BytesIO()
    Image.new(mode, size, 128).save(file, "PNG")
    return file.getvalue()
