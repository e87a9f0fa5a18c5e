"""The commands `validate` and `diff`."""

from typing import Annotated

import typer

from shardmill.pipelines.cli.help import OUTPUT_OPTIONS
from shardmill.pipelines.cli.options import (
    AgainstRun,
    AnomaliesFile,
    AsJson,
    Environment,
    OverwriteFile,
    Quiet,
    ReadSettings,
    RunFolder,
    SchemaFile,
    Workers,
)
from shardmill.pipelines.config.paths import check_output, check_path


def validate(  # noqa: PLR0913  (a command's options are its parameters)
    files: Annotated[list[str], typer.Argument(metavar="FILES...", help="CSV files or patterns, e.g. 'new/*.csv'.")],
    schema: SchemaFile = None,
    against: AgainstRun = None,
    environment: Environment = None,
    settings: ReadSettings = None,
    output: AnomaliesFile = None,
    *,
    as_json: AsJson = False,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Find what doesn't fit about new CSV files.

    They are compared with a schema, and their distributions with those of an earlier run; exit 1
    where there is an anomaly.
    """
    for name, path in (("--schema", schema), ("--against", against), ("--output", output)):
        if path is not None:
            check_path(name, path)

    from shardmill.transforms.workers.load_beam import load_beam

    load_beam(local=True)

    from shardmill.pipelines.console.progress import Progress
    from shardmill.pipelines.validate import show_anomalies
    from shardmill.pipelines.validate import validate as validate_module
    from shardmill.pipelines.validate.expectations import Wish
    from shardmill.schemas.validation.find_anomalies import has_anomalies

    given = validate_module.dialect_settings(settings or ())
    wish = Wish(schema, against, environment)
    with Progress(quiet=quiet) as progress:
        found = validate_module.validate(files, wish, progress, given=given, workers=workers)
    if output is not None:
        validate_module.write_anomalies(found.anomalies, output)
    failed = has_anomalies(found.anomalies)
    if as_json:
        typer.echo(show_anomalies.as_json(found.anomalies, found.measured))
    elif failed or not quiet:
        show_anomalies.print_anomalies(found.anomalies, found.measured, wish.source)
    if failed:
        raise typer.Exit(1)


def diff(
    run_dir: RunFolder,
    other_run: Annotated[str, typer.Argument(metavar="OTHER_RUN", help="The folder of another finished run.")],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Also write a page of the differences, e.g. diff.html.",
            rich_help_panel=OUTPUT_OPTIONS,
        ),
    ] = None,
    *,
    overwrite: OverwriteFile = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Show what differs between two finished runs.

    Settings, columns, statistics with distances, vocabularies, numbers of rows and rejected rows
    are compared; exit 1 where anything differs, as `diff` does.
    """
    for name, path in (("RUN_DIR", run_dir), ("OTHER_RUN", other_run)):
        check_path(name, path)
    if output is not None:
        check_output(output)

    from shardmill.pipelines.diff import show_changes
    from shardmill.pipelines.diff.compare_runs import compare_runs
    from shardmill.pipelines.diff.diff_page import diff_page
    from shardmill.pipelines.diff.run_facts import RunFacts
    from shardmill.pipelines.page.save_page import check_page, save_page

    if output is not None:
        check_page(output, overwrite=overwrite)
    one, two = RunFacts.load(run_dir), RunFacts.load(other_run)
    found = compare_runs(one, two)
    if output is not None:
        save_page(diff_page(found, one, two), output)
    if as_json:
        typer.echo(show_changes.as_json(found))
    elif not quiet:
        show_changes.print_differences(found, run_dir, other_run)
        if output is not None:
            typer.echo(f"The page is {output}")
    if found.any:
        raise typer.Exit(1)
