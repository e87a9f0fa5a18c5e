"""The command line: one command, `shardmill`, with subcommands.

Nothing heavy is imported before a subcommand runs, so that `shardmill --help` answers at once.
"""

import contextlib
import os
import sys
import tempfile
from importlib import metadata
from typing import Annotated, NoReturn

import typer

from shardmill.pipelines.cli.comparing import diff, validate
from shardmill.pipelines.cli.engine_options import check_options, engine_of, tell_result, usage_first
from shardmill.pipelines.cli.examples import EXAMPLES
from shardmill.pipelines.cli.failure_reports import failure_reports
from shardmill.pipelines.cli.help import ENGINE_OPTIONS, WIDEST, Command, CommandGroup
from shardmill.pipelines.cli.options import (
    DryRun,
    EngineName,
    Fractions,
    Labels,
    NewFiles,
    NewOutput,
    OneSplit,
    Overwrite,
    Profile,
    Quiet,
    Resume,
    RunFolder,
    RunOutput,
    RunSettings,
    StarterSettings,
    Workers,
)
from shardmill.pipelines.cli.readable import check_readable
from shardmill.pipelines.cli.showing import inspect, report
from shardmill.pipelines.config.paths import check_output, check_path
from shardmill.schemas.errors import ConfigError, ShardmillError
from shardmill.transforms.files.temporary import remove_folders, temporary_folder

_INTERRUPTED = 130
_TAKES_BEAMS_OPTIONS = {"allow_extra_args": True, "ignore_unknown_options": True}

app = typer.Typer(
    name="shardmill",
    cls=CommandGroup,
    help="Turns raw CSV files into training-ready TFRecord shards and the transform graph that serving runs.",
    epilog=EXAMPLES[""],
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"max_content_width": WIDEST},
)


def _show_version(wanted: bool) -> None:  # noqa: FBT001  (the form of an option's callback)
    if wanted:
        typer.echo(f"shardmill {metadata.version('shardmill')}")
        raise typer.Exit


@app.callback()
def _shardmill(
    *,
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None: ...


@app.command(cls=Command, epilog=EXAMPLES["init"])
def init(
    files: Annotated[list[str], typer.Argument(metavar="FILES...", help="CSV files or patterns, e.g. 'data/*.csv'.")],
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The configuration file to write [default: pipeline.toml]."
        ),
    ] = "pipeline.toml",
    labels: Labels = None,
    split: Fractions = None,
    settings: StarterSettings = None,
    *,
    quiet: Quiet = False,
) -> None:
    """Look at CSV files and write a starter configuration.

    It runs unedited; the inferred schema is written beside it. Files that exist aren't overwritten.
    """
    check_output(output)

    from shardmill.pipelines.survey.starter_request import parse_request

    request = parse_request(labels or (), split, settings or (), output)

    from shardmill.transforms.workers.load_beam import load_beam

    load_beam(local=True)

    from shardmill.pipelines.console.progress import Progress
    from shardmill.pipelines.init import init as init_module
    from shardmill.pipelines.init.next_steps import next_steps

    with Progress(quiet=quiet) as progress:
        starter = init_module.init(files, output, progress, request)
    if not quiet:
        typer.echo(next_steps(starter))


@app.command(cls=Command, context_settings=_TAKES_BEAMS_OPTIONS, epilog=EXAMPLES["run"])
def run(  # noqa: PLR0913  (a command's options are its parameters)
    ctx: typer.Context,
    config: Annotated[str, typer.Argument(metavar="CONFIG", help="The configuration file; before any Beam option.")],
    output: RunOutput = None,
    settings: RunSettings = None,
    *,
    dry_run: DryRun = False,
    engine: EngineName = None,
    overwrite: Overwrite = False,
    resume: Resume = False,
    workers: Workers = None,
    profile: Profile = False,
    quiet: Quiet = False,
) -> None:
    """Turn CSV files into TFRecord shards and a serving graph.

    The output folder appears when all is done, or not at all.

    Options that aren't listed here go to Apache Beam, e.g. --job_endpoint=HOST:8099 with --engine
    flink.
    """
    from shardmill.pipelines.job.preflight import checked_config

    with usage_first(ctx, engine, workers):
        # A finished run may be what a resumed one would make.
        checked = checked_config(config, settings or (), output, overwrite=overwrite or (resume and not dry_run))
    chosen = engine_of(ctx, engine, workers, checked.output.dir)

    if dry_run:
        from shardmill.pipelines.cli.dry_run import print_run

        print_run(checked, chosen, overwrite=overwrite)
        return

    from shardmill.pipelines import run as run_module
    from shardmill.pipelines.console.progress import Progress

    with Progress(quiet=quiet) as progress:
        result = run_module.run(checked, overwrite=overwrite, engine=chosen, progress=progress, resume=resume)
    if not quiet:
        tell_result(chosen, result, profile=profile)


app.command(cls=Command, epilog=EXAMPLES["inspect"])(inspect)
app.command(cls=Command, epilog=EXAMPLES["report"])(report)


@app.command(cls=Command, epilog=EXAMPLES["verify"])
def verify(
    run_dir: RunFolder,
    sample: Annotated[
        int | None,
        typer.Option("--sample", min=1, metavar="N", help="Recompute only N rows, evenly spread [default: all]."),
    ] = None,
    files: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="FILES", help="The CSV files' present paths, if they have moved; repeatable."),
    ] = None,
    *,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Check a finished run bit for bit.

    Its files are compared with their checksums, its input with the data that was read, and its rows
    with rows recomputed by the serving signature; exit 1 where anything differs.
    """
    check_path("RUN_DIR", run_dir)
    for pattern in files or ():
        check_path("--input", pattern)

    from shardmill.transforms.workers.load_beam import load_beam

    load_beam(local=True)

    from shardmill.pipelines.console.progress import Progress
    from shardmill.pipelines.verify.verify import print_checks, verify

    with Progress(quiet=quiet) as progress:
        checks = verify(run_dir, sample, workers, progress, files or ())
    failed = any(check.problems for check in checks)
    if failed or not quiet:
        print_checks(run_dir, checks)
    if failed:
        raise typer.Exit(1)


app.command(cls=Command, epilog=EXAMPLES["validate"])(validate)
app.command(cls=Command, epilog=EXAMPLES["diff"])(diff)


@app.command(cls=Command, context_settings=_TAKES_BEAMS_OPTIONS, epilog=EXAMPLES["apply"])
def apply(  # noqa: PLR0913  (a command's options are its parameters)
    ctx: typer.Context,
    run_dir: RunFolder,
    files: NewFiles,
    output: NewOutput,
    split: OneSplit = None,
    *,
    dry_run: DryRun = False,
    engine: EngineName = None,
    overwrite: Overwrite = False,
    workers: Workers = None,
    profile: Profile = False,
    quiet: Quiet = False,
) -> None:
    """Transform new CSV files with a finished run's graph.

    Nothing is analyzed, and labels may be missing.

    Options that aren't listed here go to Apache Beam, e.g. --job_endpoint=HOST:8099 with --engine
    flink.
    """
    check_path("RUN_DIR", run_dir)
    for pattern in files:
        check_path("--input", pattern)
    check_output(output)

    from shardmill.pipelines.job.preflight import check_application

    with usage_first(ctx, engine, workers):
        check_application(run_dir, files, output, overwrite=overwrite)
    chosen = engine_of(ctx, engine, workers, output)

    from shardmill.transforms.workers.load_beam import load_beam

    load_beam(local=chosen.is_local)

    from shardmill.pipelines import apply as apply_module
    from shardmill.pipelines.console.progress import Progress

    application = apply_module.Application(run_dir, tuple(files), split)
    if dry_run:
        from shardmill.pipelines.cli.dry_run import print_application

        print_application(application, output, chosen, overwrite=overwrite)
        return
    with Progress(quiet=quiet) as progress:
        result = apply_module.apply(application, output, overwrite=overwrite, engine=chosen, progress=progress)
    if not quiet:
        tell_result(chosen, result, profile=profile)


@app.command(cls=Command, epilog=EXAMPLES["demo"])
def demo(
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="DIR", help="The folder to work in [default: flights-demo].")
    ] = "flights-demo",
    *,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Run the main job on New York's flights of 2013."""
    from shardmill.pipelines.demo.demo import run_demo

    run_demo(output, workers=workers, quiet=quiet)


@app.command(cls=Command, context_settings=_TAKES_BEAMS_OPTIONS, epilog=EXAMPLES["doctor"])
def doctor(
    ctx: typer.Context,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="With --engine: the folder to write runs into [default: .].",
            rich_help_panel=ENGINE_OPTIONS,
        ),
    ] = None,
    *,
    engine: EngineName = None,
) -> None:
    """Check that this machine has all that a run needs.

    It lists versions, engines, and implementations of CRC and DEFLATE; exit 1 where something
    needed is missing.

    With --engine: check the connection to the engine, up to a worker that writes into the output's
    folder. Options that aren't listed here go to Apache Beam, as with `run`.
    """
    from shardmill.pipelines.doctor.machine import print_report

    if output is not None:
        check_output(output)
    if engine is None:
        if output is not None:
            raise ConfigError(f"--output {output!r} is for a check of an engine; add --engine NAME")
        engine_of(ctx, None)
        ready = print_report()
    else:
        from shardmill.pipelines.doctor.connection import examine_engine

        check_options(ctx, ctx.args, engine)
        ready = print_report(way=examine_engine(engine, ctx.args, output or "."))
    if not ready:
        raise typer.Exit(1)


def main() -> None:
    """Runs the command line and exits with its status.

    This is the console script. The exit status is 0 for done, 1 for failed, 2 for wrong usage or
    configuration, 130 for interrupted.
    """
    reports = failure_reports()
    reports.tell_briefly()
    # Temporary files that this process and its children leave when they are killed are removed with
    # this folder.
    with contextlib.suppress(OSError):
        os.environ["TMPDIR"] = tempfile.tempdir = temporary_folder("process")
    try:
        check_readable()
        status = typer.main.get_command(app)(prog_name="shardmill", standalone_mode=True)
    except ShardmillError as error:
        reports.report(error)
        status = error.exit_status
    except SystemExit as error:
        # A command that succeeds ends like this, too.
        status = error.code
    if status == _INTERRUPTED:
        reports.report_interruption()
    _leave(status or 0)


def _leave(status: int) -> NoReturn:
    """Ends the process at once.

    It doesn't wait for threads of a failed job, nor for TensorFlow to free its memory, which takes
    more than a second.
    """
    engine = sys.modules.get("shardmill.pipelines.engines.run_pipeline")
    if engine is not None:
        engine.stop_servers()
    library = sys.modules.get("shardmill.transforms.runtime.c_library")
    if library is not None:
        library.wait_for_loading()
    remove_folders()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
