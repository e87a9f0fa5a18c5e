"""Statistics of files, and the cells that don't fit."""

import itertools
import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from shardmill.pipelines.validate import measured as measured_module
from shardmill.pipelines.validate.column_values import BadCells, ColumnValues
from shardmill.pipelines.validate.dataset import dataset_of
from shardmill.pipelines.validate.measured import Measured, Measuring
from shardmill.schemas.schema import Column, ColumnType, Schema
from shardmill.transforms.csv.blocks import Block
from shardmill.transforms.csv.units import Unit

COLUMNS = (Column("n", ColumnType.INT), Column("f", ColumnType.FLOAT), Column("t", ColumnType.BYTES))
UNIT = Unit(0, 0, "a.csv")


def block(rows: int, seed: int) -> Block:
    """Rows of text, in which one cell in eight is odd and one in eight is missing."""
    random = np.random.default_rng(seed)

    def column(plain: list[str]) -> pa.Array:
        odd = random.integers(0, 8, rows).tolist()
        values = [{0: None, 1: f"x{value}"}.get(each, value) for value, each in zip(plain, odd, strict=True)]
        return pa.array(values, pa.string())

    columns = pa.RecordBatch.from_pydict(
        {
            "n": column([str(value) for value in random.integers(0, 9, rows)]),
            "f": column([f"{value:.3f}" for value in random.normal(size=rows)]),
            "t": column([f"w{value}" for value in random.integers(0, 50, rows)]),
        }
    )
    return Block(columns, None, size=columns.nbytes)


def measured_of(folder: Path, *groups: list[Block]) -> Measured:
    """What workers find that each have some of the blocks, merged."""
    making = Measuring(COLUMNS, ("",), str(folder))
    whole = making.nothing(("n", "f", "t"))
    for group in groups:
        part = making.nothing(("n", "f", "t"))
        part.add(UNIT, group)
        whole.merge(pickle.loads(pickle.dumps(part)))
    return whole


def test_statistics_do_not_depend_on_the_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However blocks are dealt, and whether counts are in files, the statistics are the same bytes."""
    blocks = [block(40, seed) for seed in range(6)]
    schema = Schema(COLUMNS)
    found = {dataset_of(measured_of(tmp_path, blocks), schema, {}, ("new",)).SerializeToString(deterministic=True)}
    for order in itertools.islice(itertools.permutations(blocks), 0, 720, 143):
        groups = [list(order[:2]), list(order[2:3]), list(order[3:])]
        found.add(
            dataset_of(measured_of(tmp_path, *groups), schema, {}, ("new",)).SerializeToString(deterministic=True)
        )
    monkeypatch.setattr(measured_module, "_COLUMN_BYTES", 0)
    inspected = measured_of(tmp_path, *([each] for each in blocks))
    assert len(inspected.runs) >= len(blocks)
    found.add(dataset_of(inspected, schema, {}, ("new",)).SerializeToString(deterministic=True))
    assert len(found) == 1


def test_statistics_are_those_of_the_cells(tmp_path: Path) -> None:
    """Counts, missing and bad cells, extremes and values, by hand."""
    columns = pa.RecordBatch.from_pydict(
        {"n": ["1", "x", None, "3"], "f": ["0.5", "2", "nan", " 7 "], "t": ["b", "a", "b", None]},
        schema=pa.schema([(name, pa.string()) for name in "nft"]),
    )
    dataset = dataset_of(measured_of(tmp_path, [Block(columns, None)]), Schema(COLUMNS), {}, ())
    n, f, t = dataset.features
    assert dataset.num_examples == 4
    assert (n.num_stats.common_stats.num_non_missing, n.num_stats.common_stats.num_missing) == (3, 1)
    assert (n.num_stats.min, n.num_stats.max, n.custom_stats[0].num) == (1, 3, 1)
    assert [bucket.label for bucket in n.custom_stats[1].rank_histogram.buckets] == ["x"]
    assert (f.num_stats.common_stats.num_missing, f.num_stats.min, f.num_stats.max) == (1, 0.5, 7)
    assert [(bucket.label, bucket.sample_count) for bucket in t.string_stats.rank_histogram.buckets] == [
        ("b", 2),
        ("a", 1),
    ]
    assert t.string_stats.unique == 2


def test_samples_of_bad_cells_are_few_and_in_order() -> None:
    """They are the first in alphabetical order, truncated, whatever the order of the cells."""
    one, two = BadCells(), BadCells()
    one.update(pa.array(["z", "b", "y" * 100, "b"]))
    two.update(pa.array([f"c{index}" for index in range(9)]))
    one.merge(two)
    assert (one.count, one.samples) == (13, ("b", "c0", "c1", "c2", "c3"))
    long = BadCells()
    long.update(pa.array(["y" * 100]))
    assert long.samples == ("y" * 40,)


@pytest.mark.parametrize("odd", ["inf", " 3", "nan", "1e999", "0x1p3", "x", "+3"])
def test_floats_are_read_as_a_run_reads_them(odd: str) -> None:
    """The quick way for plain numbers gives what `cast` gives, with one odd cell or without."""
    column = Column("f", ColumnType.FLOAT)
    plain = pa.table({"f": ["1.5", None, "2e3"]})
    alone = ColumnValues((column,), ("",)).read(plain).column(0)
    beside = ColumnValues((column,), ("",)).read(pa.table({"f": ["1.5", None, "2e3", odd]})).column(0)
    assert beside.slice(0, 3).equals(alone)
    assert alone.to_pylist() == [1.5, None, 2000.0]
