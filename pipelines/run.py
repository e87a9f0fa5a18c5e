"""The main job: CSV shards in, TFRecord shards and a transform graph out."""

from contextlib import nullcontext
from typing import TYPE_CHECKING

from shardmill.pipelines.config.load import Config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.job.interruption import terminable
from shardmill.schemas.errors import ConfigError
from shardmill.transforms.graph import process
from shardmill.transforms.workers import phases

if TYPE_CHECKING:
    from shardmill.pipelines.job.run_job import RunResult


def run(config: Config, *, overwrite: bool, engine: Engine, progress: Progress) -> "RunResult":
    """Runs the main job.

    Args:
        config: The configuration.
        overwrite: Whether a finished run at the output may be replaced.
        engine: What runs it.
        progress: Shows how far it is.

    Raises:
        ShardmillError: What stopped it; nothing is left that looks finished.
    """
    output = config.output.dir
    if output is None:
        raise ConfigError(f"{config.path}: no output folder; give --output DIR or set output.dir")

    if engine.is_dataflow:
        from shardmill.pipelines.engines.dataflow import check_paths

        check_paths(
            [*(("input", pattern) for group in config.input.patterns.values() for pattern in group), ("output", output)]
        )

    phases.reset()
    # Beam takes two seconds to import: meanwhile the tracing process imports TensorFlow, which takes longer. For a TF Transform function
    # this process has to import it; elsewhere the worker that traces does.
    traced_here = engine.in_process and config.preprocessing_fn is None
    with process.shared() if traced_here else nullcontext(), terminable():
        from shardmill.pipelines.job.plan import plan_job
        from shardmill.pipelines.job.run_job import open_place, run_job

        with open_place(output, overwrite=overwrite, engine=engine) as place:
            job = plan_job(config, place.work, engine, progress)
            return run_job(job, place, engine, progress)
