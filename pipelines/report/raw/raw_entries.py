"""The columns of files, with the proposed features."""

from collections.abc import Iterator
from dataclasses import replace

from shardmill.pipelines.page.shown_statistics import ColumnStatistics, summaries
from shardmill.pipelines.report.column_entries import Entry
from shardmill.pipelines.report.raw.look_at_files import Look

ROWS = "all rows"
"""The name under which the statistics of all rows stand."""

_LEFT_OUT = "left out"


def raw_entries(look: Look) -> list[Entry]:
    """The columns, in the files' order.

    Args:
        look: The findings about the files.
    """
    lines = {line.name: line for line in look.lines}
    found = []
    for name, statistics in _ordered(look):
        line = lines.get(name)
        proposed = "" if line is None else line.kind if line.used else _LEFT_OUT
        dtype = look.schema[name].type.name if name in look.schema else ""
        found.append(Entry(name=name, is_raw=True, dtype=dtype, statistics={ROWS: statistics}, proposed=proposed))
    return found


def _ordered(look: Look) -> Iterator[tuple[str, ColumnStatistics]]:
    """Yields the schema's columns in its order, then new ones.

    The numbers of distinct values are those of the profiles, which have them of numbers, too.
    """
    found = summaries(look.measured.dataset)
    for name in (*(each for each in look.schema.names if each in found), *(found.keys() - set(look.schema.names))):
        statistics = found[name]
        if look.profiles is not None and statistics.distinct is None:
            profile = look.profiles[name]
            exact = profile.distinct_count
            estimate = min(round(float(f"{profile.distinct_estimate:.2g}")), statistics.rows)
            statistics = replace(statistics, distinct=estimate if exact is None else exact, about=exact is None)
        yield name, statistics
