"""What a worker is asked before any data is read."""

import os
import re
from dataclasses import replace
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from schemas.errors import EngineError, OutputError
from transforms.check_workers import CheckWorkers, Submission


def test_this_machine_is_as_it_says(tmp_path: Path) -> None:
    """The machine that submits passes its own check, which leaves nothing behind."""
    Submission.of_this_machine(str(tmp_path)).check()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "version", "message"),
    [
        ("apache-beam", "2.60.0", r"apache-beam 2\.\d+\.\d+ \(the job: 2\.60\.0\)"),
        ("python", "3.9", r"python 3\.\d+ \(the job: 3\.9\)"),
        ("shardmill", "99", r"shardmill \S+ \(the job: 99\)"),
        ("no-such-package", "1", r"no-such-package is missing \(the job: 1\)"),
    ],
)
def test_other_versions_are_named(tmp_path: Path, name: str, version: str, message: str) -> None:
    """The message names both versions, and what to do."""
    mine = Submission.of_this_machine(str(tmp_path))
    other = replace(mine, versions={**mine.versions, name: version})
    with pytest.raises(EngineError, match=f"{message}.*Install the same versions there.*--sdk_container_image"):
        other.check()


def test_a_folder_of_another_machine_isnt_seen(tmp_path: Path) -> None:
    """A local folder that the worker lacks is an output on the submitting machine only."""
    folder = str(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match=f"doesn't see '{re.escape(folder)}'.*Choose an --output that all machines"):
        Submission.of_this_machine(folder).check()


def test_a_folder_that_cant_be_written_is_named(tmp_path: Path) -> None:
    """A folder that the worker sees and may not write is said to be so."""
    if os.geteuid() == 0:
        folder = Path("/proc/self")  # nobody can make a file there
    else:
        folder = tmp_path / "read-only"
        folder.mkdir(mode=0o500)
    with pytest.raises(OutputError, match=f"can't write '{folder}/worker-"):
        Submission.of_this_machine(str(folder)).check()


def test_a_pipeline_goes_on_after_the_check(tmp_path: Path) -> None:
    """The stage outputs one element, at which the reading begins."""
    with TestPipeline() as pipeline:
        checked = pipeline | CheckWorkers(str(tmp_path))
        assert_that(checked | beam.combiners.Count.Globally(), equal_to([1]))
