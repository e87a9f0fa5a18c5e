"""Starter configurations of files whose headers leave out names, or have one twice."""

from pathlib import Path

import pytest

from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.init.init import init
from shardmill.pipelines.survey.starter_request import parse_request
from shardmill.schemas.errors import DataError
from shardmill.schemas.schema_pbtxt import load_schema


def starter_of(folder: Path, text: str, *settings: str) -> tuple[str, list[str]]:
    """The starter configuration of a file, and the decisions about names."""
    (folder / "a.csv").write_text(text)
    config = folder / "p.toml"
    request = parse_request((), None, settings, str(config))
    starter = init([str(folder / "a.csv")], str(config), Progress(quiet=True), request)
    assert load_config(str(config)).features
    return config.read_text(), [str(each) for each in starter.decisions if each.subject == "column names"]


def test_an_unnamed_first_column_is_a_row_number(tmp_path: Path) -> None:
    """As pandas and R write it: it gets a name, is no feature, and both the terminal and the file say so."""
    text, decisions = starter_of(tmp_path, ",x,y\n0,1,a\n1,2,b\n2,4,a\n3,8,b\n")
    assert decisions == ["column names: 'column_1' (in the header column 1 has no name)"]
    assert f"# {decisions[0]}" in text.splitlines()
    (line,) = [line for line in text.splitlines() if line.startswith(("column_1 =", "# column_1 ="))]
    assert line.startswith("# ")
    assert "numbers the rows, without a name" in line
    assert "header_names" not in text


def test_a_name_that_is_there_twice_is_told(tmp_path: Path) -> None:
    """With the columns' numbers."""
    text, decisions = starter_of(tmp_path, "x,y,x\n1,a,5\n2,b,3\n4,a,9\n")
    assert decisions == ["column names: 'x_2' (in the header column 3 is another 'x')"]
    assert "x_2 = " in text
    assert load_schema(str(tmp_path / "p.schema.pbtxt")).names == ("x", "y", "x_2")


def test_a_header_that_ends_with_a_delimiter_stops_nothing(tmp_path: Path) -> None:
    """Its last column has no values and is commented out."""
    text, decisions = starter_of(tmp_path, '"a","b",\n1,2,\n3,5,\n')
    assert decisions == ["column names: 'column_3' (in the header column 3 has no name)"]
    (line,) = [line for line in text.splitlines() if "column_3 =" in line]
    assert line.startswith("# column_3 = ")
    assert "no values" in line


def test_many_names_take_one_line(tmp_path: Path) -> None:
    """The first few are told, and how many there are."""
    text, decisions = starter_of(tmp_path, "x" + "," * 9 + "\n" + ",".join("1234567890") + "\n")
    (decision,) = decisions
    names = "column names: 'column_2', 'column_3', 'column_4', 'column_5', 'column_6' and 4 more"
    assert decision == f"{names} (in the header columns 2, 3, 4, 5, 6 and 4 more have no name)"
    assert f"# {decision}" in text.splitlines()


def test_strict_names_are_refused_with_what_init_takes(tmp_path: Path) -> None:
    """Where the command line asks for them; the starter keeps the setting where they are all there."""
    with pytest.raises(DataError, match=r"a\.csv' has no name for column 1 of 2; .*--set input\.header_names=\.\.\."):
        starter_of(tmp_path, ",x\n0,1\n", "input.header_names=strict")
    text, decisions = starter_of(tmp_path, "y,x\n0,1\n1,0\n", "input.header_names=strict")
    assert decisions == []
    assert 'header_names = "strict"' in text.splitlines()
