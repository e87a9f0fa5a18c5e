"""The job graph that a distributed engine gets: as many stages for 2,000 columns as for 10, small, and nothing of this machine in it."""

import base64
import binascii
import bz2
import re
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.portability.api import beam_runner_api_pb2

from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.beam_options import pipeline_options
from shardmill.pipelines.engines.dataflow import dataflow_args
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.job.run_job import prepare_job
from shardmill.pipelines.job.stages import build_stages
from shardmill.pipelines.run import make_job
from shardmill.schemas.schema import Column, ColumnType, Schema
from shardmill.schemas.schema_pbtxt import format_schema
from tests.support.locations import ROOT
from tests.support.needs import needs_google

# Dataflow takes 10 MB; a graph that travels to each worker had better be small.
LARGEST = 1_000_000
ARGS = [
    "--project=some-project",
    "--region=us-central1",
    "--sdk_container_image=registry.test/shardmill:1",
    "--dry_run=True",
]
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{40,}={0,2}")


@pytest.fixture(scope="module", autouse=True)
def google() -> None:
    """Google's clients."""
    needs_google()


def plan_graph(folder: Path, columns: int) -> beam_runner_api_pb2.Pipeline:
    """The graph that Dataflow gets of the main job on so many columns: z-scores and vocabularies by turns, with long names."""
    names = [f"feature_{zlib.crc32(str(index).encode()):08x}_of_group_{index % 7}" for index in range(columns)]
    schema = Schema(
        tuple(
            Column(name, ColumnType.BYTES if index % 2 else ColumnType.FLOAT, required=index % 3 == 0)
            for index, name in enumerate(names)
        )
    )
    (folder / "schema.pbtxt").write_text(format_schema(schema))
    (folder / "data.csv").write_text(",".join(names) + "\n" + ",".join("1" * columns) + "\n")
    kinds = ['"z_score"', '{ kind = "vocabulary", top_k = 1000, num_oov_buckets = 1, missing = "" }']
    features = "".join(f"{name} = {kinds[index % 2]}\n" for index, name in enumerate(names))
    (folder / "job.toml").write_text(f'[input]\nfiles = "data.csv"\nschema = "schema.pbtxt"\n[features]\n{features}')
    work = folder / "work"
    work.mkdir()
    engine = Engine("dataflow", tuple(dataflow_args(ARGS, "gs://bucket/run")))
    progress = Progress(quiet=True)
    job = make_job(load_config(str(folder / "job.toml"), (), str(folder)), str(work), engine, progress)
    prepare_job(job, engine, progress)
    pipeline = beam.Pipeline(options=pipeline_options(engine))
    build_stages(pipeline, job)
    graph: beam_runner_api_pb2.Pipeline = pipeline.run().job.proto_pipeline
    return graph


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> dict[int, beam_runner_api_pb2.Pipeline]:
    """By the number of columns."""
    return {columns: plan_graph(tmp_path_factory.mktemp(str(columns)), columns) for columns in (10, 2000)}


def unpacked(data: bytes) -> Iterator[bytes]:
    """Bytes, and what is packed in them: Beam puts pickles into base64, compressed, also inside of each other."""
    yield data
    for text in _BASE64.findall(data):
        # A length that precedes the text may look as if it belonged to it.
        for start in range(4):
            for unpack in (bz2.decompress, zlib.decompress):
                try:
                    inner = unpack(base64.b64decode(text[start:]))
                except (binascii.Error, OSError, ValueError, zlib.error):
                    continue
                yield from unpacked(inner)


def local_paths(graph: beam_runner_api_pb2.Pipeline, known: str) -> set[bytes]:
    """Paths of this machine in a graph, but for those that begin as `known` does, and the names of Beam's own source files.

    Those stand in the functions that Beam itself pickles by value, for tracebacks; nobody opens them.
    """
    paths = re.compile(rb"/[\w.-]+(?:/[\w.-]+)+")
    here = tuple(
        str(Path(place).resolve()).encode() for place in (sys.prefix, ROOT, Path.home(), tempfile.gettempdir())
    )
    found = {path for piece in unpacked(graph.SerializeToString()) for path in paths.findall(piece)}
    return {
        path
        for path in found
        if path.startswith(here) and not path.startswith(known.encode()) and b"/apache_beam/" not in path
    }


def test_stages_dont_grow_with_the_columns(graphs: dict[int, beam_runner_api_pb2.Pipeline]) -> None:
    """2,000 columns are analyzed and transformed by the same stages as 10."""
    few, many = graphs[10].components, graphs[2000].components
    assert sorted(stage.unique_name for stage in many.transforms.values()) == sorted(
        stage.unique_name for stage in few.transforms.values()
    )
    assert len(many.coders) == len(few.coders)


def test_a_graph_of_many_columns_is_small(graphs: dict[int, beam_runner_api_pb2.Pipeline]) -> None:
    """The whole graph of 2,000 columns, with all that workers need to know of them, is less than a megabyte."""
    assert graphs[2000].ByteSize() < LARGEST


def test_nothing_travels_beside_the_graph(graphs: dict[int, beam_runner_api_pb2.Pipeline]) -> None:
    """Neither a pickled main session, which Beam makes for this service, nor a list of this machine's packages."""
    for environment in graphs[10].components.environments.values():
        assert not environment.dependencies


def test_local_paths_are_found(graphs: dict[int, beam_runner_api_pb2.Pipeline]) -> None:
    """The search for paths of this machine sees what is packed: the input's and the work folder's, and there are no others."""
    found = local_paths(graphs[10], "-")
    data = next(path.decode() for path in found if path.endswith(b"/data.csv"))
    assert f"{Path(data).parent}/work".encode() in found
    assert local_paths(graphs[10], str(Path(data).parent)) == set()
