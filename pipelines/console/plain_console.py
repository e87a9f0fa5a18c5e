"""A console for text that may be a stranger's."""

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from shardmill.pipelines.console.printable import UNSEEN, printable


class PlainText(Text):
    """A text as `printable` has it, for tables: there the width is that of what is seen."""

    def __init__(self, text: str = "", style: str = "") -> None:
        """Takes a text.

        Args:
            text: The text.
            style: A style of rich's.
        """
        super().__init__(printable(text), style)


class PlainConsole(Console):
    """A console that prints what it is given as `printable` has it; its own colours and styles work."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Renders as a console does.

        Args:
            renderable: What is printed.
            options: As a console's.
        """
        for segment in super().render(renderable, options):
            if segment.control or not UNSEEN.search(segment.text):
                yield segment
            else:
                yield Segment(printable(segment.text), segment.style)
