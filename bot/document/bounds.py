"""How large a tree may become, whatever the text. What goes beyond is shown as preformatted text, never dropped."""

from typing import Final

LEVELS: Final = 24
"""Lists and quotes within each other. What is deeper stands at this level."""
STYLES: Final = 12
"""Emphasis and links within each other. What is deeper has the style of this level."""
COLUMNS: Final = 64
CELLS: Final = 2_000
"""Of one table."""
CELLS_IN_ALL: Final = 6_000
"""Of all tables of a text: rows are filled up to the header's width, so a few characters become many cells."""
NODES: Final = 40_000
"""Of one text."""
MATH: Final = 2_000
"""Characters of one formula."""
TARGET: Final = 2_000
"""Characters of a link's target."""
