"""Pages of the manual, laid out for a terminal: the only module that knows rich.

Importing it takes 60 ms, which no other verb needs.
"""

import io

from rich.console import Console
from rich.markdown import Markdown

_WIDEST = 100  # columns; longer lines are hard to read


def page(markdown: str, *, coloured: bool) -> str:
    """Return the page *markdown*: laid out for a terminal where *coloured*, else as it is."""
    if not coloured:
        return markdown
    text = io.StringIO()
    terminal = Console(
        file=text,
        force_terminal=True,
        color_system="standard",
        width=min(Console().width, _WIDEST),
        legacy_windows=False,
    )
    terminal.print(Markdown(markdown))
    return text.getvalue()
