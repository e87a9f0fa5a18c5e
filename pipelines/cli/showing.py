"""The commands `inspect` and `report`."""

from typing import Annotated

import typer

from shardmill.pipelines.cli.options import AsJson, Quiet, RunFolder
from shardmill.pipelines.config.paths import check_output, check_path


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


def report(
    run_dir: RunFolder,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="The page to write [default: RUN_DIR/report.html]."),
    ] = None,
    *,
    quiet: Quiet = False,
) -> None:
    """Make a run's page of statistics and warnings anew.

    `run` and `apply` write it, too: report.html in the run's folder. It needs no network.
    """
    check_path("RUN_DIR", run_dir)
    if output is not None:
        check_output(output)

    from shardmill.pipelines.report.make_report import make_report

    path = make_report(run_dir, output)
    if not quiet:
        typer.echo(f"The report is {path}")
