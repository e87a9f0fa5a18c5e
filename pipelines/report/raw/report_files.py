"""`shardmill report FILES`: makes the page of files."""

from collections.abc import Mapping, Sequence
from typing import Any

from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.page.save_page import check_page, save_page
from shardmill.pipelines.report.raw.look_at_files import look_at_files
from shardmill.pipelines.report.raw.raw_page import raw_page


def report_files(  # noqa: PLR0913  (a command's options are its parameters)
    patterns: Sequence[str],
    output: str,
    progress: Progress,
    *,
    schema: str | None = None,
    given: Mapping[str, Any],
    workers: int | None = None,
    overwrite: bool = False,
) -> None:
    """Writes the page of files.

    Args:
        patterns: The files.
        output: The page to write; a page that is there is replaced.
        progress: Shows the reading.
        schema: A schema file, by which cells are read. None means that types are inferred.
        given: Fields of the files' dialect that are known; the others are guessed.
        workers: Threads. None means one per core.
        overwrite: Whether another file may be replaced, too.

    Raises:
        ConfigError: The schema can't be used.
        DataError: A file can't be read as CSV.
        OutputError: The page can't be written.
    """
    check_page(output, overwrite=overwrite)
    look = look_at_files(patterns, schema, progress, given=given, workers=workers)
    save_page(raw_page(look, patterns, schema), output)
