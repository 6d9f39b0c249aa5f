"""One message of an answer while its text grows: what is finished in it is read and rendered once."""

from adapters.slack.outbound.rendering.blocks import MOST_TEXT, Pieces, fitting, pieces, plain_blocks
from adapters.slack.outbound.rendering.preview import Draft, draft, drawn, plain_preview
from adapters.slack.outbound.rendering.rich import Block
from bot.delivery.last_resort import rendered
from bot.document.growing import GrowingDocument, Kept
from bot.document.nodes import Document


class GrowingPage:
    """Takes the page's whole text each time. It may also become another one: a page that is full ends earlier."""

    def __init__(self) -> None:
        self._begin("")

    def grown(self, text: str) -> list[Block]:
        """The unfinished text, for edits."""
        return rendered(text, lambda whole: self._blocks(self._continued(whole).grown(whole)), plain_blocks)

    def finished(self, text: str) -> list[Block]:
        """The whole text."""
        return rendered(
            text, lambda whole: self._blocks(self._continued(whole).finished(whole)), plain_blocks
        )

    def preview(self, text: str) -> str:
        """As much of the unfinished text as is final, as Markdown for a native stream."""
        return rendered(text, self._steady, plain_preview)

    def _begin(self, text: str) -> None:
        self._text = text
        self._document = GrowingDocument()
        self._pieces: Kept[Pieces] = Kept(pieces)
        self._drafts: Kept[Draft] = Kept(draft)

    def _continued(self, text: str) -> GrowingDocument:
        if not text.startswith(self._text):
            self._begin(text)
        self._text = text
        return self._document

    def _blocks(self, document: Document) -> list[Block]:
        return fitting(self._pieces.of(document), max(MOST_TEXT, len(self._text)))

    def _steady(self, text: str) -> str:
        return drawn(self._drafts.of(self._continued(text).steady(text)))
