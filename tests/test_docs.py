"""The reference names all there is."""

import dataclasses
from pathlib import Path

import pytest

from pipelines import config_input
from pipelines.config import OutputConfig

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "configuration.md"


@pytest.fixture
def reference() -> str:
    """The text of the reference."""
    if not REFERENCE.exists():
        pytest.skip("the tests run apart from the repository")
    return REFERENCE.read_text(encoding="utf-8")


def test_every_key_is_in_the_reference(reference: str) -> None:
    """Each key of [input] and [output] has its line."""
    keys = [*config_input.KEYS, *(field.name for field in dataclasses.fields(OutputConfig))]
    assert [key for key in keys if f"`{key}`" not in reference] == []
