"""A file's column names, matched with those of the schema."""

import json
import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from shardmill.schemas.errors import DataError
from shardmill.schemas.messages import did_you_mean, listed, nearest, quoted
from shardmill.transforms.csv.cell_columns import CellColumn, ColumnParser, Grid
from shardmill.transforms.csv.dialect import DELIMITERS, Dialect
from shardmill.transforms.csv.units import lexicon_of
from shardmill.transforms.kernel.library import SLACK
from shardmill.transforms.records.lexer import lex
from shardmill.transforms.records.repair_names import Renamed, repair_names

# The most names among which a similar one is looked for, since each costs time.
_MOST_KNOWN = 1000
# Columns that no header names are called so.
_BY_POSITION = re.compile(r"column_[0-9]+")


@dataclass(frozen=True)
class Header:
    """A file's columns.

    Attributes:
        names: Their names, in order.
        renamed: Those whose name in the header was repaired.
        cells: The cells of the header's record, trimmed where the dialect says so, and an empty one
            where `Dialect.header_lacks` says that it lacks one. () means that the file has no
            header.
    """

    names: tuple[str, ...]
    renamed: tuple[Renamed, ...] = ()
    cells: tuple[str, ...] = ()


def parse_header(record: bytes, path: str, dialect: Dialect) -> Header:
    """Parses a header into the columns that it names.

    Spaces around the names are dropped, a name that the header lacks is empty, names are repaired
    if `dialect.header_names` says so, and `dialect.rename` is applied. Strict names may be lacking
    where `dialect.header_lacks` says so.

    Args:
        record: The record in UTF-8.
        path: The file's name, for messages.
        dialect: The file's dialect.

    Raises:
        DataError: It isn't UTF-8 text, a name has a NUL byte, or `dialect.rename` makes two names
            one; or, with strict names, one is empty or there twice.
    """
    try:
        record.decode()
    except UnicodeDecodeError as error:
        raise DataError(
            f"the header of {path!r} isn't text in the encoding {dialect.encoding!r} ({quoted(record)}); check [input] encoding, "
            "which `shardmill init` guesses"
        ) from error
    cells = _cells(record, dialect)
    names = [cell.strip() for cell in cells]
    controls = next((name for name in names if "\0" in name), None)
    if controls is not None:
        raise DataError(f"the header of {path!r} has a NUL byte in the name {quoted(controls)}; is it a text file?")
    if dialect.header_names == "strict":
        _check_names(names, path)
    repaired, renamed = repair_names(fill_header(names, dialect))
    columns = _rename(repaired, path, dialect)
    # Those that the configuration names are no surprise.
    named = dict(dialect.rename)
    return Header(
        tuple(columns), tuple(each for each in renamed if each.column not in named), fill_header(cells, dialect)
    )


def fill_header(cells: Sequence[str], dialect: Dialect) -> tuple[str, ...]:
    """Adds an empty cell where a header lacks one.

    Args:
        cells: The header's cells, or the names in them.
        dialect: The dialect, which says where.
    """
    if dialect.header_lacks is None:
        return tuple(cells)
    return ("", *cells) if dialect.header_lacks == "first" else (*cells, "")


# Many small files have the same header, and parsing it takes as long as parsing the rows of one.
@lru_cache(maxsize=16)
def _cells(record: bytes, dialect: Dialect) -> tuple[str, ...]:
    lexicon = lexicon_of(dialect)
    lexed = lex(np.frombuffer(record + bytes(SLACK), np.uint8)[: len(record)], lexicon, at_end=True)
    columns = [CellColumn.text(position) for position in range(int(lexed.cells[0]))]
    cells, _ = ColumnParser(lexicon.packed, (), columns).parse(Grid(lexed.data, lexed.separators, lexed.first))
    return tuple(cell[0].as_py() or "" for cell in cells)


def _check_names(names: Sequence[str], path: str) -> None:
    """Checks that each name is there, and once."""
    hint = (
        'give each column its own name in the first line; set [input] header_names = "repair", which names such columns; or set header = '
        "false and columns = [...], with skip_rows = 1 if that line isn't data"
    )
    empty = [position for position, name in enumerate(names, 1) if not name]
    if empty:
        raise DataError(f"the header of {path!r} has no name for column {listed(empty)} of {len(names)}; {hint}")
    first: dict[str, int] = {}
    for position, name in enumerate(names, 1):
        if first.setdefault(name, position) != position:
            twice = f"the name {quoted(name)} twice, for columns {first[name]} and {position}"
            raise DataError(f"the header of {path!r} has {twice}; {hint}")


def _rename(names: Sequence[str], path: str, dialect: Dialect) -> list[str]:
    """The columns that names in a header stand for."""
    columns: dict[str, str] = {}
    rename = dict(dialect.rename)
    for name in names:
        column = rename.get(name, name)
        if column in columns:
            raise DataError(
                f"the header of {path!r} has {quoted(columns[column])} and {quoted(name)}, which [input.rename] both makes the column "
                f"{quoted(column)}; a file may have one of them"
            )
        columns[column] = name
    return list(columns)


def other_delimiter(names: Sequence[str], dialect: Dialect) -> str | None:
    """The delimiter that a header seems to have instead.

    None means that there is none.

    Args:
        names: The names into which the dialect's delimiter cuts the header.
        dialect: The dialect.
    """
    header = dialect.delimiter.join(names)
    counts = {other: len(header.split(other)) for other in DELIMITERS if other != dialect.delimiter}
    best = max(counts, key=counts.__getitem__)
    return best if counts[best] >= 2 * len(names) else None


def match_columns(
    header: Header, known: Sequence[str], path: str, dialect: Dialect, optional: Collection[str] = ()
) -> dict[str, int]:
    """Finds the positions of the schema's columns in a file.

    A column that the file lacks isn't in the result.

    Args:
        header: The file's columns.
        known: The schema's columns.
        path: The file's name, for messages.
        dialect: Its dialect, which says whether a missing or an unknown column is an error.
        optional: Columns that a file may lack, whatever the dialect says.

    Raises:
        DataError: The file lacks a column or has an unknown one, and the dialect says that this is
            an error; or it has a column that it lacks in another spelling, or without a name at
            another position, which is always an error, since its values would be lost.
    """
    names = header.names
    positions = {name: position for position, name in enumerate(names)}
    missing = [name for name in known if name not in positions]
    wanted = set(known)
    extra = [name for name in names if name not in wanted]
    if dialect.header:
        _check_unnamed(missing, header, wanted, path)
        _check_spellings(missing, extra, path, dialect)
    if len(missing) == len(known) > 0 and dialect.header:
        other = other_delimiter(names, dialect)
        hint = f"set [input] delimiter = {json.dumps(other)}" if other else "check [input] delimiter"
        raise DataError(
            f"{path!r} has none of the columns {listed(known)}; its first line is {listed(names)}. If that line is data, set [input] "
            f"header = false and columns = [...]; if not, {hint}"
        )
    needed = [name for name in missing if name not in optional]
    if needed and dialect.missing_columns == "error":
        raise _lacking(needed, names, extra, path, dialect)
    if extra and dialect.extra_columns == "error":
        hint = did_you_mean(extra[0], (missing or known)[:_MOST_KNOWN])
        raise DataError(
            f"{path!r} has the column {listed(extra)}, which the schema doesn't have{hint or '.'} To "
            'ignore such columns set [input] extra_columns = "ignore"'
        )
    return {name: positions[name] for name in known if name in positions}


def _lacking(
    needed: Sequence[str], names: Sequence[str], extra: Sequence[str], path: str, dialect: Dialect
) -> DataError:
    """The error for a file that lacks columns.

    `extra` are those of its names that the schema doesn't have.
    """
    near = nearest(needed[0], extra[:_MOST_KNOWN])
    hint = "; its" if near is None else f"; did you mean {near!r}? Its"
    rename = ""
    if dialect.header and near is not None and _letters(near):
        rename = f"If {near!r} is {needed[0]!r}, set [input.rename] {_setting(near, needed[0])}. "
    return DataError(
        f"{path!r} lacks the column {listed(needed)}{hint} columns are {listed(names)}. {rename}To read "
        'missing columns as missing values set [input] missing_columns = "null"'
    )


def _check_unnamed(missing: Sequence[str], header: Header, known: Collection[str], path: str) -> None:
    """Checks that no missing column is elsewhere, without a name.

    Raises:
        DataError: A column that is named by its position may be another one without a name.
    """
    name = next(filter(_BY_POSITION.fullmatch, missing), None)
    other = next((each for each in header.renamed if not each.name and each.column not in known), None)
    if name is not None and other is not None:
        raise DataError(
            f"{path!r} lacks the column {name!r}, but has a column without a name, which is called {other.column!r} because it is at "
            f"position {other.position}; if it is the same column, set [input.rename] {_setting(other.column, name)}, and if it is "
            f"another, {_setting(other.column, other.column)}"
        )


def _check_spellings(missing: Sequence[str], extra: Sequence[str], path: str, dialect: Dialect) -> None:
    """Checks that no missing column is there in another spelling.

    Raises:
        DataError: One is, and `dialect.rename` doesn't say that this spelling is a column of its
            own.
    """
    columns = {_letters(name): name for name in reversed(missing)}
    own = {column for _, column in dialect.rename}
    for name in extra:
        column = columns.get(_letters(name))
        if column is not None and _letters(name) and name not in own:
            raise DataError(
                f"{path!r} lacks the column {quoted(column)}, but has {quoted(name)}, which differs in letter case, spaces or punctuation "
                f"only; if it is the same column, set [input.rename] {_setting(name, column)}, and if it is "
                f"another, {_setting(name, name)}"
            )


def _setting(name: str, column: str) -> str:
    """The setting in [input.rename] that gives a name its column."""
    return f"{json.dumps(name, ensure_ascii=False)} = {json.dumps(column, ensure_ascii=False)}"


def _letters(name: str) -> str:
    """The letters and digits of a name, case-folded.

    What people spell differently is left out: letter case, spaces, punctuation, characters that
    can't be seen, and the ways in which Unicode writes one letter. A name that has been misread
    gives nothing.
    """
    composed = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    seen = "".join(letter for letter in composed if unicodedata.category(letter) != "Cf")
    if not seen.isprintable() or {'"', "'", "\ufeff"} & set(name):
        return ""
    return "".join(filter(str.isalnum, seen))
