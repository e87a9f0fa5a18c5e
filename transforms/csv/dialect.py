"""The dialect of CSV files."""

from dataclasses import dataclass
from typing import Literal

from shardmill.transforms.numbers.number_format import NumberFormat

# The delimiters that are guessed; where several would do, the first of them is taken.
DELIMITERS = (",", "\t", ";", "|")
# Begins the reason for which a row is rejected that isn't in the encoding.
UNDECODABLE = "expected text in the encoding"
ENCODING_HINT = (
    'If whole files are in another encoding, set [input] encoding, for example to "cp1252"; `shardmill init` guesses it'
)
# The hint that `apply` gives instead, since it has no settings.
APPLIED_HINT = (
    "`apply` reads new files as the run's were read: bring them into that form; or change that run's configuration, run it "
    "again and apply that run"
)


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """The dialect of CSV files, as `[input]` configures it.

    Attributes:
        delimiter: One character between cells.
        quote: The character around cells that hold a delimiter or a newline; doubled inside. None
            means that there is no quoting.
        escape: A character that makes the next one literal. None means that there is none.
        encoding: A Python codec's name. UTF-8 may begin with a byte order mark.
        comment: Lines that begin with this character are skipped. None means that there are none.
        skip_rows: Physical lines skipped at the top of each file, before the header.
        header: Whether the first record names the columns.
        header_names: How names in a header are treated that are empty or there twice: repaired, or
            as an error.
        header_lacks: The cell of each row for which the header has none: the first, a row's name,
            or the last, after a delimiter that ends the row. None means that it has all.
        columns: The columns' names where there is no header.
        rename: Pairs of a name in a header and the column that it stands for; others stand for
            themselves.
        null_values: Cells spelled like one of these are missing.
        trim: Whether spaces around a cell are dropped.
        numbers: Pairs of a column and the format of its numbers, for columns that have one.
        missing_columns: How a file that lacks a column of the schema is treated: as an error, or as
            if the column were all nulls.
        extra_columns: How a file with a column unknown to the schema is treated: as an error, or by
            ignoring the column.
    """

    delimiter: str = ","
    quote: str | None = '"'
    escape: str | None = None
    encoding: str = "utf-8"
    comment: str | None = None
    skip_rows: int = 0
    header: bool = True
    header_names: Literal["repair", "strict"] = "repair"
    header_lacks: Literal["first", "last"] | None = None
    columns: tuple[str, ...] | None = None
    rename: tuple[tuple[str, str], ...] = ()
    null_values: tuple[str, ...] = ("",)
    trim: bool = False
    numbers: tuple[tuple[str, NumberFormat], ...] = ()
    missing_columns: Literal["error", "null"] = "error"
    extra_columns: Literal["error", "ignore"] = "error"
