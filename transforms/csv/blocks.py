"""Blocks: a unit's rows as typed Arrow columns.

A block is a few megabytes of rows, along with those that had to be rejected.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.schemas.errors import DataError
from shardmill.schemas.messages import quoted
from shardmill.schemas.schema import ColumnType
from shardmill.transforms.csv.cell_columns import CellColumn, Grid
from shardmill.transforms.csv.cell_spellings import Counts, SpellingCounter
from shardmill.transforms.csv.cells import CellParser, Cells
from shardmill.transforms.csv.chunks import BLOCK_BYTES, HEADER_BYTES, Chunk, Chunks
from shardmill.transforms.csv.dialect import UNDECODABLE, Dialect
from shardmill.transforms.csv.header import Header, match_columns, parse_header
from shardmill.transforms.csv.held import changed
from shardmill.transforms.csv.record_faults import check_header_quotes, record_faults
from shardmill.transforms.csv.rejects import Faults, Origin, Reject, open_quote_hints, rows_of
from shardmill.transforms.csv.repeated_header import RepeatedHeader
from shardmill.transforms.csv.selection import Selection, UnitFilter
from shardmill.transforms.csv.units import FileRange, RangeScan, Unit, lexicon_of
from shardmill.transforms.decoding.encodings import Codec
from shardmill.transforms.decoding.text import HEAD_BYTES, Source, Stream, check_head
from shardmill.transforms.numbers.cast import Cast
from shardmill.transforms.numbers.refused import refused
from shardmill.transforms.records.repair_names import Renamed
from shardmill.transforms.records.skipped import Skipped
from shardmill.transforms.tfrecord.encode import Outputs

__all__ = ["BLOCK_BYTES", "Block", "Reject", "read_blocks", "read_header"]

_MISSING = "missing value in a column that must have one"
_UNFILTERED: Mapping[str, npt.NDArray[np.bool_]] = {}


@dataclass(frozen=True)
class Block:
    """Some rows of a unit, in the file's order.

    `read` is the number of records that were read, exactly.

    Attributes:
        columns: The good rows; the selection's columns, null where missing.
        key: What decides each row's split, as the selection's key reads it: UTF-8 text with "" for
            missing cells, or a time; None where the selection wants none.
        rejects: The rows that can't be used.
        size: Bytes of text read, in UTF-8.
        origin: The location of the good rows; None where there are none.
        infinite: The number of cells that spell infinity, by column, rejected rows included;
            columns without any are absent.
        rounded: The number of cells with a whole number that float32 can't hold, likewise.
        renamed: The file's columns whose name in the header was repaired.
        made: The outputs of a user's function for the good rows, as `Session.run` returns them;
            None where there is no function.
        spellings: The counts of the good rows' cells by spelling, as `SpellingCounter.count` gives
            them for the selection's columns; None where it wants none.
        filtered: The number of rows that the selection's filter left out, by setting.
        tracked: The text of each good row's tracked key; None where the selection tracks none.
        factors: For each good row the factor of its weight, float32; None where all are 1.
        downsampled: The number of rows of each value of which the filter leaves out some.
        first_record: The index in the unit of the first record that was read.
    """

    columns: pa.RecordBatch
    key: pa.Array | None
    rejects: list[Reject] = field(default_factory=list)
    size: int = 0
    origin: Origin | None = None
    infinite: Mapping[str, int] = field(default_factory=dict)
    rounded: Mapping[str, int] = field(default_factory=dict)
    renamed: tuple[Renamed, ...] = ()
    made: Outputs | None = None
    spellings: Counts | None = None
    filtered: Mapping[str, int] = field(default_factory=dict)
    tracked: pa.Array | None = None
    factors: npt.NDArray[np.float32] | None = None
    downsampled: Mapping[str, int] = field(default_factory=dict)
    first_record: int = 0

    @property
    def rows(self) -> int:
        """The number of good rows."""
        return int(self.columns.num_rows)

    @property
    def records(self) -> npt.NDArray[np.int64]:
        """int64: the index in the unit of each good row."""
        return self.first_record + (np.zeros(0, np.int64) if self.origin is None else self.origin.records)

    @property
    def read(self) -> int:
        """The number of all rows."""
        return self.rows + len(self.rejects) + sum(self.filtered.values())

    def without(self, faults: Faults, filtered: Mapping[str, npt.NDArray[np.bool_]] = _UNFILTERED) -> "Block":
        """The block with some good rows rejected, without `made`.

        Args:
            faults: The column at fault and what is wrong, by the row's index among the good ones.
            filtered: Marks good rows that are left out, by setting; a row that is marked several
                times counts for the first one.
        """
        if self.origin is None or not (faults or filtered):
            return replace(self, made=None)
        kept = np.ones(self.rows, np.bool_)
        kept[list(faults)] = False
        counts = dict(self.filtered)
        for setting, marked in filtered.items():
            if left_out := int((kept & marked).sum()):
                counts[setting] = counts.get(setting, 0) + left_out
            kept &= ~marked
        records = self.origin.records
        rejects = self.origin.rejects({int(records[row]): fault for row, fault in faults.items()})
        return replace(
            self,
            columns=_batch(
                [column.filter(pa.array(kept)) for column in self.columns.columns], self.columns.schema, int(kept.sum())
            ),
            key=self.key.filter(pa.array(kept)) if self.key is not None else None,
            rejects=sorted([*self.rejects, *rejects], key=lambda reject: reject.line),
            origin=replace(self.origin, records=records[kept]),
            made=None,
            filtered=counts,
            tracked=self.tracked.filter(pa.array(kept)) if self.tracked is not None else None,
            factors=self.factors[kept] if self.factors is not None else None,
        )


def read_blocks(
    stream: Source, unit: Unit, dialect: Dialect, selection: Selection, skipped: Skipped | None = None
) -> Iterator[Block]:
    """Reads a unit's rows as blocks of bounded size.

    A block has at most `BLOCK_BYTES` of text, or one record if that is larger.

    A row is rejected if it has too few or too many cells or text after the quote that closes one,
    begins with a byte order mark, repeats the header of two or more columns, has a cell that spells
    no value of its column's type or isn't text in the file's encoding, or lacks a value where one
    is required. A missing value is an empty cell or one of `dialect.null_values`, quoted or not,
    and "nan" in a column of numbers.

    Args:
        stream: The file as it is stored, at offset `unit.start`.
        unit: The unit to read.
        dialect: The file's dialect.
        selection: The columns to read.
        skipped: Counts the lines that are no rows, above the unit's header and among its rows. None
            means that nobody wants to know.

    Raises:
        DataError: The file isn't CSV text in this encoding, is damaged, has a header that doesn't
            fit, or ends inside a quoted cell.
    """
    text = Stream(stream, unit.path, dialect.encoding, start=unit.start, stop=unit.stop)
    chunks = Chunks(text, lexicon_of(dialect), unit.first_line, BLOCK_BYTES, skipped)
    header = _file_columns(chunks, unit, dialect, selection.names)
    if header is None:
        return
    parser = _BlockParser(unit, dialect, selection, header)
    for chunk in chunks:
        block = parser.parse(chunk)
        if block.read:
            yield block


def read_header(stream: Source, path: str, dialect: Dialect) -> Header:
    """Reads the names of a file's columns.

    They come from its header, or else from the dialect. An empty file that should have a header has
    no columns.

    Args:
        stream: The file as it is stored.
        path: Its name.
        dialect: Its dialect.

    Raises:
        DataError: As `read_blocks`.
    """
    chunks = Chunks(Stream(stream, path, dialect.encoding), lexicon_of(dialect), block_bytes=HEADER_BYTES)
    return _file_columns(chunks, Unit(0, 0, path), dialect, ()) or Header(())


def examine(scan: RangeScan, data: bytes, file_range: FileRange, dialect: Dialect, selection: Selection) -> RangeScan:
    """Checks the beginning of a file that has been scanned.

    Returns the scan. If its range begins the file, its `problem` is what `read_blocks` would find
    wrong there.

    Args:
        scan: The scan.
        data: The range's bytes.
        file_range: The range.
        dialect: The file's dialect.
        selection: The columns that will be read.
    """
    if file_range.start:
        return scan
    try:
        check_head(data[:HEAD_BYTES], file_range.path, dialect.encoding)
        record = None if scan.header is None else Codec.of(dialect.encoding).to_utf8(scan.header)
        header = None if scan.whole else _named(record, file_range.path, dialect, selection.names)
        if header is not None:
            match_columns(header, selection.names, file_range.path, dialect, selection.optional)
    except DataError as error:
        return replace(scan, problem=str(error))
    return scan


def _file_columns(chunks: Chunks, unit: Unit, dialect: Dialect, known: tuple[str, ...]) -> Header | None:
    """Reads the names of a file's columns.

    Whatever stands above the rows is taken off the chunks. None means that a header should be there
    but nothing is.
    """
    record = Codec.of(dialect.encoding).to_utf8(unit.header) if unit.header is not None else None
    if unit.start == 0:
        chunks.skip_mark()
        chunks.skip_lines(dialect.skip_rows)
        expected, record = record, chunks.take_record() if dialect.header else None
        if expected is not None and record != expected:
            raise changed(unit.path, f"the header {quoted(expected)}", quoted(record or b""))
    return _named(record, unit.path, dialect, known)


def _named(record: bytes | None, path: str, dialect: Dialect, known: tuple[str, ...]) -> Header | None:
    """The names of a file's columns, by header or dialect.

    The header's record is in UTF-8. None means that a header should be there but nothing is.
    """
    if not dialect.header:
        return Header(dialect.columns or known)
    if record is None:
        return None
    check_header_quotes(record, path, dialect)
    return parse_header(record, path, dialect)


class _BlockParser:
    """Parses the chunks of one file into blocks."""

    def __init__(self, unit: Unit, dialect: Dialect, selection: Selection, header: Header) -> None:
        positions = match_columns(header, selection.names, unit.path, dialect, selection.optional)
        self._path = unit.path
        self._filter = UnitFilter(selection.filter, unit) if selection.filter else None
        self._first_record = 0
        self._encoding = dialect.encoding
        self._selection = selection
        self._required = selection.required - selection.optional
        self._lists = {name: each for name, each in selection.lists.items() if name not in selection.optional}
        self._names = list(header.names)
        self._lexicon = lexicon_of(dialect)
        self._renamed = header.renamed
        self._cells = CellParser(
            dialect, selection, {name: positions[name] for name in selection.read if name in positions}
        )
        formats = dict(dialect.numbers)
        spelled = [
            CellColumn(positions[name], ColumnType.BYTES, number_format=formats.get(name))
            if name in positions
            else None
            for name in selection.spelled
        ]
        self._spellings = SpellingCounter(self._lexicon.packed, dialect.null_values, spelled) if spelled else None
        self._key = selection.key.begin(unit.index) if selection.key else None
        self._repeated = RepeatedHeader(header, dialect, selection.columns, positions)
        self._schema = pa.schema([(column.name, column.type.arrow) for column in selection.columns])

    def parse(self, chunk: Chunk) -> Block:
        """Parses a chunk's rows."""
        lexed = chunk.lexed
        if not len(lexed.first):
            return Block(_batch([pa.nulls(0, field.type) for field in self._schema], self._schema, 0), None)
        fits = lexed.cells == len(self._names)
        records, ragged = np.flatnonzero(fits), np.flatnonzero(~fits)
        grid = Grid(lexed.data[: lexed.stop], lexed.separators, lexed.first[fits] if len(ragged) else lexed.first)
        cells = self._cells.parse(grid, high=lexed.high)
        of_records = record_faults(chunk, self._lexicon, self._names)
        of_records |= self._ragged(chunk, [index for index in ragged.tolist() if index not in of_records])
        # Of several faults of a row, that of the whole row is told.
        faults = self._undecodable(cells) | self._repeated.rows(grid, cells) | rows_of(of_records, records)
        absent = {
            column.name: pa.nulls(len(records), column.type.arrow)
            for column in self._selection.converted
            if column.name not in cells.columns
        }
        columns = cells.columns | absent
        excluded = None
        if self._filter is not None:
            excluded = self._filter.excluded(columns, len(records), cells.notable, faults)
        self._add_faults(columns, cells.notable, faults, excluded)
        first, self._first_record = self._first_record, self._first_record + len(lexed.first)
        filtered = {}
        if self._filter is not None and excluded is not None:
            filtered = self._filter.left_out(excluded, cells.texts, first + records, faults)
        kept = np.ones(len(records), np.bool_)
        kept[list(faults)] = False
        for marked in filtered.values():
            kept &= ~marked
        key, unkeyed = self._key(cells.texts, kept) if self._key else (None, {})
        faults = unkeyed | faults
        downsampled = None if self._filter is None else self._filter.split_factors(columns, cells.texts, key)
        if downsampled is not None:
            filtered["downsample"] = downsampled.left_out
        if excluded is not None:
            faults = {row: fault for row, fault in faults.items() if not excluded[row]}
        origin = Origin(self._path, chunk, records)
        return Block(
            _batch([columns[column.name] for column in self._selection.columns], self._schema, len(records)),
            key,
            origin.rejects({index: of_records[index] for index in ragged.tolist()}),
            len(chunk.data),
            origin,
            {name: found.infinite for name, found in cells.notable.items() if found.infinite},
            {name: found.rounded for name, found in cells.notable.items() if found.rounded},
            self._renamed,
            spellings=self._count(grid, faults),
            tracked=self._selection.tracked and self._selection.tracked.join(cells.texts, len(records)),
            factors=None if downsampled is None else downsampled.factors,
            downsampled={} if downsampled is None else downsampled.counts,
            first_record=first,
        ).without(faults, filtered)

    def _count(self, grid: Grid, faults: Faults) -> Counts | None:
        """Counts the cells of rows without faults by spelling."""
        if self._spellings is None:
            return None
        return self._spellings.count(grid.take(np.delete(np.arange(len(grid)), list(faults))) if faults else grid)

    def _add_faults(
        self,
        columns: Mapping[str, pa.Array],
        notable: Mapping[str, Cast],
        faults: Faults,
        excluded: npt.NDArray[np.bool_] | None,
    ) -> None:
        """Adds bad, refused and missing cells.

        Missing ones of excluded rows, which may be most, aren't listed one by one. Of several
        faults of a row, that of the first column is told.
        """
        for column in self._selection.converted:
            name = column.name
            if name in notable:
                for row, reason in notable[name].reasons(column.type):
                    faults.setdefault(row, (name, reason))
            for refusal in sorted(self._selection.refused.get(name, ())):
                for row, reason in refused(columns[name], refusal):
                    faults.setdefault(row, (name, reason))
            for shape in sorted(self._lists.get(name, ())):
                for row, reason in shape.faults(columns[name]):
                    faults.setdefault(row, (name, reason))
            if name in self._required and columns[name].null_count:
                missing = columns[name].is_null().to_numpy(zero_copy_only=False)
                for row in np.flatnonzero(missing if excluded is None else missing & ~excluded).tolist():
                    faults.setdefault(row, (name, _MISSING))

    def _undecodable(self, cells: Cells) -> Faults:
        faults: Faults = {}
        for name, found in cells.undecodable.items():
            for row, data in found:
                faults.setdefault(row, (name, f"{UNDECODABLE} {self._encoding!r}, found {quoted(data)}"))
        return faults

    def _ragged(self, chunk: Chunk, ragged: list[int]) -> Faults:
        """The faults of records of another width."""
        records = np.array(ragged, np.int64)
        hints = open_quote_hints(chunk, records)
        expected = f"{len(self._names)} {'column' if len(self._names) == 1 else 'columns'}"
        return {
            record: (None, f"expected {expected}, found {found}{hint}")
            for record, found, hint in zip(ragged, chunk.lexed.cells[records].tolist(), hints, strict=True)
        }


def _batch(arrays: list[pa.Array], schema: pa.Schema, rows: int) -> pa.RecordBatch:
    """Makes a batch of rows, even without columns."""
    if arrays:
        return pa.RecordBatch.from_arrays(arrays, schema=schema)
    return pa.RecordBatch.from_struct_array(pa.nulls(rows, pa.struct([])))
