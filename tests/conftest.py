"""Fixtures for all tests: where the real data is, and a tracing process that runs share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from transforms import tracing

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the project; a test that needs it skips where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the real data isn't at {folder}")
    return folder


@pytest.fixture(scope="session")
def shared_tracer() -> Iterator[None]:
    """Keeps one tracing process for all runs of the main job in this session: each would import TensorFlow anew."""
    with tracing.shared():
        yield
