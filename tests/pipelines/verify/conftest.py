"""Runs to verify, made once for all the tests here, and copies of them to damage."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.runs import run_toml
from tests.support.verified import FEATURES, SPLIT, Damaged, write_input


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, shared_tracer: None) -> Path:
    """A folder with a run of three shards and two splits, with rejected rows, and its input."""
    folder = tmp_path_factory.mktemp("verify")
    run_toml(folder, write_input(folder / "data") + FEATURES + SPLIT + "[output]\nshards = 3\nseed = 5\n")
    return folder


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory, shared_tracer: None) -> Path:
    """The same rows in the input's order, in one split, not compressed, at most 400 a shard."""
    folder = tmp_path_factory.mktemp("plain")
    output = '[output]\nrows_per_shard = 400\nshuffle = false\ncompression = "none"\n'
    run_toml(folder, write_input(folder / "data") + FEATURES + output)
    return folder


@pytest.fixture
def damage(tmp_path: Path) -> Callable[[Path], Damaged]:
    """Copies a run and its input."""

    def copy(folder: Path) -> Damaged:
        shutil.copytree(folder, tmp_path / "copy")
        damaged = Damaged(tmp_path / "copy" / "run", tmp_path / "copy" / "data")
        text = (damaged.run / "manifest.json").read_text()
        (damaged.run / "manifest.json").write_text(text.replace(f"{folder}/", f"{tmp_path}/copy/"))
        return damaged

    return copy


@pytest.fixture
def damaged(damage: Callable[[Path], Damaged], finished: Path) -> Damaged:
    """A copy of the run of three shards."""
    return damage(finished)
