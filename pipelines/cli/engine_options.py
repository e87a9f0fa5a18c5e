"""Options and result of commands that run a pipeline.

The options choose the engine; others are passed to Beam.
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import typer

from shardmill.schemas.errors import ShardmillError

if TYPE_CHECKING:
    from shardmill.pipelines.engines.engine import Engine
    from shardmill.pipelines.job.run_job import RunResult


@contextlib.contextmanager
def usage_first(ctx: typer.Context, engine: str | None, workers: int | None = None) -> Iterator[None]:
    """Reports wrong options rather than mistakes that a block finds.

    A mistyped option may be their cause.

    Args:
        ctx: The command's context, with the arguments that aren't its own.
        engine: The value of `--engine`.
        workers: The value of `--workers`.

    Raises:
        ShardmillError: As `check_options` or `named_engine`, or else the block's error.
    """
    try:
        yield
    except ShardmillError:
        from shardmill.pipelines.engines.choose import named_engine

        named_engine(engine, ctx.args, workers)
        check_options(ctx, ctx.args, engine)
        raise


def engine_of(ctx: typer.Context, name: str | None, workers: int | None = None, output: str | None = None) -> "Engine":
    """Returns the engine that the options choose, and checks Beam's.

    Args:
        ctx: The command's context, with the arguments that aren't its own.
        name: The value of `--engine`.
        workers: The value of `--workers`.
        output: The output folder, where it is known.

    Raises:
        ConfigError: There is no such engine, or options are wrong or missing.
    """
    from shardmill.pipelines.engines.choose import choose_engine

    engine = choose_engine(name, ctx.args, workers, output)
    check_options(ctx, engine.beam_args)
    return engine


def check_options(ctx: typer.Context, beam_args: Sequence[str], engine: str | None = None) -> None:
    """Checks Beam's options where there are any.

    Args:
        ctx: The command's context, with the arguments that aren't its own.
        beam_args: Beam's options.
        engine: The value of `--engine`, where `beam_args` aren't completed for it yet.

    Raises:
        ConfigError: An option is neither the command's nor Beam's, or Beam rejects its value.
    """
    if ctx.args:
        from shardmill.pipelines.engines.check_options import check_beam_args

        own = [
            spelling
            for parameter in ctx.command.get_params(ctx)
            for spelling in parameter.opts
            if spelling.startswith("--")
        ]
        check_beam_args(beam_args, f"shardmill {ctx.info_name}", own, engine)


def tell_result(engine: "Engine", result: "RunResult", *, profile: bool) -> None:
    """Prints the result of a run.

    Args:
        engine: The engine that ran it.
        result: The result.
        profile: Whether to print where the time went, too.
    """
    from shardmill.pipelines.console.profile_table import print_profile
    from shardmill.pipelines.console.summary import print_summary

    if engine.template:
        typer.echo(f"Wrote the template {engine.template}; a job launched from it does the run (docs/dataflow.md).")
    elif result.was_finished:
        typer.echo(
            f"{result.output} is already finished, with this configuration, input and versions; nothing was done."
        )
    else:
        print_summary(result.output, result.manifest, result.seconds, grave=result.grave)
        if profile:
            print_profile(result.manifest, result.seconds)
