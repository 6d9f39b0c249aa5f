"""A mail as text: who wrote what to whom, and the names of what was attached."""

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from bot.domain.file_text import FileText
from bot.files.limits import in_lines
from bot.files.markup import html_text

HEADERS = ("From", "To", "Cc", "Date", "Subject")


def read_mail(data: bytes) -> FileText:
    mail = BytesParser(EmailMessage, policy=policy.default).parsebytes(data)
    lines = [f"{name}: {' '.join(str(mail[name]).split())}" for name in HEADERS if mail[name]]
    body = mail.get_body(("plain", "html"))
    if isinstance(body, EmailMessage):
        text = str(body.get_content())
        lines += ["", html_text(text) if body.get_content_subtype() == "html" else text]
    names = [part.get_filename() or "without a name" for part in mail.iter_attachments()]
    if names:
        lines += ["", f"Attached, not shown: {', '.join(' '.join(name.split()) for name in names)}"]
    return in_lines(line for text in lines for line in text.splitlines() or [""])
