"""`shardmill report`: makes the page of a finished run anew."""

from shardmill.pipelines.report.report_page import report_page
from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.schemas.run_folder import REPORT
from shardmill.transforms.files import files


def make_report(folder: str, output: str | None = None) -> str:
    """Writes a run's page.

    Args:
        folder: The run's folder.
        output: The file to write; one that exists is replaced. None means the run's own.

    Returns:
        The file's path.

    Raises:
        DataError: The folder isn't a finished run, or a file in it can't be read.
        OutputError: The page can't be written.
    """
    page = report_page(FinishedRun.load(folder), folder)
    path = files.join(folder, REPORT) if output is None else output
    with files.created(path) as stream:
        stream.write(page.encode())
    return path
