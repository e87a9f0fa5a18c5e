"""`shardmill report RUN_DIR`: makes a run's page anew."""

import os

from shardmill.pipelines.page.save_page import check_page, save_page
from shardmill.pipelines.report.report_page import report_page
from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.schemas.errors import DataError
from shardmill.schemas.run_folder import MANIFEST, REPORT
from shardmill.transforms.files import files


def is_run(path: str) -> bool:
    """Whether a path is a run's folder rather than files.

    Raises:
        DataError: It is another folder.
    """
    with files.reading(path):
        if files.exists(files.join(path, MANIFEST)):
            return True
    if files.is_local(path) and os.path.isdir(path):
        raise DataError(
            f"{path!r} isn't a run: it has no {MANIFEST}; give the folder of a finished run, "
            f"or CSV files, such as {os.path.join(path, '*.csv')!r}"
        )
    return False


def make_report(folder: str, output: str | None = None, *, overwrite: bool = False) -> str:
    """Writes a run's page.

    Args:
        folder: The run's folder.
        output: The file to write; a page that is there is replaced. None means the run's own.
        overwrite: Whether another file may be replaced, too.

    Returns:
        The file's path.

    Raises:
        DataError: The folder isn't a finished run, or a file in it can't be read.
        OutputError: The page can't be written.
    """
    if output is not None:
        check_page(output, overwrite=overwrite)
    page, _ = report_page(FinishedRun.load(folder), folder)
    path = files.join(folder, REPORT) if output is None else output
    save_page(page, path)
    return path
