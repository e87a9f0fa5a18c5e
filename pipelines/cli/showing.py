"""The commands `inspect` and `report`."""

from typing import Annotated

import typer

from shardmill.pipelines.cli.help import INPUT_OPTIONS
from shardmill.pipelines.cli.options import AsJson, OverwriteFile, Quiet, ReadSettings, Workers
from shardmill.pipelines.config.paths import check_output, check_path
from shardmill.schemas.errors import ConfigError
from shardmill.schemas.run_folder import REPORT


def inspect(
    path: Annotated[
        str,
        typer.Argument(metavar="PATH", help="A run's folder, a file of it, a configuration, a CSV or Parquet file."),
    ],
    records: Annotated[
        int,
        typer.Option(
            "--records",
            "-n",
            min=1,
            metavar="N",
            help="Records of a shard, or tokens of a vocabulary, to show [default: 5].",
        ),
    ] = 5,
    *,
    code: Annotated[
        bool, typer.Option("--code", help="For a run: print Python that reads it, trains on it and serves.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show runs, their files, configurations, CSV or Parquet."""
    check_path("PATH", path)
    if code:
        from shardmill.pipelines.inspect.code import code_for

        typer.echo(code_for(path), nl=False)
        return

    if as_json:
        from shardmill.pipelines.describe import describe_path

        typer.echo(describe_path.as_json(path, records))
        return

    from shardmill.pipelines.inspect.inspect import inspect_path

    inspect_path(path, records)


def report(  # noqa: PLR0913  (a command's options are its parameters)
    paths: Annotated[
        list[str],
        typer.Argument(metavar="RUN_DIR|FILES...", help="A finished run's folder; or CSV files, e.g. 'data/*.csv'."),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The page to write [default: RUN_DIR/report.html; of CSV files report.html].",
        ),
    ] = None,
    schema: Annotated[
        str | None,
        typer.Option(
            "--schema",
            metavar="FILE",
            help="The schema.pbtxt to read CSV files by [default: inferred].",
            rich_help_panel=INPUT_OPTIONS,
        ),
    ] = None,
    settings: ReadSettings = None,
    *,
    overwrite: OverwriteFile = False,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Make a page of a run or of CSV files.

    It shows statistics and warnings, and needs no network. Each run has one: report.html in its
    folder.
    """
    for path in paths:
        check_path("RUN_DIR|FILES", path)
    if output is not None:
        check_output(output)

    from shardmill.pipelines.report.make_report import is_run, make_report

    if len(paths) == 1 and is_run(paths[0]):
        given = {"--schema": schema, "--set": settings, "--workers": workers}
        if unfit := [name for name, value in given.items() if value]:
            raise ConfigError(f"{unfit[0]} is for CSV files, but {paths[0]!r} is a run; leave it out")
        path = make_report(paths[0], output, overwrite=overwrite)
    else:
        path = output or REPORT
        _report_files(paths, path, schema, settings, overwrite=overwrite, workers=workers, quiet=quiet)
    if not quiet:
        typer.echo(f"The report is {path}")


def _report_files(  # noqa: PLR0913  (as `report`)
    paths: list[str],
    output: str,
    schema: str | None,
    settings: list[str] | None,
    *,
    overwrite: bool,
    workers: int | None,
    quiet: bool,
) -> None:
    if schema is not None:
        check_path("--schema", schema)

    from shardmill.transforms.workers.load_beam import load_beam

    load_beam(local=True)

    from shardmill.pipelines.console.progress import Progress
    from shardmill.pipelines.report.raw.report_files import report_files
    from shardmill.pipelines.validate.validate import dialect_settings

    given = dialect_settings(settings or ())
    with Progress(quiet=quiet) as progress:
        report_files(paths, output, progress, schema=schema, given=given, workers=workers, overwrite=overwrite)
