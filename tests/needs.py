"""Tests that need a program from outside Python skip where it isn't; where everything must be there, they fail instead."""

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


def leave(reason: str) -> NoReturn:
    """Leaves the test: skipped, or failed with SHARDMILL_REQUIRE_ALL."""
    if os.environ.get("SHARDMILL_REQUIRE_ALL"):
        pytest.fail(f"{reason}; SHARDMILL_REQUIRE_ALL says that it must be")
    pytest.skip(reason)
