"""The columns of files, with the proposed features."""

from dataclasses import replace

from shardmill.pipelines.init.feature_line import FeatureLine
from shardmill.pipelines.page.shown_statistics import ColumnStatistics, summaries
from shardmill.pipelines.report.column_entries import Entry
from shardmill.pipelines.report.raw.look_at_files import Look
from shardmill.schemas.inference.infer import Profiles

ROWS = "all rows"
"""The name under which the statistics of all rows stand."""

_LEFT_OUT = "left out"


def raw_entries(look: Look) -> list[Entry]:
    """The columns, in the schema's order, then new ones.

    Args:
        look: The findings about the files.
    """
    lines = {line.name: line for line in look.lines}
    found = summaries(look.measured.dataset)
    known = [name for name in look.schema.names if name in found]
    new = [name for name in found if name not in look.schema]
    return [
        *(_entry(look, name, found[name], lines.get(name)) for name in known),
        # Nobody knows how their cells are to be read.
        *(Entry(name=name, is_raw=True, dtype="not in the schema") for name in new),
    ]


def _entry(look: Look, name: str, found: ColumnStatistics, line: FeatureLine | None) -> Entry:
    return Entry(
        name=name,
        is_raw=True,
        dtype=look.schema[name].type.name,
        statistics={ROWS: _with_distinct(found, look.profiles, name)},
        proposed="" if line is None else line.kind if line.used else _LEFT_OUT,
    )


def _with_distinct(found: ColumnStatistics, profiles: Profiles | None, name: str) -> ColumnStatistics:
    """Adds the number of distinct numbers, from the profiles."""
    if profiles is None or found.distinct is not None:
        return found
    profile = profiles[name]
    exact = profile.distinct_count
    estimate = min(round(float(f"{profile.distinct_estimate:.2g}")), found.rows)
    return replace(found, distinct=estimate if exact is None else exact, about=exact is None)
