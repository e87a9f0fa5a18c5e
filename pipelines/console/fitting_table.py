"""A table that fits narrow terminals and breaks no words."""

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

# Characters of border and padding for each column; a table has one more at its end.
_PER_COLUMN = 3
_CUT = "…"
# The first column, and one more.
_PAIR = 2


class FittingTable(Table):
    """A table that is split into several if too wide.

    Each of these repeats the first column, but not the title. Text is wrapped between words; a word
    that is too long for a line loses its middle.

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
        for number, group in enumerate(_groups(widths, options.max_width)):
            part = self._part(group, widths)
            part.title = None if number else self.title
            yield from part.__rich_console__(console, options)

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
        part = Table(title_justify=self.title_justify, title_style=self.title_style)
        columns = [self.columns[index] for index in group]
        for index, column in zip(group, columns, strict=True):
            part.add_column(_fitted(column.header, widths[index]), justify=column.justify, width=widths[index])
        for cells in zip(*(column.cells for column in columns), strict=True):
            part.add_row(*(_fitted(cell, widths[index]) for index, cell in zip(group, cells, strict=True)))
        return part


def _groups(widths: list[int], most: int) -> list[list[int]]:
    """Returns groups of columns that fit side by side.

    The first column is in each group. A last group of one column more takes another from the group
    before, if that has three more and there is room.
    """
    groups = [[0]]
    for index in range(1, len(widths)):
        if len(groups[-1]) > 1 and not _fits([*groups[-1], index], widths, most):
            groups.append([0])
        groups[-1].append(index)
    if len(groups) > 1 and len(groups[-1]) == _PAIR < len(groups[-2]) - 1:
        joined = [0, groups[-2][-1], *groups[-1][1:]]
        if _fits(joined, widths, most):
            groups[-2:] = [groups[-2][:-1], joined]
    return groups


def _fits(group: list[int], widths: list[int], most: int) -> bool:
    return sum(widths[index] + _PER_COLUMN for index in group) + 1 <= most


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
