"""Guesses a dialect and reads with it, as `init` and `run` do one after the other."""

import io
from dataclasses import dataclass

from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.csv.blocks import read_header
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.rejects import Reject
from shardmill.transforms.scoring.samples import Sample
from shardmill.transforms.sniff.decision import Decision
from shardmill.transforms.sniff.sniff import sniff
from tests.support.csv.csv_blocks import read, rejects, select_columns


@dataclass(frozen=True)
class Table:
    """A file as it is read in the dialect that was guessed for it."""

    dialect: Dialect
    decisions: dict[str, Decision]
    names: list[str]
    rows: list[tuple[str | None, ...]]
    rejected: list[Reject]

    @property
    def sure(self) -> bool:
        """Whether all decisions are."""
        return all(decision.sure for decision in self.decisions.values())


def read_sniffed(text: str | bytes, **given: object) -> Table:
    """Reads a file, all columns as text, in the dialect that is guessed for it."""
    data = text.encode() if isinstance(text, str) else text
    sniffed = sniff([Sample("f.csv", data, complete=True)], given)
    names = list(read_header(io.BytesIO(data), "f.csv", sniffed.dialect).names)
    selection = select_columns(tuple(Column(name, ColumnType.BYTES) for name in names))
    found = read(data, selection, sniffed.dialect)
    rows = [tuple(row.values()) for block in found for row in block.columns.to_pylist()]
    return Table(sniffed.dialect, {each.subject: each for each in sniffed.decisions}, names, rows, rejects(found))
