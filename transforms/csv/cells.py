"""Parses a chunk's records into columns of text with PyArrow.

Records that have too few or too many cells are kept apart.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.chunks import Chunk
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.header import parse_options
from shardmill.transforms.decoding.encodings import UTF8_MARK
from shardmill.transforms.records.lexicon import LF, Bytes, Positions

# Stands for a byte that isn't UTF-8 while the rest of its chunk is parsed.
_UNKNOWN = "?"
# What `pc.ascii_trim_whitespace` trims.
_WHITESPACE = " \t\n\v\f\r"
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True)
class Cells:
    """A chunk's cells.

    Attributes:
        columns: The text of the records with the right number of cells, by column name; null where
            missing.
        records: The index of each of these among the chunk's records.
        ragged: The index of each other record, and the number of its cells.
        undecodable: The rows of `columns` whose cell isn't UTF-8, with its bytes, by column name.
    """

    columns: dict[str, pa.Array]
    records: Positions
    ragged: list[tuple[int, int]] = field(default_factory=list)
    undecodable: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)


class CellParser:
    """Parses the chunks of one file.

    Attributes:
        nulls: The spellings of missing cells.
        positions: The position of each wanted column among a record's cells, by name.
    """

    def __init__(self, path: str, dialect: Dialect, width: int, positions: dict[str, int]) -> None:
        """Prepares what all chunks have in common.

        Args:
            path: The file's name, for messages.
            dialect: Its dialect.
            width: The number of cells of each record.
            positions: The position of each wanted column among a record's cells, by name.
        """
        self.nulls = pa.array(sorted({"", *dialect.null_values}), pa.string())
        self._path = path
        self._dialect = dialect
        self._width = width
        self.positions = positions
        self._names = [str(position) for position in range(width)]
        # Where no column is wanted, any one is read.
        self._wanted = [self._names[position] for position in positions.values()] or self._names[:1]

    def parse(self, chunk: Chunk, spans: tuple[Positions, Positions]) -> Cells:
        """Parses a chunk.

        Args:
            chunk: The chunk.
            spans: The starts and stops of its records.

        Raises:
            DataError: PyArrow and our lexer don't agree on the number of records: a defect in one
                of them, never passed over.
        """
        text = chunk.lexed.text[: len(chunk.data)]
        valid = _is_utf8(text)
        columns, ragged = self._read(text if valid else _readable(text), pa.string(), self._wanted)
        found = len(next(iter(columns.values()))) + len(ragged)
        if found != len(spans[0]):
            raise DataError(
                f"{self._path!r}, lines {chunk.first_line} to {chunk.first_line + chunk.lines}: the parser found {found} records where "
                f"there are {len(spans[0])}; this is a defect of shardmill: report it with these lines"
            )
        rows = np.delete(np.arange(found), [index for index, _ in ragged])
        undecodable = {} if valid else self._undecodable(text, columns, spans, ragged)
        wanted = {name: columns[str(position)] for name, position in self.positions.items()}
        if self._dialect.trim:
            wanted = {name: _trim(column, self.nulls) for name, column in wanted.items()}
        return Cells(wanted, rows, ragged, undecodable)

    def parse_whole(self, chunk: Chunk, spans: tuple[Positions, Positions], records: Positions) -> list[pa.Array]:
        """Parses all cells of some records.

        Args:
            chunk: The records' chunk.
            spans: The starts and stops of its records.
            records: The indices of records that have the right number of cells, ascending.

        Returns:
            string for each column of the file, trimmed as those that `parse` gives, none missing;
            text that isn't UTF-8 is unchanged.
        """
        text = chunk.lexed.text[: len(chunk.data)]
        depth = np.zeros(len(text) + 1, np.int8)
        depth[spans[0][records]] += 1
        depth[spans[1][records]] -= 1
        others = np.cumsum(depth[:-1], dtype=np.int8) == 0
        columns, _ = self._read(np.where(others, np.uint8(LF), text), pa.string(), self._names, with_nulls=False)
        whole = [columns[name] for name in self._names]
        return [pc.ascii_trim_whitespace(column) for column in whole] if self._dialect.trim else whole

    def trimmed(self, cell: str) -> str:
        """A cell as `parse` gives it, missing or not."""
        return cell.strip(_WHITESPACE) if self._dialect.trim else cell

    def _read(
        self, text: Bytes, cell_type: pa.DataType, wanted: list[str], *, with_nulls: bool = True
    ) -> tuple[dict[str, pa.Array], list[tuple[int, int]]]:
        """Reads some columns, and the ragged records.

        Columns are named by their position in a record.
        """
        ragged: list[tuple[int, int]] = []

        def skip(row: csv.InvalidRow) -> str:
            ragged.append((row.number - 1, row.actual_columns))
            return "skip"

        options = parse_options(self._dialect)
        options.invalid_row_handler = skip
        if text[0] == UTF8_MARK[0]:
            # PyArrow would remove a byte order mark; the file's own has been removed already, and
            # another is data.
            text = np.concatenate([np.array([LF], np.uint8), text])
        # `read_csv` would read on a thread of its own, which for a small file takes longer than all
        # else.
        reader = csv.open_csv(
            pa.BufferReader(pa.py_buffer(text)),
            # The whole chunk is one block, since PyArrow would cut it at newlines inside cells.
            read_options=csv.ReadOptions(use_threads=False, column_names=self._names, block_size=len(text) + 1),
            parse_options=options,
            convert_options=csv.ConvertOptions(
                check_utf8=False,
                column_types=dict.fromkeys(wanted, cell_type),
                null_values=self.nulls.to_pylist(),
                strings_can_be_null=with_nulls,
                quoted_strings_can_be_null=with_nulls,
                include_columns=wanted,
            ),
        )
        table = reader.read_all()
        return {name: _one(table.column(name)) for name in wanted}, ragged

    def _undecodable(
        self,
        text: Bytes,
        readable: dict[str, pa.Array],
        spans: tuple[Positions, Positions],
        ragged: Sequence[tuple[int, int]],
    ) -> dict[str, list[tuple[int, bytes]]]:
        """Finds the cells that aren't UTF-8.

        Their bytes in the original text differ from those in the readable one.
        """
        text = text.copy()
        for index, _ in ragged:
            text[spans[0][index] : spans[1][index]] = LF
        raw, _ = self._read(text, pa.binary(), self._wanted)
        found = {}
        for name, position in self.positions.items():
            before, after = raw[str(position)], readable[str(position)].cast(pa.binary())
            differs = pc.or_(
                pc.fill_null(pc.not_equal(before, after), fill_value=False),
                pc.xor(pc.is_null(before), pc.is_null(after)),
            )
            rows = np.flatnonzero(differs.to_numpy(zero_copy_only=False))
            if len(rows):
                found[name] = list(zip(rows.tolist(), pc.take(before, pa.array(rows)).to_pylist(), strict=True))
        return found


def _is_utf8(text: Bytes) -> bool:
    """Whether all of a text is UTF-8.

    If so, each of its cells is, too.
    """
    whole = pa.Array.from_buffers(
        pa.large_string(), 1, [None, pa.py_buffer(np.array([0, len(text)], np.int64)), pa.py_buffer(text)]
    )
    try:
        whole.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _readable(text: Bytes) -> Bytes:
    """Replaces each byte that isn't UTF-8.

    The replacement is one byte, so that all offsets stay the same.
    """
    decoded = _ESCAPED_BYTE.sub(_UNKNOWN, text.tobytes().decode("utf-8", "surrogateescape"))
    return np.frombuffer(decoded.encode(), np.uint8)


def _trim(column: pa.Array, nulls: pa.Array) -> pa.Array:
    trimmed = pc.ascii_trim_whitespace(column)
    return pc.if_else(pc.is_in(trimmed, value_set=nulls), pa.scalar(None, trimmed.type), trimmed)


def _one(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays([pa.array([], column.type), *column.chunks])
