"""Presence and domains that are inferred from statistics."""

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from shardmill.schemas.feature_stats import Dataset, NumericSummary, StringSummary, dataset_statistics
from shardmill.schemas.inference.add_domains import MOST_VALUES, add_domains
from shardmill.schemas.schema_pbtxt import from_proto

SCHEMA = """
feature { name: "pay" type: BYTES presence { min_fraction: 1 min_count: 1 } shape {} }
feature { name: "zip" type: BYTES }
feature { name: "paid" type: BYTES }
feature { name: "fare" type: FLOAT }
feature { name: "empty" type: BYTES }
feature { name: "unread" type: BYTES }
"""


def _text(*values: str, missing: int = 0, unique: int | None = None) -> StringSummary:
    ranked = tuple((value, 2.0) for value in values)
    return StringSummary(2 * len(values), missing, len(values) if unique is None else unique, 3.0, ranked)


def _dataset(name: str, pay: str) -> Dataset:
    codes = [f"{code:05}" for code in range(MOST_VALUES + 1)]
    return dataset_statistics(
        name,
        10,
        {
            "pay": _text("cash", pay),
            "zip": _text(*codes, missing=1),
            "paid": _text("true", "false", missing=6),
            "fare": NumericSummary(9, 1),
            "empty": _text(missing=10),
        },
    )


def _inferred(*names: str) -> schema_pb2.Schema:
    schema = text_format.Parse(SCHEMA, schema_pb2.Schema())
    for _ in range(2):  # a second attempt at the same work changes nothing
        add_domains(schema, [_dataset("train", "card"), _dataset("eval", "Zelle")], names)
    return schema


def test_few_values_of_all_splits_are_a_domain() -> None:
    """In order; booleans are known by their spelling; more values than TFDV takes are none."""
    schema = _inferred("pay", "zip", "paid", "fare", "empty", "unread")
    pay, zip_code, paid, *others = schema.feature
    assert [(domain.name, list(domain.value)) for domain in schema.string_domain] == [
        ("pay", ["Zelle", "card", "cash"])
    ]
    assert pay.domain == "pay"
    assert (paid.bool_domain.true_value, paid.bool_domain.false_value) == ("true", "false")
    assert [each.WhichOneof("domain_info") for each in (zip_code, *others)] == [None] * 4


def test_presence_is_required_or_some() -> None:
    """A column with missing cells has a value somewhere; one without any, or unread, is left as it was."""
    presence = {each.name: each.presence for each in _inferred("pay", "zip", "paid", "fare", "empty", "unread").feature}
    assert (presence["pay"].min_fraction, presence["pay"].min_count) == (1, 1)
    for name in ("zip", "paid", "fare"):
        assert (presence[name].HasField("min_fraction"), presence[name].min_count) == (False, 1)
    assert not presence["empty"].ListFields()
    assert not presence["unread"].ListFields()


def test_columns_of_the_users_schema_stay() -> None:
    """What was given isn't changed."""
    assert _inferred() == text_format.Parse(SCHEMA, schema_pb2.Schema())


@pytest.mark.parametrize("unique", [0, 3])
def test_values_that_are_not_all_known_are_no_domain(unique: int) -> None:
    """There may be others: the number of distinct ones is unknown, or larger than those listed."""
    schema = text_format.Parse('feature { name: "pay" type: BYTES }', schema_pb2.Schema())
    add_domains(schema, [dataset_statistics("train", 4, {"pay": _text("cash", "card", unique=unique)})], ["pay"])
    assert schema.feature[0].WhichOneof("domain_info") is None


def test_an_inferred_schema_is_read_as_one_without_domains() -> None:
    """Given as `[input] schema`, it takes the same rows."""
    plain = from_proto(text_format.Parse(SCHEMA, schema_pb2.Schema()), "s")
    assert from_proto(_inferred("pay", "zip", "paid", "fare", "empty"), "s") == plain
