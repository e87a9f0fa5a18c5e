"""Looks at data for a starter configuration."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.job.column_types import as_numbers, without_infinite
from shardmill.pipelines.job.infer_schema import Inference, first_header
from shardmill.pipelines.survey.identifiers import may_ascend
from shardmill.pipelines.survey.number_formats import PLAIN, guess_number_formats, unlike_numbers
from shardmill.pipelines.survey.number_types import number_decisions
from shardmill.pipelines.survey.second_look import OddCells, ascending_columns, odd_cells
from shardmill.pipelines.survey.sniff_files import sniff_files
from shardmill.pipelines.survey.starter_request import StarterRequest
from shardmill.schemas.errors import DataError
from shardmill.schemas.inference.infer import Profiles
from shardmill.schemas.inference.type_counts import decide
from shardmill.schemas.messages import listed
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.header import Header
from shardmill.transforms.csv.units import InputFile
from shardmill.transforms.profile import Profiled, as_text
from shardmill.transforms.records.repair_names import describe_renamed
from shardmill.transforms.rows.ragged import find_ragged
from shardmill.transforms.sniff.decision import Decision

# The most files or renamed columns to name.
_MOST_NAMED = 5
# The largest share of bad rows with which a file is taken for one of this dialect.
_MOST_BAD = 0.5


@dataclass(frozen=True)
class Survey:
    """The findings about some data.

    Attributes:
        dialect: The files' dialect.
        schema: The inferred schema.
        profiled: The columns' profiles, and the rows that they leave out.
        decisions: The guesses about the dialect, empty files, the renamed columns, and the columns'
            numbers.
        unnamed: The first column, if the header has no name for it.
        ascending: Columns of integers of which each is greater than the one before, in steps that
            differ.
        odd: The cells of columns of numbers or dates that are none, by column.
    """

    dialect: Dialect
    schema: Schema
    profiled: Profiled
    decisions: tuple[Decision, ...] = ()
    unnamed: str | None = None
    ascending: frozenset[str] = frozenset()
    odd: Mapping[str, OddCells] = field(default_factory=dict)

    @property
    def profiles(self) -> Profiles:
        """The profiles of the schema's columns."""
        return self.profiled.profiles


def take_survey(
    inputs: Sequence[InputFile], request: StarterRequest, progress: Progress
) -> tuple[Survey, StarterRequest]:
    """Guesses the dialect, and profiles all columns.

    Args:
        inputs: The input files.
        request: The settings that the command line asks for.
        progress: Shows the progress of reading the data.

    Returns:
        The findings, and the request with its patterns expanded to columns.

    Raises:
        ConfigError: The request names a column that doesn't exist.
        DataError: The files can't be read as CSV, or most of their rows are bad.
    """
    sniffed = sniff_files(inputs, request.dialect)
    header = first_header(inputs, sniffed.dialect)
    numbered = tuple(f"column_{position}" for position in range(1, len(header.names) + 1))
    request = request.for_columns(header.names, named=sniffed.dialect.header or header.names != numbered)
    with tempfile.TemporaryDirectory(prefix="shardmill-init-") as work:
        inference = Inference(inputs, sniffed.dialect, work, Engine(), progress)
        profiled, _ = inference.infer(Profiled, as_text(header.names))
    _check_rows(profiled, sniffed.dialect, request.table("input").get("max_bad_fraction", _MOST_BAD))
    profiles = profiled.profiles
    dialect, formats = _read_numbers(inputs, sniffed.dialect, profiled, progress)
    numeric = profiles.schema(as_numbers({}, dict(dialect.numbers)))
    schema = without_infinite(numeric, profiles, request.infinite_of)
    open_ = [column.name for column in schema if column.type is ColumnType.INT and may_ascend(profiles[column.name])]
    ascending = ascending_columns(inputs, dialect, schema, open_)
    decisions = (
        *sniffed.decisions,
        *file_decisions(inputs),
        *name_decisions(header, dialect),
        *formats,
        *number_decisions(schema, profiles),
    )
    unnamed = next((each.column for each in header.renamed if each.position == 1 and not each.name), None)
    odd = odd_cells(inputs, dialect, schema, profiles)
    return Survey(dialect, schema, profiled, decisions, unnamed, ascending, odd), request


def file_decisions(inputs: Sequence[InputFile]) -> list[Decision]:
    """Tells which files are empty.

    Args:
        inputs: The input files.
    """
    empty = [each.path for each in inputs if not each.size]
    are = "is" if len(empty) == 1 else "are"
    told = f"{len(empty):,} of {len(inputs):,} {are} empty"
    return [Decision("files", told, listed(empty, _MOST_NAMED, repr), sure=False)] if empty else []


def name_decisions(header: Header, dialect: Dialect) -> list[Decision]:
    """Tells the names of columns that a header leaves out or has twice.

    Another decision tells that of a column for which it lacks a cell.

    Args:
        header: The header.
        dialect: The file's dialect.
    """
    lacking = {"first": 1, "last": len(header.names)}.get(dialect.header_lacks or "")
    renamed = [each for each in header.renamed if each.position != lacking]
    if not renamed:
        return []
    columns = listed([each.column for each in renamed], _MOST_NAMED)
    return [Decision("column names", columns, f"in the header {describe_renamed(renamed, _MOST_NAMED)}")]


def _read_numbers(
    inputs: Sequence[InputFile], dialect: Dialect, profiled: Profiled, progress: Progress
) -> tuple[Dialect, list[Decision]]:
    """Guesses formats of numbers, and profiles their columns again.

    A format is kept where the column's cells turn out to be numbers in it.

    Args:
        inputs: The input files.
        dialect: Their dialect.
        profiled: The profiles, which are replaced.
        progress: Shows the second reading.
    """
    names = profiled.profiles.names
    given = dict(dialect.numbers)
    guesses = guess_number_formats(profiled.profiles, dialect, [name for name in names if name not in given])
    if not guesses:
        return dialect, []
    decisions = {name: guess.decision(name) for name, guess in guesses.items()}
    formats = {name: guess.number_format for name, guess in guesses.items() if guess.number_format != PLAIN}
    if not formats:
        return dialect, list(decisions.values())
    guessed = replace(dialect, numbers=(*given.items(), *formats.items()))
    # Rows with a cell that can't be decoded aren't profiled, whichever column it is in.
    columns = names if profiled.cells.total else tuple(formats)
    with tempfile.TemporaryDirectory(prefix="shardmill-init-") as work:
        inference = Inference(inputs, guessed, work, Engine(), progress)
        again = inference.infer(Profiled, as_text(columns, names))[0].profiles
    for name in tuple(formats):
        if guesses[name].other == PLAIN and again[name].unusable:
            # Among very many cells there are decimals.
            del decisions[name], formats[name]
        elif decide(again[name]).type is ColumnType.BYTES:
            decisions[name] = unlike_numbers(name, guesses[name], again[name])
            del formats[name]
    profiled.profiles.replace(again, tuple(formats))
    return replace(dialect, numbers=(*given.items(), *formats.items())), list(decisions.values())


def _check_rows(profiled: Profiled, dialect: Dialect, most: float) -> None:
    """Checks that the files aren't of another kind.

    Raises:
        DataError: More rows are bad than may be.
    """
    rejections, read = profiled.rejections, profiled.read
    if rejections.total > most * read:
        ragged = find_ragged(rejections, read, dialect)
        bad = f"{rejections.total:,} of {read:,} rows are bad"
        # Rows that are bad in other ways, too, are counted as well.
        same = ragged.problem.startswith(f"{rejections.total:,} of ")
        problem = ragged.problem if same else ": ".join(filter(None, (bad, ragged.problem)))
        remedy = ragged.remedy or "Check [input] delimiter, quote and header"
        raise DataError(
            f"{problem}, so this may not be how the files are to be read. The first:\n{rejections.describe()}\n"
            f"{remedy}; if these rows are to be rejected, set [input] max_bad_fraction{rejections.hint}"
        )
