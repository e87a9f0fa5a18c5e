"""What commands that run a pipeline share: the engine that their options say, Beam's options, the result."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import typer

from shardmill.schemas.errors import ShardmillError

if TYPE_CHECKING:
    from shardmill.pipelines.engines.engine import Engine
    from shardmill.pipelines.run import RunResult


@contextlib.contextmanager
def usage_first(ctx: typer.Context, engine: str | None) -> Iterator[None]:
    """Where a block finds mistakes, tells options that nobody knows in their place: one that was mistyped may be their cause.

    Args:
        ctx: The command's context, with the arguments that aren't its own.
        engine: What `--engine` says.

    Raises:
        ShardmillError: The block's, or that of `check_options`.
    """
    try:
        yield
    except ShardmillError:
        check_options(ctx, ctx.args, engine)
        raise


def engine_of(ctx: typer.Context, name: str | None, workers: int | None = None, output: str | None = None) -> "Engine":
    """The engine that the options say, once Beam's are checked.

    Args:
        ctx: The command's context, with the arguments that aren't its own.
        name: What `--engine` says.
        workers: What `--workers` says.
        output: The output folder, where it is known.

    Raises:
        ConfigError: There is no such engine, or the options aren't as it expects.
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
        engine: What `--engine` says, where they aren't completed for it yet.

    Raises:
        ConfigError: An option is neither the command's nor Beam's, or its value isn't as Beam expects.
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


def tell_result(engine: "Engine", result: "RunResult") -> None:
    """Says what was done.

    Args:
        engine: What did it.
        result: What came of it.
    """
    from shardmill.pipelines.console.summary import print_summary

    if engine.template:
        typer.echo(f"Wrote the template {engine.template}; a job launched from it does the run (docs/dataflow.md).")
    else:
        print_summary(result.output, result.manifest, result.seconds)
