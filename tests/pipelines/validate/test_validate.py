"""`shardmill validate`, on files."""

import gzip
import json
from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2

from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.validate import validate as validate_module
from shardmill.pipelines.validate.expectations import Wish
from shardmill.pipelines.validate.show_anomalies import print_anomalies
from shardmill.schemas.errors import ConfigError
from tests.pipelines.cli.test_commands import call_here
from tests.schemas.validation.small_statistics import names

SCHEMA = """
feature { name: "n" type: INT presence { min_fraction: 1 min_count: 1 } }
feature { name: "city" type: BYTES presence { min_count: 1 } }
feature { name: "label" type: FLOAT presence { min_count: 1 } not_in_environment: "SERVING" }
default_environment: "TRAINING"
default_environment: "SERVING"
"""


def validate(
    folder: Path, *patterns: str, schema: str = SCHEMA, environment: str | None = None
) -> validate_module.Validated:
    """Validates files of a folder by a schema."""
    path = folder / "schema.pbtxt"
    path.write_text(schema)
    wish = Wish(str(path), None, environment)
    return validate_module.validate(
        [str(folder / each) for each in patterns], wish, Progress(quiet=True), given={}, workers=2
    )


def kinds(found: anomalies_pb2.Anomalies) -> dict[str, list[str]]:
    """The kinds of anomalies of each column that has any."""
    return {column: names(found, column) for column in found.anomaly_info}


def test_files_that_fit_have_no_anomaly(tmp_path: Path) -> None:
    """Columns in another order, and a label only where it is expected."""
    (tmp_path / "a.csv").write_text("city,label,n\nOslo,1.5,1\nRome,2,2\n")
    (tmp_path / "b.csv").write_text("n,city\n1,Oslo\n")
    assert kinds(validate(tmp_path, "a.csv").anomalies) == {}
    assert kinds(validate(tmp_path, "b.csv", environment="SERVING").anomalies) == {}
    assert kinds(validate(tmp_path, "b.csv", environment="TRAINING").anomalies) == {"label": ["SCHEMA_MISSING_COLUMN"]}


def test_files_may_differ_in_their_columns(tmp_path: Path) -> None:
    """A column that one file lacks is missing in its rows; one that only the last has is new."""
    (tmp_path / "a.csv").write_text("n,city,label\n1,Oslo,1\n")
    (tmp_path / "b.csv").write_text("city,label,more\nRome,2,x\n")
    found = validate(tmp_path, "a.csv", "b.csv").anomalies
    assert kinds(found) == {"n": ["FEATURE_TYPE_LOW_FRACTION_PRESENT"], "more": ["SCHEMA_NEW_COLUMN"]}
    assert "1 of 2 rows have none" in found.anomaly_info["n"].description


def test_rows_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    """They are left out; the others are validated."""
    (tmp_path / "a.csv").write_text("n,city,label\n1,Oslo,1\n2,Rome\n3,Rome,x\n")
    found = validate(tmp_path, "a.csv")
    assert (found.measured.read, found.measured.rejections.total) == (3, 1)
    assert kinds(found.anomalies) == {"label": ["UNEXPECTED_DATA_TYPE"]}


@pytest.mark.parametrize("text", ["", "n,city,label\n"])
def test_files_without_rows_are_an_anomaly(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whether or not there is a header; it is no column's."""
    (tmp_path / "a.csv").write_text(text)
    found = validate(tmp_path, "a.csv")
    assert found.anomalies.data_missing
    print_anomalies(found.anomalies, found.measured, "s.pbtxt")
    out = capsys.readouterr().out
    assert out.startswith("anomalies in 0 rows of ")
    assert "│ (all rows) │ No data: There is no row │" in out


def test_a_file_without_a_header_has_the_schemas_columns(tmp_path: Path) -> None:
    """In their order."""
    (tmp_path / "a.csv").write_text("".join(f"{row},Oslo,{row}.5\n" for row in range(30)))
    assert kinds(validate(tmp_path, "a.csv").anomalies) == {}


def test_nothing_to_validate_by_is_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As are an environment that the schema doesn't have, a schema that isn't there and another setting."""
    (tmp_path / "a.csv").write_text("n,city\n1,Oslo\n")
    schema = tmp_path / "schema.pbtxt"
    schema.write_text(SCHEMA)
    for options, expected in (
        ([], "expected what to validate by, received nothing; give --schema FILE, --against RUN_DIR or both"),
        (["--schema", "absent"], "the schema: can't read 'absent'"),
        (["--schema", str(tmp_path)], f"expected the file of a schema, received the folder '{tmp_path}'"),
        (
            ["--schema", str(schema), "--environment", "SERVE"],
            f"environment 'SERVE': expected one of the schema '{schema}'; did you mean 'SERVING'? It has 'SERVING', 'TRAINING'",
        ),
        (
            ["--schema", str(schema), "--set", "output.shards=3"],
            "--set output.shards: expected how the files are spelled, such as input.delimiter, received another setting; leave it out",
        ),
    ):
        status, out, err = call_here(monkeypatch, capsys, "validate", str(tmp_path / "a.csv"), *options)
        assert (status, out) == (2, "")
        assert expected in err


def test_the_dialect_may_be_given(tmp_path: Path) -> None:
    """The command line's settings are the dialect's fields."""
    given = validate_module.dialect_settings(["input.delimiter=;", 'input.null_values=["-"]'])
    assert given == {"delimiter": ";", "null_values": ("-",)}
    with pytest.raises(ConfigError, match=r"input\.delimiter"):
        validate_module.dialect_settings(["input.delimiter=ab"])


def test_json_has_all_reasons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Programs read it; the same anomalies are in the file."""
    (tmp_path / "a.csv").write_text("n,city,label\n1,\x1b[31m,1\nx,Rome,2\n,Rome,2\n")
    (tmp_path / "schema.pbtxt").write_text(SCHEMA)
    output = tmp_path / "found.pbtxt"
    status, out, _ = call_here(
        monkeypatch,
        capsys,
        *("validate", str(tmp_path / "a.csv"), "--schema", str(tmp_path / "schema.pbtxt"), "--json", "-o", str(output)),
    )
    found = json.loads(out)
    assert status == 1
    assert found["rows"] == {"read": 3, "rejected": 0, "reasons": {}}
    assert [(each["column"], [reason["type"] for reason in each["reasons"]]) for each in found["columns"]] == [
        ("n", ["FEATURE_TYPE_LOW_FRACTION_PRESENT", "UNEXPECTED_DATA_TYPE"])
    ]
    written = text_format.Parse(output.read_text(), anomalies_pb2.Anomalies())
    assert names(written, "n") == [reason["type"] for reason in found["columns"][0]["reasons"]]


def test_taxi_rides_have_the_anomalies_that_are_known(shared_data: Path) -> None:
    """TFX's sample by its own schema: rides without a pickup, and companies that the schema doesn't have."""
    folder = shared_data / "chicago_taxi"
    found = validate_module.validate(
        [str(folder / "data.csv.gz")], Wish(str(folder / "schema.pbtxt")), Progress(quiet=True), given={}
    )
    assert found.measured.read == 15_002
    assert kinds(found.anomalies) == {
        "company": ["ENUM_TYPE_UNEXPECTED_STRING_VALUES"],
        "pickup_community_area": ["FEATURE_TYPE_LOW_FRACTION_PRESENT"],
        "pickup_latitude": ["FEATURE_TYPE_LOW_FRACTION_PRESENT"],
        "pickup_longitude": ["FEATURE_TYPE_LOW_FRACTION_PRESENT"],
    }
    assert "'2092 - 61288 Sbeih company'" not in found.anomalies.anomaly_info["company"].description
    assert "'6574 - Babylon Express Inc.' (<1%)" in found.anomalies.anomaly_info["company"].description


def test_census_with_a_column_changed_is_noticed(shared_data: Path, tmp_path: Path) -> None:
    """Ages written as words and a workclass that nobody had before."""
    with gzip.open(shared_data / "census_income" / "adult.data.gz", "rt") as stream:
        rows = [line.rstrip("\n").split(", ") for line in stream if line.strip()][:3000]
    names_ = [f"c{index}" for index in range(15)]
    for row in rows[::10]:
        row[0], row[1] = "old", "Robot"
    (tmp_path / "new.csv").write_text("\n".join(",".join(row) for row in [names_, *rows]) + "\n")
    known = sorted({row[1] for row in rows} - {"Robot"})
    domain = " ".join(f'value: "{value}"' for value in known)
    schema = (
        f'feature {{ name: "c0" type: INT }} feature {{ name: "c1" type: BYTES string_domain {{ {domain} }} }}'
        + "".join(f'feature {{ name: "{name}" type: BYTES }}' for name in names_[2:])
    )
    found = validate(tmp_path, "new.csv", schema=schema).anomalies
    assert kinds(found) == {"c0": ["UNEXPECTED_DATA_TYPE"], "c1": ["ENUM_TYPE_UNEXPECTED_STRING_VALUES"]}
    assert found.anomaly_info["c0"].description == (
        "Expected data of type INT, but 300 of 3,000 cells (~10%) spell no such value: 'old'."
    )
    assert found.anomaly_info["c1"].description.endswith("'Robot' (~10%).")
