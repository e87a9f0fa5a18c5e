"""The reference names all there is."""

import dataclasses
from pathlib import Path

import pytest

from pipelines import config_input
from pipelines.config import OutputConfig
from transforms.kinds.parse import KINDS
from transforms.kinds.pre import OPERATIONS

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


def test_every_kind_and_operation_is_in_the_reference(reference: str) -> None:
    """Each kind, and each operation of `pre`, is named."""
    assert [
        name for name in (*KINDS, *OPERATIONS) if f"`{name}`" not in reference and f"{{ {name} =" not in reference
    ] == []
