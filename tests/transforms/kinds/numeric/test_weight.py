"""Rows' weights."""

from pathlib import Path

import pytest

from shardmill.pipelines.inspect.run_tables import read_manifest
from shardmill.schemas.errors import ConfigError
from shardmill.transforms.features.registry import parse_features
from tests.pipelines.test_apply import apply
from tests.support.kinds import run, schema_of
from tests.support.runs import read_rejected, read_split, run_toml
from tests.support.verified import checks

S = schema_of(w="float", i="int", s="bytes")


def test_weights(tmp_path: Path) -> None:
    """They are passed through in float32, not requested in serving; a missing one may have a value."""
    table = {"w": "weight", "i": {"kind": "numeric", "missing": 0}}
    assert run(table, S, {"w": [0, 2.5], "i": [1, 2], "s": ["", ""]}, tmp_path)["w"].tolist() == [0, 2.5]
    (weight, other) = parse_features(table, S)
    assert (weight.is_label, other.is_label) == (True, False)
    assert weight.required_columns(S) == ("w",)
    folder = tmp_path / "filled"
    folder.mkdir()
    filled = {"i": {"kind": "weight", "missing": 1}}
    assert run(filled, S, {"w": [0, 0], "i": [3, None], "s": ["", ""]}, folder)["i"].tolist() == [3, 1]


@pytest.mark.usefixtures("shared_tracer")
def test_rows_that_are_refused(tmp_path: Path) -> None:
    """Rows of negative, infinite or missing weights and of zero divisors are rejected with the reason, and `verify` reads them so again."""
    cells = [(1, 4, 2), (-0.5, 4, 2), ("", 4, 2), ("inf", 4, 2), (0, 6, 3), (2, 6, 0), (3, "", 0), (1, "", 2)]
    rows = "\n".join(",".join(map(str, row)) for row in cells)
    (tmp_path / "rows.csv").write_text(f"w,a,b\n{rows}\n")
    folder = run_toml(
        tmp_path,
        """
        [input]
        files = "rows.csv"
        max_bad_fraction = 1.0
        [features]
        w = "weight"
        ratio = { kind = "arithmetic", expression = "a / b", zero_divisor = "reject", missing = -1 }
        [output]
        shards = 1
        shuffle = false
        """,
    )
    manifest = read_manifest(str(folder))
    assert manifest["columns"]["refused"] == {"b": ["zero"], "w": ["negative"]}
    assert [(each["line"], each["column"], each["reason"]) for each in read_rejected(folder)] == [
        (3, "w", "expected a finite number of at least 0, found -0.5"),
        (4, "w", "missing value in a column that must have one"),
        (5, "w", "expected a finite number of at least 0, found inf"),
        (7, "b", "expected a number other than 0, as a divisor, found 0"),
        (8, "b", "expected a number other than 0, as a divisor, found 0"),
    ]
    found = read_split(folder, "train")
    assert found["w"].tolist() == [1, 0, 1]
    assert found["ratio"].tolist() == [2, 2, -1]
    assert [check.problems for check in checks(folder).values() if check.problems] == []
    # In new data a weight may be missing, but not be negative.
    (tmp_path / "new.csv").write_text("w,a,b\n-1,4,2\n,4,2\n2,4,2\n2,4,0\n")
    apply(folder, [tmp_path / "new.csv"], tmp_path / "applied")
    assert [each["line"] for each in read_rejected(tmp_path / "applied")] == [2, 5]
    assert [check.problems for check in checks(tmp_path / "applied").values() if check.problems] == []


@pytest.mark.usefixtures("shared_tracer")
def test_a_derived_weight(tmp_path: Path) -> None:
    """No row of the data can be rejected for it, so it isn't taken; the message says what to do."""
    (tmp_path / "rows.csv").write_text("a,x\n1.5,2\n2.5,1\n")
    (tmp_path / "mine.py").write_text("def derive(inputs):\n    return {'w': inputs['a'] * 2}\n")
    toml = 'derive = "mine.py:derive"\n[input]\nfiles = "rows.csv"\n[features]\nx = "numeric"\nw = "weight"\n'
    with pytest.raises(
        ConfigError, match="w: expected a column of the data, whose negative numbers reject their rows, received"
    ):
        run_toml(tmp_path, toml)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"w": {"kind": "weight", "missing": -1}}, 'expected `missing` to be a number of at least 0 or "reject", received -1'),
        ({"w": {"kind": "weight", "missing": "mean"}}, "received 'mean'"),
        ({"s": "weight"}, "expected a column of type FLOAT or INT for `weight`, received column 's'"),
        ({"w": "weight", "i": "weight"}, "i: expected one `weight`, received a second one besides 'w'; remove one"),
    ],
)  # fmt: skip
def test_bad_parameters(table: dict[str, object], message: str) -> None:
    """Parameters that don't fit are refused, and so is a second weight."""
    with pytest.raises(ConfigError, match=message):
        parse_features(table, S)
