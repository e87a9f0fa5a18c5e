"""`shardmill init`: from a look at the data to two files."""

import re
import shlex
from pathlib import Path

import pytest

from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.init.init import init
from shardmill.pipelines.init.next_steps import next_steps
from shardmill.pipelines.survey.starter_request import StarterRequest, parse_request
from shardmill.schemas.errors import ConfigError, DataError, OutputError
from shardmill.schemas.schema import ColumnType
from shardmill.schemas.schema_pbtxt import load_schema


def test_it_writes_a_configuration_and_a_schema(tmp_path: Path) -> None:
    """The configuration is valid, names its input relative to itself where it was named so, and the schema beside it."""
    (tmp_path / "data.csv").write_text("age;city\n31;Oslo\n45;Rome\n")
    init([str(tmp_path / "data.csv")], str(tmp_path / "p.toml"), Progress(quiet=True))
    config = load_config(str(tmp_path / "p.toml"))
    assert config.input.dialect.delimiter == ";"
    assert load_schema(str(tmp_path / "p.schema.pbtxt")).names == ("age", "city")
    assert config.input.schema == str(tmp_path / "p.schema.pbtxt")


@pytest.mark.parametrize("name", ["p.toml", "p.schema.pbtxt"])
def test_files_that_exist_are_left_alone(tmp_path: Path, name: str) -> None:
    """Neither of the two files is overwritten."""
    (tmp_path / "data.csv").write_text("x\n1\n")
    (tmp_path / name).write_text("mine")
    with pytest.raises(OutputError, match=rf"{name}' exists and isn't overwritten; choose another file with --output"):
        init([str(tmp_path / "data.csv")], str(tmp_path / "p.toml"), Progress(quiet=True))
    assert (tmp_path / name).read_text() == "mine"


def test_both_files_that_exist_are_named(tmp_path: Path) -> None:
    """Who removes one isn't told of the other only then."""
    (tmp_path / "data.csv").write_text("x\n1\n")
    for name in ("p.toml", "p.schema.pbtxt"):
        (tmp_path / name).write_text("mine")
    with pytest.raises(
        OutputError, match=r"p.toml' and '.*p.schema.pbtxt' exist and aren't overwritten; .* remove them"
    ):
        init([str(tmp_path / "data.csv")], str(tmp_path / "p.toml"), Progress(quiet=True))


def test_a_label_of_files_without_a_header_needs_names(tmp_path: Path) -> None:
    """The message says how to give them; with names, it says nothing of them."""
    (tmp_path / "data.csv").write_text("1,2\n3,4\n")
    arguments = [str(tmp_path / "data.csv")], str(tmp_path / "p.toml"), Progress(quiet=True)
    advice = """; the files have no header, so name their columns with --set input.header=false --set 'input.columns=["...", "..."]'"""
    with pytest.raises(ConfigError, match=re.escape(f"the columns are column_1, column_2{advice}")):
        init(*arguments, parse_request(("income",), None, [], "p.toml"))
    settings = ["input.header=false", 'input.columns=["a", "b"]']
    with pytest.raises(ConfigError, match=r"the columns are a, b$"):
        init(*arguments, parse_request(("income",), None, settings, "p.toml"))


@pytest.mark.parametrize(
    ("pattern", "output", "expected"),
    [
        (
            "data.csv",
            "s3://bucket/p.toml",
            "--output: expected a local file, the only kind that a configuration is read from, received 's3://bucket/p.toml'",
        ),
        ("data.csv", "s3:/bucket/p.toml", "--output: expected a local path or one such as s3://BUCKET/FOLDER"),
        ("data.csv", "", "--output: expected a path, received ''"),
        ("data.csv", "/", "--output: expected a path with a name, received '/'"),
        ("s3:/bucket/*.csv", "p.toml", "FILES: expected a local path or one such as s3://BUCKET/FOLDER"),
        ("", "p.toml", "FILES: expected a path, received ''"),
        (
            "caf\udce9.csv",
            "p.toml",
            r"FILES: expected a path in UTF-8, as a configuration is, received 'caf\udce9.csv'; rename",
        ),
        (
            "data.csv",
            "caf\udce9.toml",
            r"--output: expected a path in UTF-8, as a configuration is, received 'caf\udce9.toml'",
        ),
        (
            "old.*",
            "p.toml",
            "FILES: expected CSV files, received a configuration, 'old.toml'; give the files with the data, for example 'data/*.csv'",
        ),
        ("*.pbtxt", "p.toml", "FILES: expected CSV files, received a schema, 's.pbtxt'; give the files with the data"),
    ],
)
def test_paths_that_cannot_be_meant_write_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, output: str, expected: str
) -> None:
    """A slip in a path is told before the data is read, and a configuration is written to a local file only."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.csv").write_text("x\n1\n")
    for name in ("old.toml", "s.pbtxt"):
        (tmp_path / name).write_text("a = 1\nb = 2\n")
    with pytest.raises(ConfigError) as caught:
        init([pattern], output, Progress(quiet=True))
    assert str(caught.value).startswith(expected)
    assert {path.name for path in tmp_path.iterdir()} == {"data.csv", "old.toml", "s.pbtxt"}


def test_empty_files_have_no_columns(tmp_path: Path) -> None:
    """Where all files are empty there is nothing to begin with."""
    (tmp_path / "data.csv").write_text("")
    with pytest.raises(DataError, match=r"all input files are empty, '.*data\.csv' the first of them"):
        init([str(tmp_path / "data.csv")], str(tmp_path / "p.toml"), Progress(quiet=True))
    assert not (tmp_path / "p.toml").exists()


def test_empty_files_among_others_are_told(tmp_path: Path) -> None:
    """On one line, however many they are."""
    (tmp_path / "data.csv").write_text("a,b\n1,2\n")
    for number in range(8):
        (tmp_path / f"empty-{number}.csv").write_text("")
    starter = init([str(tmp_path / "*.csv")], str(tmp_path / "p.toml"), Progress(quiet=True))
    (told,) = [str(decision) for decision in starter.decisions if decision.subject == "files"]
    assert told.startswith(f"files: 8 of 9 are empty ('{tmp_path}/empty-0.csv', ")
    assert told.endswith(f"'{tmp_path}/empty-4.csv' and 3 more), please check")


def test_settings_are_heeded_in_looking_at_the_data(tmp_path: Path) -> None:
    """What no look at the bytes can tell: here the encoding, the columns' names and what is missing."""
    (tmp_path / "data.csv").write_bytes("31;K\xf6ln\n-1;Bonn\n".encode("utf-16-le"))
    settings = ["input.encoding=utf-16-le", "input.header=false", "input.columns=['age', 'city']"]
    request = parse_request(
        ["age"], None, [*settings, "input.null_values=['', '-1']", "input.max_bad_fraction=0.5"], "p"
    )
    starter = init([str(tmp_path / "data.csv")], str(tmp_path / "p.toml"), Progress(quiet=True), request)
    config = load_config(starter.config)
    assert (config.input.dialect.encoding, config.input.dialect.columns) == ("utf-16-le", ("age", "city"))
    schema = load_schema(starter.schema)
    assert [column.required for column in schema] == [False, True]
    assert (
        "e.g. 'Köln', 'Bonn'" in Path(starter.config).read_text()
        or "e.g. 'Bonn', 'Köln'" in Path(starter.config).read_text()
    )


@pytest.mark.parametrize(
    ("data", "settings", "advice"),
    [
        (
            b"a,a\n1,2\n",
            ["input.header_names=strict"],
            " (--set input.header_names=..., --set input.header=..., --set input.columns=..., --set input.skip_rows=...)",
        ),
        ("id,name\n1,Wągrowiec\n".encode("cp1250"), [], " (--set input.encoding=...)"),
        (b'a\n""\n', [], " (--set input.null_values=...)"),
        (b"a\nx\n", ["input.encoding=utf-16"], " (--set input.encoding=...)"),
    ],
)
def test_an_advised_setting_is_one_that_init_takes(
    tmp_path: Path, data: bytes, settings: list[str], advice: str
) -> None:
    """There is no configuration yet to write it into; the advised key is one of `[input]`."""
    (tmp_path / "data.csv").write_bytes(data)
    request = parse_request((), None, settings, "p.toml")
    with pytest.raises(DataError) as caught:
        init([str(tmp_path / "data.csv")], str(tmp_path / "p.toml"), Progress(quiet=True), request)
    assert str(caught.value).endswith(advice)


def test_a_guessed_encoding_is_marked_with_words_that_it_reads(tmp_path: Path) -> None:
    """In the starter and on the terminal; NUL bytes in cells are text to `init`, as they are to `run`."""
    (tmp_path / "data.csv").write_bytes("name,n\nZürich,1\nK\0öln,2\n".encode("cp1252"))
    starter = init([str(tmp_path / "data.csv")], str(tmp_path / "p.toml"), Progress(quiet=True))
    decided = "encoding: cp1252 (not UTF-8; reads 'Zürich' and 'öln'), please check"
    assert decided in map(str, starter.decisions)
    assert f"# {decided}\n" in (tmp_path / "p.toml").read_text(encoding="utf-8")
    assert load_config(str(tmp_path / "p.toml")).input.dialect.encoding == "cp1252"


@pytest.mark.parametrize("spelling", ["House Agee", "house_age"])
def test_an_advised_renaming_is_one_that_init_takes(tmp_path: Path, spelling: str) -> None:
    """The message about a misspelled header ends with options, quoted for the shell, of which the first mends it."""
    (tmp_path / "a.csv").write_text("House Age,price\n" + "1,2\n" * 50)
    (tmp_path / "b.csv").write_text(f"{spelling},price\n" + "5,6\n" * 50)
    with pytest.raises(DataError) as caught:
        init([str(tmp_path / "*.csv")], str(tmp_path / "p.toml"), Progress(quiet=True))
    option, setting, *_ = shlex.split(str(caught.value).rpartition("(")[2].removesuffix(")").replace("', ", "' "))
    assert (option, setting) == ("--set", f'input.rename."{spelling}"="House Age"')
    request = parse_request((), None, [setting], "p.toml")
    starter = init([str(tmp_path / "*.csv")], str(tmp_path / "p.toml"), Progress(quiet=True), request)
    assert load_schema(starter.schema).names == ("House Age", "price")


def test_a_folder_that_does_not_exist_is_named_before_the_data_is_read(tmp_path: Path) -> None:
    """The configuration's folder isn't made, and no file of the input is looked for."""
    output = str(tmp_path / "absent" / "p.toml")
    with pytest.raises(OutputError, match=r"--output: expected a file in a folder that exists, received '.*p\.toml'"):
        init([str(tmp_path / "none.csv")], output, Progress(quiet=True))
    assert not (tmp_path / "absent").exists()


def test_a_header_without_a_name_can_be_replaced_as_advised(tmp_path: Path) -> None:
    """As pandas writes an index: the names are given, and the line that should have had them is skipped."""
    (tmp_path / "data.csv").write_text(",age\n0,31\n1,45\n")
    settings = ["input.header=false", 'input.columns=["row", "age"]', "input.skip_rows=1"]
    request = parse_request(["age"], None, settings, "p.toml")
    starter = init([str(tmp_path / "data.csv")], str(tmp_path / "p.toml"), Progress(quiet=True), request)
    assert load_schema(starter.schema)["age"].type is ColumnType.INT
    assert "# 2 rows and 2 columns were looked at." in Path(starter.config).read_text()


def test_a_label_that_is_no_column_is_told_before_the_look(tmp_path: Path) -> None:
    """With the nearest column; nothing is written."""
    (tmp_path / "data.csv").write_text("price,city\n1,Rome\n")
    with pytest.raises(ConfigError, match=r"--label: there is no column 'pric'; did you mean 'price'\?"):
        init([str(tmp_path / "data.csv")], str(tmp_path / "p.toml"), Progress(quiet=True), StarterRequest(("pric",)))
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]


@pytest.mark.parametrize(
    ("text", "settings", "told"),
    [("1,2\n3,4\n", [], True), ("1,2\n3,4\n", ["input.header=false"], False), ("a,b\n3,4\n", [], False)],
)
def test_files_taken_for_headerless_are_told(text: str, settings: list[str], told: bool, tmp_path: Path) -> None:
    """With the setting for files that have one; not where the command line says so itself."""
    (tmp_path / "data.csv").write_text(text)
    request = parse_request((), None, settings, "p.toml")
    starter = init([str(tmp_path / "data.csv")], str(tmp_path / "p.toml"), Progress(quiet=True), request)
    assert ("header: none; if there is one, --set input.header=true" in next_steps(starter)) is told
    begin = 'columns = ["column_1", "column_2"]  # no file names them; to do so, remove this file and its schema, and run init again with '
    advice = [
        line.removeprefix(begin) for line in Path(starter.config).read_text().splitlines() if line.startswith(begin)
    ]
    assert bool(advice) is not load_config(starter.config).input.dialect.header
    for line in advice:
        named = parse_request((), None, shlex.split(line.replace("...", "x", 1))[1::2], "p.toml")
        starter = init([str(tmp_path / "data.csv")], str(tmp_path / "named.toml"), Progress(quiet=True), named)
        assert load_schema(starter.schema).names == ("x", "...")


def test_files_of_a_header_alone_are_told(tmp_path: Path) -> None:
    """One or several; with a label, too."""
    (tmp_path / "data.csv").write_text("a,b,c\n")
    (tmp_path / "more.csv").write_text("a,b,c\n\n")
    for name in ("data.csv", "*.csv"):
        for request in (StarterRequest(), StarterRequest(("a",))):
            with pytest.raises(
                DataError, match=r"^there are no rows below the header, so there is nothing to learn from"
            ):
                init([str(tmp_path / name)], str(tmp_path / "p.toml"), Progress(quiet=True), request)
