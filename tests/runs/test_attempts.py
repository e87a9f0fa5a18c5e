"""Work that an engine has done more than once: a worker that was taken for dead may have done it, in part or whole, or still be at it."""

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from shardmill.schemas.errors import DataError, OutputError
from shardmill.transforms.features.registry import parse_features
from shardmill.transforms.graph import process
from shardmill.transforms.graph.derived_column import DeclaredGraph
from shardmill.transforms.tfrecord.parts import PartSegment
from shardmill.transforms.trace import Destination, _build
from shardmill.transforms.write import _assemble, _Piece
from tests.support.kinds import analyzed, batch_of, schema_of
from tests.support.runs import pipeline_result, unpublished
from tests.support.stores import hdfs

ROWS = 400
TOML = """
[input]
files = ["{folder}/*.csv"]
max_bad_fraction = 0.5
[features]
x = "z_score"
city = {{ kind = "vocabulary", num_oov_buckets = 1 }}
[output]
shards = 2
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration and its data."""
    for file in range(3):
        lines = "".join(f"{row % 11},city {row % 7}\n" for row in range(ROWS))
        (tmp_path / f"{file}.csv").write_text(f"x,city\n{lines}1,2,3\n")
    (tmp_path / "p.toml").write_text(TOML.format(folder=tmp_path))
    return tmp_path / "p.toml"


def test_every_stage_may_be_done_again(config: Path, tmp_path: Path, shared_tracer: None) -> None:
    """A job whose every stage has been done before, or half done, ends with the same bytes in every file, and no file more."""
    work = tmp_path / "work"
    pipeline_result(config, work)
    expected = unpublished(work)
    assert {"manifest.json", "rejected/rejected.jsonl.gz", "transform_fn/saved_model.pb"} < expected.keys()
    for path in expected:
        # What a rename or a TensorFlow of another attempt has put in place is whole; all else may have been cut off.
        if not path.startswith(("transform_fn", "transformed_metadata")):
            (work / path).write_bytes(b"half")
    shutil.copytree(work / "transform_fn", work / "parts" / "shardmill-graph-killed" / "transform_fn")
    (work / "parts" / "part-000000-killed").write_bytes(b"half")
    (work / "parts" / "train-00000-of-00002.tfrecord.gz-killed").write_bytes(b"half")
    pipeline_result(config, work)
    assert unpublished(work) == expected


@pytest.fixture
def destination(tmp_path: Path) -> Destination:
    """A run's folder, with what isn't whole yet below it."""
    (tmp_path / "run" / "parts").mkdir(parents=True)
    return Destination(str(tmp_path / "run"), str(tmp_path / "run" / "parts"))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory, shared_tracer: None) -> DeclaredGraph:
    """What a small graph is built from."""
    schema = schema_of(x="float", s="bytes")
    kinds = parse_features({"x": "z_score", "s": "vocabulary"}, schema)
    rows = batch_of(schema, {"x": [1.0, 3.0], "s": ["a", "b"]})
    return DeclaredGraph(kinds, schema, analyzed(kinds, schema, rows, tmp_path_factory.mktemp("statistics")))


def _inodes(folder: str) -> dict[str, int]:
    return {str(path): path.stat().st_ino for path in sorted(Path(folder).rglob("*"))}


def test_the_first_graph_in_place_stays(source: DeclaredGraph, destination: Destination) -> None:
    """A second attempt at the graph leaves the first one's files as they are, all of them, and none of its own anywhere."""
    with process.shared():
        _build(source, destination)
    first = _inodes(destination.folder)
    assert {Path(path).name for path in first} > {"transform_fn", "transformed_metadata", "saved_model.pb", "asset_map"}
    with process.shared():
        _build(source, destination)
    assert _inodes(destination.folder) == first
    assert os.listdir(destination.scratch) == []


def _bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_attempt_that_fails_leaves_the_other_ones_graph(
    source: DeclaredGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In HDFS, where a graph's files are put in place one by one, one that is there stays whole when another attempt fails halfway."""
    destination = Destination("hdfs://run", "hdfs://run/parts")
    (tmp_path / "run" / "parts").mkdir(parents=True)

    def fail(source: BinaryIO, target: BinaryIO) -> None:
        target.write(source.read()[:10])
        raise OSError(errno.ENOSPC, "no space")

    with hdfs.serve(tmp_path) as server, process.shared():
        monkeypatch.setattr(FileSystems, "_pipeline_options", PipelineOptions(list(server.beam_args)))
        _build(source, destination)
        whole = _bytes_of(tmp_path / "run")
        assert "transform_fn/saved_model.pb" in whole
        monkeypatch.setattr(shutil, "copyfileobj", fail)
        with pytest.raises(OutputError, match=r"can't write 'hdfs://run/transform.*no space"):
            _build(source, destination)
    assert _bytes_of(tmp_path / "run") == whole


def test_an_attempt_that_comes_too_late_writes_nothing(
    source: DeclaredGraph, destination: Destination, tmp_path: Path
) -> None:
    """Once what isn't whole has been removed, for publishing, a straggler's graph and shards go nowhere."""
    part = tmp_path / "part"
    part.write_bytes(b"abcd")
    grouped = ("train", 0, 1), [_Piece(0, str(part), PartSegment("train", 0, 1, 4, ((0, 4),)))]
    os.rmdir(destination.scratch)
    with pytest.raises(OutputError, match=r"can't write '.*train-00000-of-00001.tfrecord'"):
        _assemble(grouped, destination.folder, destination.scratch, compressed=False)
    with pytest.raises(OutputError, match=r"can't write '.*/parts'"):
        _build(source, destination)
    assert os.listdir(destination.folder) == []


def test_an_attempt_that_fails_leaves_the_other_ones_shard(destination: Destination, tmp_path: Path) -> None:
    """A shard that is there stays whole when another attempt at it fails halfway; what that wrote is gone."""
    part = tmp_path / "part"
    part.write_bytes(b"abcdef")

    def pieces() -> Iterator[_Piece]:
        yield _Piece(0, str(part), PartSegment("train", 0, 1, 4, ((0, 4),)))
        yield _Piece(1, str(part), PartSegment("train", 0, 1, 2, ((4, 2),)))

    key = ("train", 0, 1)
    written = _assemble((key, pieces()), destination.folder, destination.scratch, compressed=False)
    assert (written.rows, written.bytes) == (2, 6)
    part.write_bytes(b"abc")
    with pytest.raises(DataError, match="ends early"):
        _assemble((key, pieces()), destination.folder, destination.scratch, compressed=False)
    assert (Path(destination.folder) / written.file).read_bytes() == b"abcdef"
    assert os.listdir(destination.scratch) == []
