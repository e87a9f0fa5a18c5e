"""Pages are written over pages, and over nothing else."""

from pathlib import Path

import pytest

from shardmill.pipelines.page.save_page import check_page, save_page
from shardmill.schemas.errors import OutputError


def test_a_page_is_replaced(tmp_path: Path) -> None:
    """Whatever its kind; it is told by its beginning."""
    path = str(tmp_path / "page.html")
    check_page(path, overwrite=False)
    save_page('<head><meta name="generator" content="shardmill">', path)
    check_page(path, overwrite=False)


def test_another_file_is_spared(tmp_path: Path) -> None:
    """Unless the user says so."""
    path = tmp_path / "page.html"
    path.write_text("<html>mine</html>")
    with pytest.raises(OutputError, match="choose another file, or add --overwrite"):
        check_page(str(path), overwrite=False)
    check_page(str(path), overwrite=True)
