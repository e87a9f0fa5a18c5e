"""Options of the commands."""

from typing import Annotated

import typer

from shardmill.pipelines.cli.help import ENGINE_OPTIONS, GLOBAL_OPTIONS, INPUT_OPTIONS, OUTPUT_OPTIONS


def _engines() -> list[str]:
    """Returns the engines' names, for the shell's completion.

    `--help` doesn't need them.
    """
    from shardmill.pipelines.engines.engine import ENGINES

    return list(ENGINES)


RunFolder = Annotated[str, typer.Argument(metavar="RUN_DIR", help="The folder of a finished run.")]
Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", help="Replace a finished run in the output folder.", rich_help_panel=OUTPUT_OPTIONS),
]
OverwriteFile = Annotated[
    bool,
    typer.Option(
        "--overwrite", help="Replace a file that isn't a page of shardmill, too.", rich_help_panel=OUTPUT_OPTIONS
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Go on where a run with --resume was stopped, and let one go on from this.",
        rich_help_panel=OUTPUT_OPTIONS,
    ),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Check all but the data, list files, features and outputs; write nothing.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        metavar="N",
        help="Threads on this machine [default: all cores].",
        rich_help_panel=ENGINE_OPTIONS,
    ),
]
EngineName = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="NAME",
        help="The engine: local, prism, flink, spark or dataflow [default: local].",
        autocompletion=_engines,
        rich_help_panel=ENGINE_OPTIONS,
    ),
]
Profile = Annotated[
    bool,
    typer.Option("--profile", help="Show which phases and steps took how long.", rich_help_panel=GLOBAL_OPTIONS),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress and no summary.", rich_help_panel=GLOBAL_OPTIONS)
]

RunOutput = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="The run's folder; replaces output.dir.",
        rich_help_panel=OUTPUT_OPTIONS,
    ),
]
RunSettings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a setting, e.g. output.shards=4; repeatable.\n\nA value is TOML; what isn't TOML is text.",
    ),
]

NewFiles = Annotated[
    list[str],
    typer.Option(
        "--input",
        metavar="FILES",
        help="CSV files or a pattern, e.g. 'new/*.csv'; repeatable.",
        rich_help_panel=INPUT_OPTIONS,
    ),
]
NewOutput = Annotated[
    str,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="The folder to write; a run's folder itself.",
        rich_help_panel=OUTPUT_OPTIONS,
    ),
]
OneSplit = Annotated[
    str | None,
    typer.Option(
        "--split",
        metavar="NAME",
        help="Put all rows into one split [default: as the run].",
        rich_help_panel=OUTPUT_OPTIONS,
    ),
]

Labels = Annotated[
    list[str] | None,
    typer.Option("--label", metavar="COLUMN", help="A column that a model is to predict; repeatable."),
]
Fractions = Annotated[
    str | None,
    typer.Option(
        "--split",
        metavar="FRACTIONS",
        help="How to divide the rows: 0.8,0.1,0.1 (train, eval, test), 0.9,0.1 (train, eval) or train=0.7,dev=0.3 "
        "[default: all are for training].",
    ),
]
StarterSettings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="A setting to read the data with and to write, e.g. input.encoding=latin-1; repeatable.\n\n"
        "A value is TOML; what isn't TOML is text.",
    ),
]

SchemaFile = Annotated[
    str | None,
    typer.Option("--schema", metavar="FILE", help="The schema.pbtxt to validate by [default: that of --against]."),
]
AgainstRun = Annotated[
    str | None,
    typer.Option("--against", metavar="RUN_DIR", help="A finished run, whose rows the new ones are to be like."),
]
Environment = Annotated[
    str | None,
    typer.Option(
        "--environment",
        metavar="NAME",
        help="The schema's environment of the files, e.g. SERVING, where no label is expected "
        "[default: all columns are].",
    ),
]
ReadSettings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="How to read the files, e.g. input.delimiter=';'; repeatable [default: as the run, or guessed].",
        rich_help_panel=INPUT_OPTIONS,
    ),
]
AnomaliesFile = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Also write the anomalies to a file, as text of TFDV's Anomalies.",
        rich_help_panel=OUTPUT_OPTIONS,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.", rich_help_panel=OUTPUT_OPTIONS)]
