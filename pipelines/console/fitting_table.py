"""A table that fits narrow terminals and breaks no words."""

from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

# Characters of border and padding for each column; a table has one more at its end.
_PER_COLUMN = 3
_CUT = "…"


class FittingTable(Table):
    """A table that is split into several if too wide.

    Each of these repeats the first column. Text is wrapped between words; a word that is too long
    for a line loses its middle.

    Attributes:
        lead_columns: How many columns the first of several tables begins with, beside another one.
            A table of these alone would say little.
    """

    lead_columns = 1

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Renders the table; rich calls this."""
        if sum(self._natural()) + _PER_COLUMN * len(self.columns) + 1 <= options.max_width or len(self.columns) < 2:  # noqa: PLR2004  (nothing to split)
            yield from super().__rich_console__(console, options)
            return
        widths = self._widths(options.max_width)
        for group in _groups(widths, options.max_width):
            yield from self._part(group, widths).__rich_console__(console, options)

    def _natural(self) -> list[int]:
        """Returns each column's width if nothing is wrapped."""
        return [
            max(cell_len(_plain(cell)) for cell in (column.header, *column.cells)) if column.header else 1
            for column in self.columns
        ]

    def _widths(self, most: int) -> list[int]:
        """Returns widths for the first column beside any other."""
        natural = self._natural()
        room = max(2, most - 2 * _PER_COLUMN - 1)
        beside = sum(width + _PER_COLUMN for width in natural[1 : self.lead_columns])
        # The others would be too narrow beside wide leading columns.
        room -= beside if 3 * beside < room else 0
        others = min(max(natural[1:]), room - room // 3)
        first = min(natural[0], room - others)
        return [first, *(min(each, room - first) for each in natural[1:])]

    def _part(self, group: list[int], widths: list[int]) -> Table:
        part = Table(title=self.title, title_justify=self.title_justify, title_style=self.title_style)
        columns = [self.columns[index] for index in group]
        for index, column in zip(group, columns, strict=True):
            part.add_column(_fitted(column.header, widths[index]), justify=column.justify, width=widths[index])
        for cells in zip(*(column.cells for column in columns), strict=True):
            part.add_row(*(_fitted(cell, widths[index]) for index, cell in zip(group, cells, strict=True)))
        return part


def _groups(widths: list[int], most: int) -> Iterator[list[int]]:
    """Yields groups of columns that fit side by side.

    The first column is in each group.
    """
    group, used = [0], widths[0] + _PER_COLUMN + 1
    for index, width in enumerate(widths[1:], 1):
        if len(group) > 1 and used + width + _PER_COLUMN > most:
            yield group
            group, used = [0], widths[0] + _PER_COLUMN + 1
        group.append(index)
        used += width + _PER_COLUMN
    yield group


def _plain(cell: RenderableType) -> str:
    return cell.plain if isinstance(cell, Text) else str(cell)


def _fitted(cell: RenderableType, width: int) -> Text:
    return Text(" ".join(_shortened(word, width) for word in _plain(cell).split(" ")))


def _shortened(word: str, width: int) -> str:
    """Cuts out the middle of a word that doesn't fit.

    Names differ at both ends.
    """
    if cell_len(word) <= width:
        return word
    begin, end = width // 2, (width - 1) // 2
    # Wide characters take two cells of the terminal.
    while cell_len(short := word[:begin] + _CUT + word[len(word) - end :]) > width and begin + end:
        begin, end = max(0, begin - 1), max(0, end - 1)
    return short
