"""Writes the report of a run before it is published."""

import logging

from shardmill.pipelines.page.save_page import save_page
from shardmill.pipelines.report.report_page import report_page
from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.schemas.run_folder import REPORT
from shardmill.transforms.files import files
from shardmill.transforms.workers.metrics import NAMESPACE

_LOG = logging.getLogger(NAMESPACE)


def write_report(work: str, output: str) -> list[str]:
    """Writes `report.html` into a work folder.

    A page that can't be made is logged, and costs nobody a run.

    Args:
        work: The work folder, with all other files of the run.
        output: The folder that it will be.

    Returns:
        The titles of the page's grave warnings, the gravest first.
    """
    try:
        page, warned = report_page(FinishedRun.load(work, published=False), output)
    except Exception as error:  # noqa: BLE001  (hours of work aren't thrown away for a page to look at)
        _LOG.warning("%s: expected a report of the run, received %r; `shardmill report` tells more", REPORT, error)
        return []
    save_page(page, files.join(work, REPORT))
    return [each.title for each in warned if each.level == "grave"]
