"""Folders that killed runs left: those of this machine are removed, others are named."""

from pathlib import Path

import pytest
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from shardmill.pipelines.run_folder.left_folders import clear_left, left_by_others, named
from tests.support.stores import s3

NAMES = ["out.incomplete-resume", "out.incomplete-host-12-0123abcd-parts", "other.incomplete-host-12-0123abcd", "out"]
LEFT = "out.incomplete-host-12-0123abcd"


def test_folders_of_other_machines_are_found(tmp_path: Path) -> None:
    """They stay, since nothing here knows whether their run has ended; this run's own isn't one of them."""
    output = str(tmp_path / "out")
    for name in [*NAMES, LEFT]:
        (tmp_path / name).mkdir()
    clear_left(output)
    with named(output) as work:
        Path(work).mkdir()
        assert left_by_others(output, work) == [str(tmp_path / LEFT)]


def test_folders_in_a_store_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each once, however many files it has."""
    with s3.serve("left-bucket") as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(FileSystems, "_pipeline_options", PipelineOptions(list(server.beam_args)))
        for name in [*NAMES, LEFT]:
            server.put("left-bucket", f"{name}/parts/a", b"")
            server.put("left-bucket", f"{name}/parts/b", b"")
        assert left_by_others("s3://left-bucket/out", "s3://left-bucket/out.incomplete-me-1-0123abcd") == [
            f"s3://left-bucket/{LEFT}"
        ]
