"""The main job: CSV shards in, TFRecord shards and a transform graph out."""

import json
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from pipelines.config import Config
from pipelines.progress import Progress
from schemas.errors import ConfigError
from transforms import tally, tracing

if TYPE_CHECKING:
    from pipelines.pipeline import Job
    from schemas.schema import Schema

# What the bytes of a run depend on, besides its input and configuration.
_VERSIONS = ("shardmill", "tensorflow", "pyarrow", "isal")


@dataclass(frozen=True)
class RunResult:
    """A finished run.

    Attributes:
        output: Its folder.
        manifest: Its manifest.
        seconds: Wall seconds of each phase, and of the whole run as `total`.
    """

    output: str
    manifest: Mapping[str, Any]
    seconds: Mapping[str, float]


def run(
    config: Config, *, overwrite: bool, workers: int | None, progress: Progress, beam_args: Sequence[str] = ()
) -> RunResult:
    """Runs the main job.

    Args:
        config: The configuration.
        overwrite: Whether a finished run at the output may be replaced.
        workers: Threads of the in-process engine; None: one per core.
        progress: Shows how far it is.
        beam_args: Beam's options.

    Raises:
        ShardmillError: What stopped it; nothing is left that looks finished.
    """
    started = time.monotonic()
    output = config.output.dir
    if output is None:
        raise ConfigError(f"{config.path}: no output folder; give --output DIR or set output.dir")
    tally.reset()
    with tracing.shared(), _terminable():
        # Beam takes two seconds to import: meanwhile the tracing process imports TensorFlow, which takes longer.
        from pipelines.engine import run_pipeline
        from pipelines.pipeline import build
        from pipelines.publish import publish, work_folder

        with work_folder(output, overwrite=overwrite) as work:
            job = _plan_job(config, work, workers, progress, beam_args)
            run_pipeline(lambda pipeline: build(pipeline, job), beam_args, workers)
            manifest = _finish(work)
            publish(work, output)
    return RunResult(output, manifest, {**tally.seconds(), "total": time.monotonic() - started})


def _plan_job(config: Config, work: str, workers: int | None, progress: Progress, beam_args: Sequence[str]) -> "Job":
    from pipelines.inference import profile_columns
    from pipelines.pipeline import Job, parts_folder
    from schemas.proto import load_schema, save_schema
    from transforms import files
    from transforms.analyze import Reading
    from transforms.kinds.parse import allowed_types, parse_features

    inputs = files.list_files(config.input.patterns)
    size = sum(found.size for found in inputs)
    if config.input.schema:
        schema = load_schema(config.input.schema)
    else:
        progress.phase("infer", size)
        schema = profile_columns(inputs, config.input.dialect, work, beam_args, workers).schema(
            allowed_types(config.features)
        )
    kinds = parse_features(config.features, schema)
    tracing.shared().check(kinds, schema)
    for folder in ("metadata", "rejected"):
        files.make_folder(files.join(work, folder))
    files.make_folder(parts_folder(work))
    save_schema(schema, files.join(work, "metadata", "schema.pbtxt"))
    for phase in ("analyze", "transform"):
        progress.phase(phase, size)
    return Job(
        inputs=inputs,
        reading=Reading(
            dialect=config.input.dialect,
            selection=_selection(config, schema, kinds),
            split_rule=_split_rule(config),
            fail_on_bad_row=config.input.on_bad_row == "fail",
        ),
        schema=schema,
        kinds=kinds,
        max_bad_fraction=config.input.max_bad_fraction,
        shard_rule=_shard_rule(config),
        level=config.output.level if config.output.compression == "gzip" else None,
        work=work,
        facts={"config": config.resolved(), "versions": {name: version(name) for name in _VERSIONS}},
    )


def _selection(config: Config, schema: "Schema", kinds: Sequence[Any]) -> Any:
    from transforms.blocks import Selection

    used = {name for kind in kinds for name in kind.columns}
    required = frozenset(name for kind in kinds for name in kind.required_columns)
    key = None if config.split is None else config.split.key or ()
    for name in key or ():
        if name not in schema:
            raise ConfigError(
                f"{config.path}: split.key: {name!r} is no column; the columns are {', '.join(map(repr, schema.names))}"
            )
    return Selection(tuple(column for column in schema if column.name in used), required, key, schema.names)


def _split_rule(config: Config) -> Any:
    from transforms.splits import SplitRule

    return SplitRule.of_fractions(config.split.fractions) if config.split else SplitRule(config.splits)


def _shard_rule(config: Config) -> Any:
    from transforms.splits import ShardRule

    output = config.output
    return ShardRule(output.shards, output.rows_per_shard, output.bytes_per_shard, output.shuffle, output.seed)


def _finish(work: str) -> dict[str, Any]:
    from pipelines.pipeline import parts_folder
    from pipelines.publish import MANIFEST
    from transforms import files

    files.remove(parts_folder(work))
    with files.open_at(files.join(work, MANIFEST)) as stream:
        manifest: dict[str, Any] = json.load(stream)
    if not manifest["rows"]["rejected"]:
        files.remove(files.join(work, "rejected"))
    return manifest


@contextmanager
def _terminable() -> Iterator[None]:
    """Lets SIGTERM end the run as Ctrl-C does: by way of the clean-up."""

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001  (the form of a handler)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
