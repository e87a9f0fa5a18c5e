"""Rows that are rejected: a starter configuration allows for them, and names the first."""

import json
from pathlib import Path

import pytest

from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.init.init import init
from shardmill.pipelines.init.next_steps import Starter, next_steps
from shardmill.pipelines.survey.starter_request import parse_request
from shardmill.schemas.errors import DataError
from tests.support.runs import read_rejected, run

BAD_LINE = {
    "ragged": (b"1\n", "expected 2 columns, found 1"),
    "undecodable": (b"1,caf\xe9\n", "column 'b': expected text in the encoding 'utf-8', found b'caf\\xe9'"),
    "joined": (b"\xef\xbb\xbf1,x\n", "a byte order mark at its start"),
}


def begin(folder: Path, data: bytes, *settings: str) -> Starter:
    """The starter configuration of one file."""
    (folder / "data.csv").write_bytes(data)
    request = parse_request((), None, ["input.encoding=utf-8", *settings], str(folder / "p.toml"))
    return init([str(folder / "data.csv")], str(folder / "p.toml"), Progress(quiet=True), request)


def told(starter: Starter) -> str:
    """What the terminal and the configuration say about rows; both say the same."""
    lines = [*next_steps(starter).splitlines(), *Path(starter.config).read_text().splitlines()]
    told = [line for line in lines if " rejected" in line]
    line, comment = told
    setting, _, reasons = comment.partition("# ")
    if setting:
        assert line == f"{setting.replace(' =', ':').rstrip()} ({reasons}), please check"
    else:
        assert line == f"rows: {reasons.replace(', the first', ' (the first')}), please check"
    return line


@pytest.mark.parametrize("kind", BAD_LINE)
def test_bad_rows_raise_the_allowed_share_and_are_named(tmp_path: Path, kind: str) -> None:
    """The setting's comment, and a line on the terminal, name how many there are and the first of them."""
    line, reason = BAD_LINE[kind]
    starter = begin(tmp_path, b"a,b\n" + b"1,x\n" * 9 + line)
    assert told(starter).startswith(
        f"max_bad_fraction: 0.15 (1 of 10 is rejected, the first: {tmp_path / 'data.csv'}, line 11"
    )
    assert reason in told(starter)
    assert load_config(starter.config).input.max_bad_fraction == pytest.approx(0.15)
    assert "# 10 rows and 2 columns were looked at." in Path(starter.config).read_text()


def test_the_first_of_several_files_is_named(tmp_path: Path) -> None:
    """In the order of the files, whichever is read first."""
    for name in "abc":
        (tmp_path / f"{name}.csv").write_bytes(b"a,b\n" + b"1,x\n" * 99 + b"1\n" * (name != "a"))
    starter = init([str(tmp_path / "*.csv")], str(tmp_path / "p.toml"), Progress(quiet=True))
    assert told(starter).startswith(
        f"max_bad_fraction: 0.02 (2 of 299 are rejected, the first: {tmp_path / 'b.csv'}, line 101: "
    )


def test_few_bad_rows_are_told_without_a_setting(tmp_path: Path) -> None:
    """The default allows them; so does the user's own setting, which stands as given."""
    assert "rows: 1 of 1,000 is rejected (the first: " in told(begin(tmp_path, b"a,b\n" + b"1,x\n" * 999 + b"1\n"))
    assert "max_bad_fraction" not in (tmp_path / "p.toml").read_text()


def test_a_share_that_is_asked_for_stands(tmp_path: Path) -> None:
    """With it `init` takes files of which most rows are bad, too."""
    data = b"a,b\n" + b"1,x\n" * 2 + b"1\n" * 8
    starter = begin(tmp_path, data, "input.max_bad_fraction=0.9", "input.delimiter=','", "input.header=true")
    assert load_config(starter.config).input.max_bad_fraction == 0.9
    assert "8 of 10 are rejected" in told(starter)


def test_files_of_which_most_rows_are_bad_are_refused(tmp_path: Path) -> None:
    """They are probably of another dialect; a limit that lets them pass would hide it."""
    with pytest.raises(DataError) as caught:
        begin(tmp_path, b"a,b\n1,x\n1,x\n" + b"1,2,3\n" * 2 + b"1,2,3,4\n")
    text = str(caught.value)
    assert text.startswith("3 of 5 rows are bad, so this may not be how the files are to be read. The first:\n  ")
    assert "data.csv, line 4: expected 2 columns, found 3: '1,2,3'" in text
    assert "--set input.delimiter=..." in text
    assert "--set input.max_bad_fraction=..." in text
    assert not (tmp_path / "p.toml").exists()


def test_rows_that_all_differ_in_one_way_are_told_so(tmp_path: Path) -> None:
    """With what reads them, where the command line says that the header is to be used."""
    with pytest.raises(DataError) as caught:
        begin(tmp_path, b"a,b\n" + b"1,x,2\n" * 3, "input.header=true")
    text = str(caught.value)
    assert text.startswith("3 of 3 rows have 3 cells where the header has 2, so this may not be how")
    assert "--set input.header_lacks=..." in text
    with pytest.raises(
        DataError, match=r"^3 of 4 rows are bad: 2 of 4 rows have 3 cells where the header has 2, so this may"
    ):
        begin(tmp_path, b"a,b\n1,x\n1\n" + b"1,x,2\n" * 2, "input.header=true", "input.delimiter=','")


def test_rows_that_all_have_a_cell_more_are_read_with_it(tmp_path: Path) -> None:
    """The starter names the column that the header lacks, and says so."""
    starter = begin(tmp_path, b"a,b\n" + b"1,x,\n2,y,\n" * 10)
    reason = "20 of 20 rows have 3 cells where the header has 2"
    line = f"columns: the header's, and column_3 after the delimiter that ends each row ({reason})"
    assert line in next_steps(starter).splitlines()
    assert f"# {line}" in Path(starter.config).read_text().splitlines()
    dialect = load_config(starter.config).input.dialect
    assert (dialect.header, dialect.header_lacks, dialect.columns) == (True, "last", None)
    assert "column names: " not in next_steps(starter)


def test_the_allowed_share_is_near_the_one_seen(tmp_path: Path) -> None:
    """Five points above it at most: many bad rows more would be noticed."""
    starter = begin(tmp_path, b"a,b\n" + b"1,x\n" * 60 + b"1\n" * 40)
    assert load_config(starter.config).input.max_bad_fraction == pytest.approx(0.45)


def test_names_and_cells_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    """Escape sequences in a cell are shown as such, and the comment stays on its line."""
    starter = begin(tmp_path, b'a,b\n1,x\n1,x\n1,"\x1b[31m\nb = 2\x9b"\n')
    assert r"found b'\x1b[31m\nb = 2\x9b'" in told(starter)
    assert "\x1b" not in Path(starter.config).read_text() + next_steps(starter)


def test_a_starter_with_all_kinds_of_bad_rows_runs_unedited(tmp_path: Path) -> None:
    """As many rows are rejected as were seen, and those with cells of another type."""
    rows = b"".join(b"%d,%s\n" % (row * 7 % 1000, (b"x", b"y")[row % 2]) for row in range(3000))
    bad = b"".join(line for line, _ in BAD_LINE.values()) * 20
    starter = begin(tmp_path, b"a,b\n" + rows + bad + b"oops,x\n" * 2)
    run(Path(starter.config), tmp_path / "out")
    rows_of = json.loads((tmp_path / "out" / "manifest.json").read_text())["rows"]
    assert (rows_of["read"], rows_of["rejected"]) == (3062, 62)


def test_rows_without_a_label_are_told(tmp_path: Path) -> None:
    """They are rejected, which is no surprise; cells of another type may be one."""
    (tmp_path / "data.csv").write_text("x,y\n" + "1,2\n3,4\n5,\n" * 10 + "1,2\n" * 10)
    request = parse_request(["y"], None, (), str(tmp_path / "p.toml"))
    starter = init([str(tmp_path / "data.csv")], str(tmp_path / "p.toml"), Progress(quiet=True), request)
    assert "max_bad_fraction: 0.3 (25.0% may lack a label)" in next_steps(starter).splitlines()


@pytest.mark.parametrize("label", ["target", "rent"])
def test_the_label_that_is_proposed_may_have_missing_cells(tmp_path: Path, label: str) -> None:
    """The change of one line that the terminal advises makes a run that passes."""
    rows = "".join(f"{row * 7 % 11},{row * 0.5},{'' if row % 5 == 0 else row % 2}\n" for row in range(40))
    (tmp_path / "data.csv").write_text(f"a,b,{label}\n{rows}")
    starter = init([str(tmp_path / "data.csv")], str(tmp_path / "p.toml"), Progress(quiet=True))
    told = f"max_bad_fraction: 0.25 (20.0% may lack a label if '{label}' is made one), please check"
    assert told in next_steps(starter).splitlines()
    lines = Path(starter.config).read_text().splitlines()
    changed = [starter.example if line.startswith(f"{label} = ") else line for line in lines]
    assert changed != lines
    Path(starter.config).write_text("\n".join(changed) + "\n")
    run(Path(starter.config), tmp_path / "out")
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["rows"]["rejected"] == 8


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("a,b\n1,2\na,b\n3,4\n", "a row that repeats the header, as where files were joined"),
        ("a,b\n1,2\n\ufeffa,b\n3,4\n", "a byte order mark at its start, as stands where files were joined"),
    ],
)
def test_headers_between_rows_are_rejected(tmp_path: Path, data: str, reason: str) -> None:
    """`init` takes the first one for the header all the same, and columns for numbers."""
    starter = begin(tmp_path, data.encode(), "input.max_bad_fraction=0.5")
    assert load_config(starter.config).input.dialect.header
    assert reason in told(starter)
    folder = tmp_path / "out"
    run(Path(starter.config), folder)
    assert [reason in row["reason"] for row in read_rejected(folder)] == [True]


def test_rows_that_may_be_no_data_are_told(tmp_path: Path) -> None:
    """On the terminal and in the configuration, with their place; they are read."""
    rows = "".join(f"name {row},{row % 7},{row * 0.5}\n" for row in range(40))
    path = tmp_path / "data.csv"
    starter = begin(tmp_path, ("a,b,c\n" + rows + ",,\n" * 10 + "Total,120,390.5\n").encode())
    empty = f"rows: 10 of 51 have no value in any column (read all the same; the first: {path}, line 42), please check"
    total = f"last rows: read as data ({path}, line 52 looks like a total: 'Total'), please check"
    assert {empty, total} <= set(next_steps(starter).splitlines())
    assert {f"# {empty}", f"# {total}"} <= set(Path(starter.config).read_text().splitlines())


def test_rows_of_data_are_not_doubted(tmp_path: Path) -> None:
    """Some cells are missing, and the last row's text is one of the others'."""
    rows = "".join(f"{('total', 'part')[row % 2]},{row % 7 or ''},\n" for row in range(39))
    starter = begin(tmp_path, f"a,b,c\n{rows}total,1,2\n".encode())
    assert "rows" not in {decision.subject.removeprefix("last ") for decision in starter.decisions}
