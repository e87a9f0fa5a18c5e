"""Formats of numbers in a starter configuration: recognized, written as tables, and read by `run` as they were meant."""

import sys
from pathlib import Path

import pytest

from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.init.init import init
from shardmill.pipelines.init.next_steps import Starter
from shardmill.pipelines.survey.starter_request import StarterRequest, parse_request
from shardmill.schemas.schema import Column, ColumnType
from shardmill.schemas.schema_pbtxt import load_schema
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.numbers.number_format import NumberFormat
from tests.support.runs import read_split, run
from tests.support.starters import starter

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

GERMAN = NumberFormat(thousands=".", decimal=",", strip="€")


def start(folder: Path, rows: str, *settings: str) -> tuple[Starter, Path]:
    """Writes a starter configuration for some rows."""
    (folder / "data.csv").write_text(rows)
    config = folder / "p.toml"
    request = parse_request((), None, settings, str(config))
    return init([str(folder / "data.csv")], str(config), Progress(quiet=True), request), config


@pytest.mark.usefixtures("shared_tracer")
def test_a_starter_reads_numbers_in_their_notation(tmp_path: Path) -> None:
    """It says what was recognized, its schema has numbers, and it runs as it is."""
    rows = "".join(
        f"{number}.234,50 €;{number},5;{'yes' if number % 3 else 'no'};{number}00,0 kg\n" for number in range(1, 41)
    )
    starter, config = start(tmp_path, f"price;a b;paid;text\n{rows}")
    told = [str(decision) for decision in starter.decisions]
    assert "column 'price': numbers with thousands '.', strip '€' and decimal ',' ('10.234,50 €' is 10234.50)" in told
    assert "column 'paid': numbers with true_values ['yes'] and false_values ['no'] ('yes' is 1)" in told
    assert tomllib.loads(config.read_text())["input"]["columns"] == {
        "price": {"thousands": ".", "decimal": ",", "strip": "€"},
        "a b": {"decimal": ","},
        "paid": {"true_values": ["yes"], "false_values": ["no"]},
    }
    types = [ColumnType.FLOAT, ColumnType.FLOAT, ColumnType.INT, ColumnType.BYTES]
    assert [column.type for column in load_schema(starter.schema)] == types
    assert all(f"# {line}" in config.read_text() for line in told if line.startswith("column 'price'"))
    run(config, tmp_path / "run")
    assert sorted(read_split(tmp_path / "run")["paid"].tolist()) == [0] * 13 + [1] * 27


def test_points_before_three_digits_are_read_as_other_columns_tell(tmp_path: Path) -> None:
    """As thousands beside decimal commas, unless not all cells are like that; as decimals without a table."""
    folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        folder.mkdir()
    rows = [f"{number % 8 + 1}.{number * 137 % 1000:03d};{number}" for number in range(40)]
    starter, config = start(folders[0], "x;y\n" + "".join(f"{row},5\n" for row in rows))
    assert tomllib.loads(config.read_text())["input"]["columns"]["x"] == {"thousands": ".", "decimal": ","}
    assert load_schema(starter.schema)["x"].type is ColumnType.INT
    starter, config = start(folders[1], "x,y\n" + "".join(f"{row}\n".replace(";", ",") for row in rows))
    assert "columns" not in tomllib.loads(config.read_text())["input"]
    assert any(str(each).startswith("column 'x': numbers with decimal '.' (") for each in starter.decisions)
    assert load_schema(starter.schema)["x"].type is ColumnType.FLOAT
    many = [f"{number // 1000 + 100}.{number % 1000:03d};1,5\n" for number in range(20_000)]
    starter, config = start(folders[2], "x;y\n" + "".join([*many, "100.25;2,5\n"]))
    assert "x" not in tomllib.loads(config.read_text())["input"]["columns"]
    assert not any(str(each).startswith("column 'x'") for each in starter.decisions)


def test_what_the_command_line_says_is_not_guessed(tmp_path: Path) -> None:
    """The column is numbers whatever its cells look like, and keeps all of its settings; others are guessed."""
    rows = "".join(f"{number},{number};{number},5\n" for number in range(100, 150))
    _, config = start(tmp_path, f"x;y\n{rows}", 'input.columns.x.thousands=","', "input.columns.x.infinite=reject")
    assert tomllib.loads(config.read_text())["input"]["columns"] == {
        "x": {"thousands": ",", "infinite": "reject"},
        "y": {"decimal": ","},
    }
    assert load_config(str(config)).input.dialect.numbers == (
        ("x", NumberFormat(thousands=",")),
        ("y", NumberFormat(decimal=",")),
    )
    assert load_schema(str(tmp_path / "p.schema.pbtxt"))["x"].type is ColumnType.INT


def test_without_a_header_the_schema_names_the_columns(tmp_path: Path) -> None:
    """A list of names stands at the key of the tables."""
    _, config = start(tmp_path, "1,5;2\n2,5;3\n3,5;4\n", "input.delimiter=;")
    checked = load_config(str(config))
    assert (checked.input.dialect.header, checked.input.dialect.columns) == (False, None)
    assert checked.input.dialect.numbers == (("column_1", NumberFormat(decimal=",")),)
    assert load_schema(str(tmp_path / "p.schema.pbtxt"))["column_1"] == Column(
        "column_1", ColumnType.FLOAT, required=True, origin=str(tmp_path / "p.schema.pbtxt")
    )


def test_numbers_among_which_is_text_stay_text(tmp_path: Path) -> None:
    """No row is lost for a guess: it is told what the column looks like."""
    rows = "".join(f"{number},5;1\n" for number in range(50))
    starter, config = start(tmp_path, f"x;y\n{rows}n/k;2\n")
    assert "columns" not in tomllib.loads(config.read_text())["input"]
    told = (
        "column 'x': text (most of its cells are numbers with decimal ',', but 1 is none, such as 'n/k'), please check"
    )
    assert told in map(str, starter.decisions)


def test_a_setting_of_the_user_keeps_the_columns_guessed_format() -> None:
    """Both stand in the column's table; where both have a key, the user's stands."""
    numbers = (("price", NumberFormat(thousands=",", strip="$")),)
    request = StarterRequest(tables={"input": {"columns": {"price": {"infinite": "keep", "strip": "$€"}}}})
    text = starter({"price": ["1234", "1235"] * 20}, Dialect(numbers=numbers), request)
    assert tomllib.loads(text)["input"]["columns"] == {"price": {"infinite": "keep", "strip": "$€", "thousands": ","}}
