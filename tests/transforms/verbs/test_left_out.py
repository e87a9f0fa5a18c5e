"""Imports without what the importer can do without."""

import importlib
import importlib.util
import sys

import pytest

from shardmill.transforms.workers.left_out import left_out

# A module of the standard library that nothing else here imports.
RARE = "this"


def test_a_module_that_is_left_out_seems_not_installed(capsys: pytest.CaptureFixture[str]) -> None:
    """Inside the block its import fails as that of a missing one; after it the module is as ever."""
    sys.modules.pop(RARE, None)
    with left_out(RARE), pytest.raises(ModuleNotFoundError, match=RARE):
        importlib.import_module(RARE)
    assert importlib.import_module(RARE).__name__ == RARE
    assert "Zen" in capsys.readouterr().out


def test_a_module_that_is_left_out_is_not_looked_for() -> None:
    """Inside the block looking for it raises, unlike looking for a missing one; after it the module is found."""
    sys.modules.pop(RARE, None)
    with left_out(RARE), pytest.raises(ModuleNotFoundError, match=RARE):
        importlib.util.find_spec(RARE)
    assert importlib.util.find_spec(RARE) is not None


def test_a_loaded_module_stays() -> None:
    """Who has a module keeps it, in the block and after it."""
    with left_out("json"):
        assert importlib.import_module("json") is sys.modules["json"]
    assert sys.modules["json"] is importlib.import_module("json")


def test_an_error_in_the_block_ends_the_leaving_out() -> None:
    """A failed import leaves no module marked as missing."""
    sys.modules.pop(RARE, None)
    with pytest.raises(ZeroDivisionError), left_out(RARE):
        raise ZeroDivisionError
    assert RARE not in sys.modules
