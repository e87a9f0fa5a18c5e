"""The options that several commands have."""

from typing import Annotated

import typer

from pipelines.cli_help import ENGINE_OPTIONS, GLOBAL_OPTIONS, OUTPUT_OPTIONS


def _engines() -> list[str]:
    """The names of the engines, for the shell to complete; `--help` doesn't need them."""
    from pipelines.engines import ENGINES

    return list(ENGINES)


RunFolder = Annotated[str, typer.Argument(metavar="RUN_DIR", help="The folder of a finished run.")]
Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", help="Replace a finished run in the output folder.", rich_help_panel=OUTPUT_OPTIONS),
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
        help="What runs the pipeline: local, prism, flink, spark or dataflow [default: local].",
        autocompletion=_engines,
        rich_help_panel=ENGINE_OPTIONS,
    ),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress bars and no summary.", rich_help_panel=GLOBAL_OPTIONS)
]
