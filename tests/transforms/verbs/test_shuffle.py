"""What travels between the stages: accumulators, tables and descriptions, whatever the number of rows."""

import pickle
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pytest
from apache_beam.runners.portability.fn_api_runner import execution

from shardmill.pipelines.job import stages
from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms import analyze
from shardmill.transforms.analyze import QuantileKey, Reading, TokenKey, _AnalyzeUnit, _merge_quantiles, _merge_tokens
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.kinds.registry import parse_features
from shardmill.transforms.rows.splits import SplitRule
from shardmill.transforms.statistics import tokens as tokens_module
from shardmill.transforms.statistics.quantiles import Quantiles
from shardmill.transforms.statistics.requests import NumericRequest, VocabularyRequest
from shardmill.transforms.trace import Features, _select
from tests.support.csv.csv_blocks import select_columns
from tests.support.kinds import schema_of
from tests.support.runs import pipeline_result, unpublished

FILES = 6
TOML = """
[input]
files = ["{folder}/*.csv"]
[features]
x = "z_score"
y = {{ kind = "bucketize", num_buckets = 4 }}
city = {{ kind = "vocabulary", num_oov_buckets = 1 }}
[output]
shards = 3
"""


@dataclass(frozen=True)
class Crossing:
    """What crossed in a run: elements by PCollection, fused ones among them, and bytes by the boundary between stages."""

    elements: dict[str, int]
    size: dict[str, int]


def _config(folder: Path, rows: int, tokens: int) -> Path:
    """A configuration, and its files of so many rows, one unit each, in which so many tokens are."""
    folder.mkdir()
    for file in range(FILES):
        lines = (f"{row % 97 / 7},{row % 89},city {row % tokens:06d}\n" for row in range(rows))
        (folder / f"{file}.csv").write_text("x,y,city\n" + "".join(lines))
    (folder / "p.toml").write_text(TOML.format(folder=folder))
    return folder / "p.toml"


def _crossing(config: Path) -> Crossing:
    """What crosses in a run."""
    names: dict[int, str] = {}
    size: Counter[str] = Counter()
    with pytest.MonkeyPatch.context() as patch:
        get = execution.BundleContextManager.get_buffer

        def named(self: execution.BundleContextManager, buffer_id: bytes, transform_id: str) -> object:
            buffer = get(self, buffer_id, transform_id)
            names[id(buffer)] = transform_id
            return buffer

        patch.setattr(execution.BundleContextManager, "get_buffer", named)
        for kind in (execution.ListBuffer, execution.GroupingBuffer):
            _count(patch, kind, names, size)
        result = pipeline_result(config, config.parent / "work")
    elements: Counter[str] = Counter()
    for info in result.monitoring_infos():
        if info.urn == "beam:metric:element_count:v1":
            elements[info.labels["PCOLLECTION"]] = beam.coders.VarIntCoder().decode(info.payload)
    return Crossing(dict(elements), dict(size))


def _count(patch: pytest.MonkeyPatch, kind: type, names: dict[int, str], size: Counter[str]) -> None:
    append = kind.append

    def counted(self: object, data: bytes) -> None:
        size[names.get(id(self), "")] += len(data)
        append(self, data)

    patch.setattr(kind, "append", counted)


@pytest.fixture(scope="module")
def crossings(tmp_path_factory: pytest.TempPathFactory, shared_tracer: None) -> dict[str, Crossing]:
    """Runs with the same number of units: few rows, ten times as many, and those with thirty times as many tokens."""
    folder = tmp_path_factory.mktemp("crossing")
    return {
        "few rows": _crossing(_config(folder / "few", 600, 100)),
        "many rows": _crossing(_config(folder / "many", 6000, 100)),
        "many tokens": _crossing(_config(folder / "tokens", 6000, 3000)),
    }


def test_no_stage_passes_on_more_elements_for_more_rows(crossings: dict[str, Crossing]) -> None:
    """Ten times the rows, and thirty times the tokens, are as many elements in every PCollection of the job."""
    few = crossings["few rows"].elements
    assert sum(few.values()) < 200
    assert crossings["many rows"].elements == few
    assert crossings["many tokens"].elements == few


def test_no_boundary_carries_more_bytes_for_more_rows(crossings: dict[str, Crossing]) -> None:
    """Ten times the rows are the same bytes at every boundary between stages, but for the digits of larger counts."""
    few, many = crossings["few rows"].size, crossings["many rows"].size
    assert {"AnalyzeUnits/GroupTokens/Write", "WriteShards/GroupPieces/Write"} <= few.keys()
    assert few.keys() == many.keys()
    assert {name: size for name, size in many.items() if size > 1.05 * few[name] + 8} == {}


def test_a_vocabulary_crosses_as_its_distinct_tokens(crossings: dict[str, Crossing]) -> None:
    """A worker hands on each token of its bundle once, in tables: the bytes are those of the tokens and their counts."""
    boundary = "AnalyzeUnits/GroupTokens/Write"
    other = crossings["many rows"].size[boundary]
    workers, token = 2, len("city 000000") + 12
    assert crossings["many tokens"].size[boundary] < other + workers * 3000 * token * 1.05


def _table(tokens: int, length: int) -> pa.Table:
    names = [b"%0*d" % (length, token) for token in range(tokens)]
    return pa.table([names, np.arange(tokens)], schema=tokens_module.SCHEMA)


def test_how_tokens_travel_changes_no_byte(
    tmp_path: Path, shared_tracer: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many hash partitions, and tables that leave before a bundle's end, give the same bytes in every file."""
    config = _config(tmp_path / "in", 600, 100)
    pipeline_result(config, tmp_path / "whole")
    monkeypatch.setattr(stages, "_PARTITION_BYTES", 10_000)
    monkeypatch.setattr(analyze, "HELD_BYTES", 0)
    pipeline_result(config, tmp_path / "cut")
    assert unpublished(tmp_path / "cut") == unpublished(tmp_path / "whole")


def test_selected_tokens_travel_in_chunks() -> None:
    """What is selected of a hash partition for the graph is no element of more than 32 MB; all tokens are counted once."""
    schema = schema_of(s="bytes")
    features = Features(parse_features({"s": "vocabulary"}, schema), schema)
    (request,) = features.requests
    assert isinstance(request, VocabularyRequest)
    table = _table(50_000, 1000)
    selected = list(_select(((request.name, 0), table), {request.name: request}))
    assert all(len(pickle.dumps(each)) < 32e6 for each in selected)
    assert sum(each.total for each in selected) == tokens_module.total(table)
    assert sum(each.distinct for each in selected) == 50_000
    assert sum(each.table.num_rows for each in selected) == 50_000


def test_merged_counts_travel_as_their_own_bytes() -> None:
    """Of many tokens, too: pickled, no chunk of a merged table takes the buffer of all chunks along."""
    key, merged = _merge_tokens(("s", 0), [_table(200_000, 10), _table(100_000, 10)])
    assert merged.num_rows == 200_000
    assert len(pickle.dumps((key, merged))) < 1.05 * merged.nbytes


def test_tokens_that_are_too_rare_are_counted_too() -> None:
    """A hash partition without a token for the vocabulary is passed on all the same: its tokens are part of the total."""
    schema = schema_of(s="bytes")
    kinds = parse_features({"s": {"kind": "vocabulary", "frequency_threshold": 99}}, schema)
    (request,) = Features(kinds, schema).requests
    assert isinstance(request, VocabularyRequest)
    (selected,) = _select(((request.name, 0), _table(50, 10)), {request.name: request})
    assert (selected.table.num_rows, selected.distinct, selected.total) == (0, 50, sum(range(50)))


@dataclass(frozen=True)
class Pieces:
    """What left a bundle, by key, and how many tables of tokens left before its end."""

    early: int
    tokens: dict[TokenKey, list[pa.Table]]
    quantiles: dict[QuantileKey, list[Quantiles]]


def _pieces(units: Sequence[Unit], partitions: int = 1) -> Pieces:
    """A bundle's pieces."""
    columns = (Column("x", ColumnType.FLOAT), Column("s", ColumnType.BYTES))
    requests = (NumericRequest("x", quantiles=True), VocabularyRequest("s", ("s",)))
    reading = Reading(dialect=Dialect(), selection=select_columns(columns), split_rule=SplitRule(("train",)))
    bundle = _AnalyzeUnit(reading, requests, partitions, "analyze")
    bundle.start_bundle()
    early = [each.value for unit in units for each in bundle.process(unit) if getattr(each, "tag", "") == "tokens"]
    found = Pieces(len(early), {}, {})
    late = [(each.tag, each.value.value) for each in bundle.finish_bundle()]
    for key, counts in (*early, *(value for tag, value in late if tag == "tokens")):
        found.tokens.setdefault(key, []).append(counts)
    for place, quantiles in (value for tag, value in late if tag == "quantiles"):
        found.quantiles.setdefault(place, []).append(quantiles)
    return found


@pytest.fixture
def units(tmp_path: Path) -> list[Unit]:
    """Three files with much the same tokens."""
    for file in range(3):
        (tmp_path / f"{file}.csv").write_text("x,s\n" + "".join(f"{row},{row % (40 + file)}\n" for row in range(200)))
    return [Unit(file, file, str(tmp_path / f"{file}.csv")) for file in range(3)]


def test_a_bundle_of_many_units_holds_a_bounded_amount_of_tokens(
    units: list[Unit], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tokens leave when they take too much memory, before the bundle's end, and add up to the same counts."""
    whole = _pieces(units)
    assert whole.early == 0
    monkeypatch.setattr(analyze, "HELD_BYTES", 0)
    cut = _pieces(units)
    assert cut.early == 3
    assert len(whole.tokens["s", 0]) == 1
    merged = [dict(_merge_tokens(("s", 0), found.tokens["s", 0])[1].to_pandas().to_numpy()) for found in (whole, cut)]
    assert merged[0] == merged[1]
    assert sum(merged[0].values()) == 600


def test_each_key_is_merged_by_itself(units: list[Unit]) -> None:
    """Tokens are keyed by column and hash partition, never by token, and quantiles by their place; merging gives what one bundle has."""
    whole = _pieces(units, 4)
    assert set(whole.tokens) == {("s", partition) for partition in range(4)}
    assert set(whole.quantiles) == {0}
    alone = [_pieces([unit], 4) for unit in units]
    for key, (expected,) in whole.tokens.items():
        _, counts = _merge_tokens(key, [piece for found in alone for piece in found.tokens.get(key, [])])
        assert counts.sort_by("token").equals(expected.sort_by("token"))
    _, merged = _merge_quantiles(0, [piece for found in alone for piece in found.quantiles[0]])
    (one,) = whole.quantiles[0]
    assert merged.ranked().values.tolist() == one.ranked().values.tolist() == list(range(200))
    assert merged.ranked().count == 600
