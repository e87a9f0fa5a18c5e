"""A console for untrusted text."""

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from shardmill.pipelines.console.printable import UNSEEN, printable


class PlainText(Text):
    """A text for table cells, made safe by `printable`.

    The table then measures the width of the characters that are shown.
    """

    def __init__(self, text: str = "", style: str = "") -> None:
        """Escapes the text's control characters.

        Args:
            text: The text.
            style: A style of rich's.
        """
        super().__init__(printable(text), style)


class PlainConsole(Console):
    """A console that prints control characters as escapes.

    Its own colours and styles work.
    """

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Renders as `Console` does, with control characters escaped.

        Args:
            renderable: The text or table to print.
            options: As of `Console.render`.
        """
        for segment in super().render(renderable, options):
            if segment.control or not UNSEEN.search(segment.text):
                yield segment
            else:
                yield Segment(printable(segment.text), segment.style)
