"""Tests of the configuration that `shardmill init` writes."""

import re
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.pipelines.config.grouped_sections import SequenceConfig
from shardmill.pipelines.config.rows_section import RowsConfig, SampleConfig
from shardmill.pipelines.config.split_section import SplitConfig, TimeSplit
from shardmill.pipelines.init.toml_text import toml_key
from shardmill.pipelines.survey.starter_request import StarterRequest, parse_request
from shardmill.schemas.errors import ConfigError, DataError
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.features.registry import parse_features
from tests.support.csv.strptime import COMMON
from tests.support.starters import NUMBERS, Columns, load, profiles_of, starter

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


MOMENTS = [datetime(2013, 1, 1, tzinfo=timezone.utc) + timedelta(hours=31.4 * number) for number in range(1000)]


def test_the_configuration_loads(tmp_path: Path) -> None:
    """`run` reads it: files, schema, dialect, features, output."""
    columns = tuple(f"c{number}" for number in range(20))
    long = load(starter({"a": NUMBERS}, Dialect(header=False, columns=columns)), tmp_path)
    assert long.input.dialect.columns == columns
    dialect = Dialect(
        delimiter="\t",
        quote=None,
        comment="#",
        header=False,
        columns=("a", "b c"),
        trim=True,
        null_values=("", "\\N"),
        skip_rows=2,
    )
    config = load(starter({"a": NUMBERS, "b c": ["x", 'say "y"'] * 500}, dialect), tmp_path)
    assert config.input.dialect == dialect
    assert config.input.files == (str(tmp_path / "data/*.csv"),)
    assert config.input.schema == str(tmp_path / "data.schema.pbtxt")
    assert config.features == {"a": "z_score", "b c": {"kind": "vocabulary", "num_oov_buckets": 1}}
    assert config.output.dir == str(tmp_path / "out")
    assert config.split is None


def test_the_kinds_take_their_parameters() -> None:
    """Every kind that is ever chosen, commented out or not, is one that can be built for its column."""
    columns: Columns = {
        "number": NUMBERS,
        "gaps": [*NUMBERS[:500], *[None] * 500],
        "float": ["1.5", "nan"] * 500,
        "hour": [str(number % 24) for number in range(1000)],
        "color": ["red", "blue"] * 500,
        "large": [f"v{number // 2}" for number in range(1000)],
        "id": [f"id-{number}" for number in range(1000)],
        "constant": ["5"] * 1000,
        "nothing": [None] * 1000,
        "row": [str(number) for number in range(1000)],
        "odd name, é": NUMBERS,
        **{f"date{i}": [moment.strftime(name) for moment in MOMENTS] for i, name in enumerate(COMMON)},
    }
    text = starter(columns)
    uncommented = re.sub(
        r"^# ([^ ]+|\".*\") = (?=\"z_score|\"vocab|{ kind = \"(?!label))", r"\1 = ", text, flags=re.MULTILINE
    )
    schema = profiles_of(columns).schema()
    for version, missing in ((text, {"id", "constant", "nothing", "row"}), (uncommented, set[str]())):
        kinds = parse_features(tomllib.loads(version)["features"], schema)
        assert {kind.name for kind in kinds} == set(columns) - missing
    assert {kind.kind for kind in kinds} == {"z_score", "vocabulary", "datetime", "hash"}


def test_its_hints_load_too(tmp_path: Path) -> None:
    """The commented split and label are right once their marks are gone."""
    text = starter({"x": NUMBERS, "Label": ["yes", "no"] * 500})
    text = re.sub(r"^# (\[split\]|train = |eval = |test = )", r"\1", text, flags=re.MULTILINE)
    text = re.sub(r"^Label = .*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^# (Label = .*)$", r"\1", text, flags=re.MULTILINE)
    config = load(text, tmp_path)
    assert config.features["Label"] == {"kind": "label"}
    assert config.split is not None
    assert config.split.fractions == {"train": 0.8, "eval": 0.1, "test": 0.1}


def test_a_split_by_time_is_written_as_asked(tmp_path: Path) -> None:
    """With no key to add; the column must be there."""
    settings = ["split.by=time", "split.column=day", "split.train_until=2020-01-01"]
    request = parse_request((), None, settings, "p.toml")
    text = starter({"day": ["2020-01-01"] * 1000, "x": NUMBERS}, request=request.for_columns(("day", "x")))
    assert load(text, tmp_path).split == SplitConfig(time=TimeSplit("day", ("2020-01-01",)))
    assert "# key" not in text
    with pytest.raises(ConfigError, match=r"--set split\.column: there is no column 'day'; the columns are x"):
        request.for_columns(("x",))


def test_rows_are_left_out_as_asked(tmp_path: Path) -> None:
    """A condition and a sample stand above the split."""
    settings = ["rows.where=x > 1 and y == 'a'", 'rows.sample={ fraction = 0.5, key = ["x"] }', "split.stratify=y"]
    request = parse_request((), "0.9,0.1", settings, "p.toml")
    columns: Columns = {"x": NUMBERS, "y": ["a", "b"] * 500}
    config = load(starter(columns, request=request.for_columns(("x", "y"))), tmp_path)
    assert config.rows == RowsConfig("x > 1 and y == 'a'", SampleConfig(0.5, ("x",)))
    assert config.split == SplitConfig({"train": 0.9, "eval": 0.1}, stratify="y")


def test_rows_are_brought_together_as_asked(tmp_path: Path) -> None:
    """The key by which rows become one record stands above the output, whose format goes with it."""
    settings = ["output.format=sequence_example", 'sequence.group_by=["y"]', "sequence.order_by=x"]
    request = parse_request((), None, settings, "p.toml")
    columns: Columns = {"x": NUMBERS, "y": ["a", "b"] * 500}
    config = load(starter(columns, request=request.for_columns(("x", "y"))), tmp_path)
    assert config.grouped == SequenceConfig(("y",), order_by="x")


def test_labels_are_written_as_asked(tmp_path: Path) -> None:
    """In their columns' places, whatever the column is like; then nothing more is said of how to make one."""
    columns: Columns = {"id": [str(number) for number in range(1000)], "x": NUMBERS, "y": ["a", "b"] * 500}
    text = starter(columns, request=StarterRequest(("id", "y")))
    assert tomllib.loads(text)["features"] == {"id": {"kind": "label"}, "x": "z_score", "y": {"kind": "label"}}
    assert "NO COLUMN IS A LABEL" not in text
    assert load(text, tmp_path).split is None
    assert "NO COLUMN IS A LABEL YET" in starter(columns)


def test_a_label_of_another_name_takes_its_column() -> None:
    """What is predicted from itself is learned in no time."""
    request = StarterRequest(tables={"features": {"target": {"kind": "label", "column": "y"}}})
    text = starter({"x": NUMBERS, "y": ["a", "b"] * 500}, request=request)
    assert tomllib.loads(text)["features"] == {"x": "z_score", "target": {"kind": "label", "column": "y"}}
    assert "  # the label 'target': text" in text


def test_rows_without_a_label_are_allowed_for(tmp_path: Path) -> None:
    """They are rejected, and must not stop the run; unless the user says how many may be."""
    columns: Columns = {"x": NUMBERS, "y": [*NUMBERS[:-30], *[None] * 30]}
    text = starter(columns, request=StarterRequest(("y",)))
    assert load(text, tmp_path).input.max_bad_fraction == pytest.approx(0.06)
    assert "max_bad_fraction = 0.06  # 3.0% may lack a label" in text
    assert "# Rows without one are rejected: max_bad_fraction in [input]" in starter(columns)
    asked = StarterRequest(("y",), {"input": {"max_bad_fraction": 0.5}})
    assert load(starter(columns, request=asked), tmp_path).input.max_bad_fraction == 0.5


def test_a_column_is_left_for_a_label_to_be_learned_from() -> None:
    """Even one that seems to teach nothing; a label without values, or nothing but labels, is an error."""
    assert tomllib.loads(starter({"x": ["5"] * 10, "y": ["a"] * 10}, request=StarterRequest(("y",))))["features"] == {
        "x": {"kind": "vocabulary", "num_oov_buckets": 1},
        "y": {"kind": "label"},
    }
    with pytest.raises(DataError, match="every column is a label; expected one at least"):
        starter({"y": ["a", "b"]}, request=StarterRequest(("y",)))
    with pytest.raises(DataError, match=r"the label 'y' has no values.*null_values"):
        starter({"x": ["a", "b"], "y": [None, ""]}, request=StarterRequest(("y",)))


def test_settings_are_written(tmp_path: Path) -> None:
    """All of them, as they were given, in place of what would be guessed."""
    tables: dict[str, dict[str, Any]] = {
        "input": {"encoding": "latin-1", "delimiter": ",", "on_bad_row": "fail"},
        "split": {"train": 0.5, "dev": 0.5, "key": ["x y"]},
        "features": {"x y": "min_max", "rest": {"kind": "cross", "columns": ["x y", "z"], "num_buckets": 9}},
        "output": {"dir": "elsewhere", "rows_per_shard": 100, "shuffle": False},
    }
    dialect = {"encoding": "iso8859-1", "delimiter": ","}
    columns: Columns = {"x y": NUMBERS, "z": ["a", "b"] * 500}
    text = starter(columns, Dialect(**dialect), StarterRequest((), tables, dialect))
    written = tomllib.loads(text)
    assert written["input"].items() >= tables["input"].items()
    assert (written["split"], written["output"]) == (tables["split"], tables["output"])
    assert written["features"] == {**tables["features"], "z": {"kind": "vocabulary", "num_oov_buckets": 1}}
    assert load(text, tmp_path).output.dir == str(tmp_path / "elsewhere")


def test_many_columns_with_few_bad_cells_raise_the_allowed_fraction(tmp_path: Path) -> None:
    """What the looks at the data found must not stop the run."""
    rows = 2000
    columns = {
        f"c{position}": ["oops" if row == position else str(row * 7) for row in range(rows)] for position in range(30)
    }
    assert load(starter(columns), tmp_path).input.max_bad_fraction == pytest.approx(0.03)
    assert "max_bad_fraction" not in starter({"x": NUMBERS})


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=5, unique=True))
def test_any_column_names_give_a_configuration(names: list[str]) -> None:
    """Whatever the names, each column has its line; some names tell an identifier, whose line is commented out."""
    text = starter(dict.fromkeys(names, NUMBERS))
    lines = [line.removeprefix("# ") for line in text.splitlines()]
    assert all(any(line.startswith(f"{toml_key(name)} = ") for line in lines) for name in names)
    assert set(tomllib.loads(text)["features"]) <= set(names)


def test_infinite_numbers_are_proposed_to_be_missing(tmp_path: Path) -> None:
    """Where any cell of a column of floats is infinite the setting is there, with how many; text may say what it likes."""
    rates = [*(f"{number}.5" for number in range(998)), "inf", "-inf"]
    text = starter({"rate": rates, "word": ["inf", "x"] * 500})
    assert 'infinite = "missing"  # 2 in column \'rate\'; or "keep", "reject"\n' in text
    assert load(text, tmp_path).input.infinite == "missing"
    assert "infinite" not in starter({"rate": rates[:998], "word": ["inf", "x"] * 499})


CELLS = st.sampled_from(
    ["", "0", "1", "2", "7", "-3", "007", "0.5", "1.0", "nan", "inf", " ", "a", "b c", "x\ny", "true"]
)
COLUMN = st.one_of(
    st.lists(CELLS, min_size=12, max_size=12),
    st.lists(st.sampled_from(["1", "2", "x"]), min_size=12, max_size=12),
    st.lists(st.dates().map(str), min_size=12, max_size=12),
    st.lists(st.integers(0, 40).map(str), min_size=12, max_size=12),
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=3), min_size=12, max_size=12),
)


@given(
    st.dictionaries(st.sampled_from(["x", "x_missing", "day", "day_month", "id", "code", "index"]), COLUMN, min_size=1)
)
def test_any_cells_give_features_that_can_be_built(columns: dict[str, list[str]]) -> None:
    """Their kinds take the columns' types, and no two outputs have one name."""
    columns["word"] = ["a", "b"] * 6
    found = tomllib.loads(starter(columns))["features"]
    assert {kind.name for kind in parse_features(found, profiles_of(columns).schema())} == set(found)
