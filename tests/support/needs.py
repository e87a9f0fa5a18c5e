"""Tests that need what isn't everywhere skip where it isn't; where everything must be there, they fail instead."""

import importlib.util
import os
import shutil
from typing import NoReturn

import pytest


def needs(*programs: str) -> None:
    """Leaves the test where a program isn't installed, and says which.

    With SHARDMILL_REQUIRE_ALL set in the environment, as in CI, the test fails: else nobody would see that it never runs.
    """
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        leave(f"not installed here: {', '.join(missing)}")


def needs_google() -> None:
    """Leaves the test where Google's clients, the extra `gcp`, aren't installed; as for `needs`."""
    try:
        found = importlib.util.find_spec("google.cloud.storage")
    except ModuleNotFoundError:
        found = None
    if found is None:
        leave("Google's clients aren't installed: not on Python 3.10")


def leave(reason: str) -> NoReturn:
    """Leaves the test: skipped, or failed with SHARDMILL_REQUIRE_ALL."""
    if os.environ.get("SHARDMILL_REQUIRE_ALL"):
        pytest.fail(f"{reason}; SHARDMILL_REQUIRE_ALL says that it must be")
    pytest.skip(reason)
