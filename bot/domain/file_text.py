"""What a file says, as text a model can read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FileText:
    """`part` is how much of the file the text is, in plain words ("pages 1-40 of 10,000"), "" for all of it.
    `reason` is why there is no text, in words that go on from the file's name ("it is empty"), "" if there is one.
    """

    text: str = ""
    part: str = ""
    reason: str = ""
