"""What travels between the stages: accumulators and descriptions of files, whatever the number of rows and tokens."""

import pickle
import weakref
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.runners.portability.fn_api_runner import execution

from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms import analyze, select_tokens
from shardmill.transforms.analyze import QuantileKey, _AnalyzeUnit, _merge_quantiles
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.reading import Reading
from shardmill.transforms.rows.splits import SplitRule
from shardmill.transforms.statistics import token_files
from shardmill.transforms.statistics.quantiles import Quantiles
from shardmill.transforms.statistics.requests import NumericRequest, VocabularyRequest
from shardmill.transforms.statistics.token_files import Run
from tests.support.csv.csv_blocks import select_columns
from tests.support.runs import pipeline_result, unpublished
from tests.transforms.statistics.token_tables import merge_counts

FILES = 6
# In the pickle of any Arrow array, record batch or table.
ARRAY = b"_restore_array"
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
    """What crossed in a run: elements by PCollection, fused ones among them; bytes by boundary; boundaries that Arrow's arrays cross."""

    elements: dict[str, int]
    size: dict[str, int]
    arrow: set[str]


SCHEMA = """
feature { name: "x" type: FLOAT }
feature { name: "y" type: INT }
feature { name: "city" type: BYTES }
"""


def _config(folder: Path, rows: int, tokens: int, *, schema: bool = False) -> Path:
    """A configuration, and its files of so many rows, one unit each and all one batch, in which so many tokens are."""
    folder.mkdir()
    (folder / "schema.pbtxt").write_text(SCHEMA)
    for file in range(FILES):
        lines = (f"{row % 97 / 7},{row % 89},city {row % tokens:06d}\n" for row in range(rows))
        (folder / f"{file}.csv").write_text("x,y,city\n" + "".join(lines))
    toml = TOML.format(folder=folder)
    if schema:
        toml = toml.replace("[features]", f'schema = "{folder}/schema.pbtxt"\n[features]')
    (folder / "p.toml").write_text(toml)
    return folder / "p.toml"


def _crossing(config: Path) -> Crossing:
    """What crosses in a run, tokens in files."""
    names: dict[int, str] = {}
    size: Counter[str] = Counter()
    arrow: set[str] = set()
    with pytest.MonkeyPatch.context() as patch:
        get = execution.BundleContextManager.get_buffer

        def named(self: execution.BundleContextManager, buffer_id: bytes, transform_id: str) -> object:
            buffer = get(self, buffer_id, transform_id)
            names[id(buffer)] = transform_id
            return buffer

        patch.setattr(execution.BundleContextManager, "get_buffer", named)
        patch.setattr(token_files, "_SMALL_BYTES", 0)
        for kind in (execution.ListBuffer, execution.GroupingBuffer):
            _count(patch, kind, names, size, arrow)
        result = pipeline_result(config, config.parent / "work")
    elements: Counter[str] = Counter()
    for info in result.monitoring_infos():
        if info.urn == "beam:metric:element_count:v1":
            elements[info.labels["PCOLLECTION"]] = beam.coders.VarIntCoder().decode(info.payload)
    return Crossing(dict(elements), dict(size), arrow)


def _count(patch: pytest.MonkeyPatch, kind: type, names: dict[int, str], size: Counter[str], arrow: set[str]) -> None:
    append = kind.append

    def counted(self: object, data: bytes) -> None:
        size[names.get(id(self), "")] += len(data)
        if ARRAY in data:
            arrow.add(names.get(id(self), ""))
        append(self, data)

    patch.setattr(kind, "append", counted)


@pytest.fixture(scope="module")
def crossings(tmp_path_factory: pytest.TempPathFactory, shared_tracer: None) -> dict[str, Crossing]:
    """Runs with the same number of units: few rows, and ten times as many; with a schema few tokens, and thirty times as many."""
    folder = tmp_path_factory.mktemp("crossing")
    return {
        "few rows": _crossing(_config(folder / "few", 400, 100)),
        "many rows": _crossing(_config(folder / "many", 4000, 100)),
        "few tokens": _crossing(_config(folder / "few tokens", 4000, 100, schema=True)),
        "many tokens": _crossing(_config(folder / "many tokens", 4000, 3000, schema=True)),
    }


@pytest.mark.parametrize("more", ["rows", "tokens"])
def test_no_stage_passes_on_more_elements(crossings: dict[str, Crossing], more: str) -> None:
    """Ten times the rows, or thirty times the tokens, are as many elements in every PCollection of the job."""
    few = crossings[f"few {more}"].elements
    assert sum(few.values()) < 200
    assert crossings[f"many {more}"].elements == few


@pytest.mark.parametrize("more", ["rows", "tokens"])
def test_no_boundary_carries_more_bytes(crossings: dict[str, Crossing], more: str) -> None:
    """Ten times the rows, or thirty times the tokens, are the same bytes at every boundary, but for what is bounded.

    Larger numbers have more digits, and the statistics of ids count up to 2,048 of them one by one.
    """
    few, many = crossings[f"few {more}"].size, crossings[f"many {more}"].size
    assert {"TraceGraph/SelectTokens/GroupRuns/Write", "WriteShards/GroupPieces/Write"} <= few.keys()
    assert few.keys() == many.keys()
    bounded = 32 + (16 * 2048 if more == "tokens" else 0)
    assert {name: size for name, size in many.items() if size > 1.05 * few[name] + bounded} == {}


def test_no_arrow_array_crosses(crossings: dict[str, Crossing]) -> None:
    """Pickled, a slice of an Arrow array takes the whole buffer along: none is pickled, in any stage."""
    assert ARRAY in pickle.dumps(pa.table({"x": pa.array([1])}))
    assert {name: crossing.arrow for name, crossing in crossings.items() if crossing.arrow} == {}


def test_how_tokens_travel_changes_no_byte(
    tmp_path: Path, shared_tracer: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many hash partitions, counts written after every block, and many batches give the same bytes in every file."""
    config = _config(tmp_path / "in", 600, 100)
    pipeline_result(config, tmp_path / "whole")
    monkeypatch.setattr(analyze, "COLUMN_BYTES", 0)
    monkeypatch.setattr(token_files, "_SMALL_BYTES", 0)
    monkeypatch.setattr(token_files, "_SECTION_BYTES", 300)
    monkeypatch.setattr(select_tokens, "_MERGE_BYTES", 1000)
    monkeypatch.setattr(select_tokens, "_RANKING_BYTES", 500)
    pipeline_result(config, tmp_path / "cut")
    assert unpublished(tmp_path / "cut") == unpublished(tmp_path / "whole")


@dataclass(frozen=True)
class Pieces:
    """What left a bundle, by key, and how many runs of tokens left before its end."""

    early: int
    tokens: dict[str, list[Run]]
    quantiles: dict[QuantileKey, list[Quantiles]]

    def counts(self) -> dict[bytes, int]:
        """The counts of all runs of `s`."""
        merged = merge_counts([run.share(0, 0).read(0, 0) for run in self.tokens["s"]])
        return dict(zip(merged["token"].to_pylist(), merged["count"].to_pylist(), strict=True))


def _pieces(units: Sequence[Unit], folder: Path) -> Pieces:
    """A bundle's pieces."""
    columns = (Column("x", ColumnType.FLOAT), Column("s", ColumnType.BYTES))
    requests = (
        NumericRequest("x", quantiles=True),
        VocabularyRequest("s", ("s",)),
        VocabularyRequest("top", ("s",), top_k=1),
    )
    reading = Reading(dialect=Dialect(), selection=select_columns(columns), split_rule=SplitRule(("train",)))
    bundle = _AnalyzeUnit(reading, requests, str(folder), "analyze", None)
    bundle.start_bundle()
    early = [each.value for unit in units for each in bundle.process(unit) if getattr(each, "tag", "") == "tokens"]
    found = Pieces(len(early), {}, {})
    late = [(each.tag, each.value.value) for each in bundle.finish_bundle()]
    for name, run in (*early, *(value for tag, value in late if tag == "tokens")):
        found.tokens.setdefault(name, []).append(run)
    for place, quantiles in (value for tag, value in late if tag == "quantiles"):
        found.quantiles.setdefault(place, []).append(quantiles)
    return found


@pytest.fixture
def units(tmp_path: Path) -> list[Unit]:
    """Three files with much the same tokens."""
    for file in range(3):
        (tmp_path / f"{file}.csv").write_text("x,s\n" + "".join(f"{row},{row % (40 + file)}\n" for row in range(200)))
    return [Unit(file, file, str(tmp_path / f"{file}.csv")) for file in range(3)]


@pytest.mark.parametrize("bound", ["COLUMN_BYTES", "HELD_BYTES"])
def test_a_bundle_of_many_units_holds_a_bounded_amount_of_tokens(
    bound: str, units: list[Unit], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tokens are written when a column's, or all of them, take too much memory, before the bundle's end, and add up to the same counts."""
    whole = _pieces(units, tmp_path)
    assert whole.early == 0
    monkeypatch.setattr(analyze, "LEAST_HELD_BYTES", 0)
    monkeypatch.setattr(analyze, bound, 1)
    cut = _pieces(units, tmp_path)
    assert cut.early == 6
    assert whole.counts() == cut.counts()
    assert sum(cut.counts().values()) == 600


def test_bundles_share_the_memory_of_a_process(
    units: list[Unit], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two bundles at a time each hold half of the tokens that one alone may hold, but no less than suits each."""
    monkeypatch.setattr(analyze, "_bundles", weakref.WeakSet())
    monkeypatch.setattr(analyze, "HELD_BYTES", 4000)
    monkeypatch.setattr(analyze, "LEAST_HELD_BYTES", 0)
    assert _pieces(units[:1], tmp_path).early == 0
    other = _AnalyzeUnit(
        Reading(dialect=Dialect(), selection=select_columns(()), split_rule=SplitRule(("train",))), (), "", "", None
    )
    other.start_bundle()
    assert _pieces(units[:1], tmp_path).early == 2
    list(other.finish_bundle())
    assert _pieces(units[:1], tmp_path).early == 0
    other.start_bundle()
    monkeypatch.setattr(analyze, "LEAST_HELD_BYTES", 4000)
    assert _pieces(units[:1], tmp_path).early == 0


def test_vocabularies_of_the_same_counts_share_a_run(units: list[Unit], tmp_path: Path) -> None:
    """Counts that two vocabularies share are counted and written once, and are keyed by both."""
    found = _pieces(units, tmp_path)
    assert found.tokens["s"] == found.tokens["top"]
    assert len(found.tokens["s"]) == 1


def test_quantiles_are_merged_by_key(units: list[Unit], tmp_path: Path) -> None:
    """Quantiles are keyed by their place; merging gives what one bundle has."""
    whole = _pieces(units, tmp_path)
    assert set(whole.quantiles) == {0}
    alone = [_pieces([unit], tmp_path) for unit in units]
    _, merged = _merge_quantiles(0, [piece for found in alone for piece in found.quantiles[0]])
    (one,) = whole.quantiles[0]
    assert merged.ranked().values.tolist() == one.ranked().values.tolist() == list(range(200))
    assert merged.ranked().count == 600
