"""The reference names all there is."""

import dataclasses
import re

import pytest

from shardmill.pipelines.config import input_section
from shardmill.pipelines.config.load import ANALYSIS_KEYS
from shardmill.pipelines.config.output_section import OutputConfig
from shardmill.transforms.features.registry import KINDS
from shardmill.transforms.kinds.base import Kind
from shardmill.transforms.numbers.pre import OPERATIONS
from tests.support.locations import ROOT

REFERENCE = ROOT / "docs" / "configuration.md"


@pytest.fixture
def reference() -> str:
    """The text of the reference."""
    if not REFERENCE.exists():
        pytest.skip("the tests run apart from the repository")
    return REFERENCE.read_text(encoding="utf-8")


def test_every_key_is_in_the_reference(reference: str) -> None:
    """Each key of [input], [analysis] and [output] has its line."""
    keys = [*input_section.KEYS, *ANALYSIS_KEYS, *(field.name for field in dataclasses.fields(OutputConfig))]
    assert [key for key in keys if f"`{key}`" not in reference] == []


def test_every_kind_and_operation_is_in_the_reference(reference: str) -> None:
    """Each kind, and each operation of `pre`, is named."""
    assert [
        name for name in (*KINDS, *OPERATIONS) if f"`{name}`" not in reference and f"{{ {name} =" not in reference
    ] == []


def test_every_parameter_of_a_kind_is_in_the_reference(reference: str) -> None:
    """Each parameter of each kind is named in the features' section, with or without its default."""
    parameters = set().union(*map(_parameters, KINDS.values()))
    assert [name for name in sorted(parameters) if not re.search(rf"`{name}(?:`| = )", _features(reference))] == []


def test_the_kinds_have_the_parameters_of_the_reference(reference: str) -> None:
    """Each parameter that a row of the kinds' table names, but as one to do without, is one of that row's kinds."""
    rows = re.findall(r"^\| (.*?) \| (.*?) \|", _features(reference), re.MULTILINE)
    of_kinds = [(re.findall(r"`(\w+)`", kinds), parameters) for kinds, parameters in rows]
    of_kinds = [(kinds, parameters) for kinds, parameters in of_kinds if kinds and KINDS.keys() >= set(kinds)]
    assert [kind for kinds, _ in of_kinds for kind in kinds] == list(KINDS)
    for kinds, parameters in of_kinds:
        named = set(re.findall(r"(?<!without )`(\w+)(?:`| = )", parameters))
        assert named - KINDS.keys() - {"columns"} <= set().union(*(_parameters(KINDS[kind]) for kind in kinds))


def _features(reference: str) -> str:
    return reference.partition("## `[features]`")[2].partition("\n## ")[0]


def _parameters(kind: type[Kind]) -> set[str]:
    fields = [field for field in dataclasses.fields(kind) if field.name not in {"name", "columns", "pool", "earlier"}]
    return {field.metadata.get("key", field.name) for field in fields}
