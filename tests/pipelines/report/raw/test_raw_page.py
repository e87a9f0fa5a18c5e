"""`shardmill report FILES`: the page of files before any run."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.pipelines.cli.test_commands import call_here

SCHEMA = """
feature { name: "n" type: INT presence { min_fraction: 1 min_count: 1 } int_domain { min: 10 } }
feature { name: "city" type: BYTES presence { min_count: 1 } }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two files with columns of each sort: a name twice, an identifier, one value, hardly any, a bad row."""
    root = tmp_path_factory.mktemp("raw")
    (root / "data").mkdir()
    header = "customer_id;amount;amount;city;same;rare\n"
    rows = [
        f"{10_000 + 7 * row};{row % 50},5;{row % 3};{('Oslo', 'Rome')[row % 4 == 0]};7;{'x' * (row == 3) + 'y' * (row == 4)}\n"
        for row in range(200)
    ]
    (root / "data" / "a.csv").write_text(header + "".join(rows[:120]))
    (root / "data" / "b.csv").write_text(f"{header}{''.join(rows[120:])}1;2\n")
    return root


@pytest.fixture
def page(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """The page of both files, made by the command in their folder."""
    monkeypatch.chdir(folder)
    if not (folder / "report.html").exists():
        status, out, err = call_here(monkeypatch, capsys, "report", "data/*.csv", "--quiet", "--workers", "2")
        assert (status, out, err) == (0, "", "")
    return (folder / "report.html").read_text("utf-8")


def data_of(page: str) -> dict[str, Any]:
    """The data of a page's script."""
    found = re.search('<script type="application/json" id="data">(.*?)</script>', page)
    assert found is not None
    made: dict[str, Any] = json.loads(found[1])
    return made


def words_of(page: str) -> str:
    """A page's text without markup, each gap one space."""
    return " ".join(re.sub("<[^>]*>", " ", page.partition("</style>")[2]).split())


def test_the_first_screen_tells_rows_files_and_guesses(page: str) -> None:
    """Rows good and rejected, with the rejected row and its place; the dialect, and a column that was renamed."""
    words = words_of(page)
    assert "data/*.csv 201 rows of 6 columns in 2 files" in words
    assert "read 201 good 200 rejected 1 columns 6" in words
    assert "delimiter semicolon" in words
    assert re.search(r"column names .*amount", words)
    assert "data/b.csv, line 82" in words
    assert "1;2" in words


def test_warnings_come_by_weight(page: str) -> None:
    """A column of one value, one that is nearly empty, the rejected row, and the identifier."""
    titles = re.findall(r'<p class="title">(?:<a [^>]*>)?(.*?)<', page)
    assert titles[:2] == ["Column &#39;same&#39; is constant", "Column &#39;rare&#39; is 99.0 % missing"]
    assert any(title.startswith("1 row can&#39;t be read") for title in titles)
    assert any("customer_id" in title for title in titles)


def test_each_column_has_its_statistics_and_what_init_would_write(page: str) -> None:
    """Numbers in their own notation, with the number of distinct ones; texts with their most frequent values."""
    columns = {column["name"]: column for column in data_of(page)["columns"]}
    assert list(columns)[:2] == ["customer_id", "amount"]
    amount = columns["amount"]["splits"]["all rows"]
    assert (amount["rows"], amount["distinct"], amount["min"], amount["max"]) == (200, 50, 0.5, 49.5)
    assert sum(bar[2] for bar in amount["bars"]) == 200
    assert columns["city"]["splits"]["all rows"]["top"] == [["Oslo", 150], ["Rome", 50]]
    assert columns["amount"]["line"].startswith('amount = "z_score"  # float, 50 distinct')
    assert columns["same"]["line"].startswith("# same = ")


def test_by_a_schema_the_page_has_what_doesnt_fit(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cells of another type and values out of range are warned of; nothing is proposed."""
    monkeypatch.chdir(folder)
    (folder / "n.csv").write_text("n,new,city\n5,x,Oslo\nten,x,Oslo\n12,x,Rome\n")
    (folder / "n.pbtxt").write_text(SCHEMA)
    args = ("report", "n.csv", "--schema", "n.pbtxt", "-o", "n.html", "--set", "input.delimiter=,")
    status, out, _ = call_here(monkeypatch, capsys, *args)
    assert (status, out) == (0, "The report is n.html\n")
    page = (folder / "n.html").read_text("utf-8")
    words = words_of(page)
    assert "Column &#39;n&#39;: out-of-range values" in words
    assert "Column &#39;n&#39;: unexpected data type" in words
    assert "column types from n.pbtxt" in words
    assert "not used" not in words
    n, city, new = data_of(page)["columns"]
    assert "line" not in n
    assert city["splits"]["all rows"]["rows"] == 3
    assert new == {"name": "new", "splits": {}}
    assert "new not in the schema" in words


def test_files_without_a_value_have_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A header alone is warned of rather than refused."""
    monkeypatch.chdir(tmp_path)
    Path("empty.csv").write_text("a,b\n")
    assert call_here(monkeypatch, capsys, "report", "empty.csv", "-q")[0] == 0
    assert "There are no rows" in Path("report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("n.csv", "-o", "notes.txt"), "expected a new file or a page of shardmill, received 'notes.txt'"),
        (("n.csv", "-o", "no/page.html"), "expected a file in a folder that exists, received 'no/page.html'"),
        (("data",), "or CSV files, such as 'data/*.csv'"),
        (("run", "--schema", "n.pbtxt"), "--schema is for CSV files, but 'run' is a run; leave it out"),
        (("notes.toml",), "expected CSV files, received a configuration, 'notes.toml'"),
        (("nothing*.csv",), "no file matches 'nothing*.csv'"),
    ],
)
def test_mistakes_are_told(
    folder: Path,
    args: tuple[str, ...],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A file that is no page isn't replaced; a folder is a run's; a pattern must match."""
    monkeypatch.chdir(folder)
    Path("notes.txt").write_text("mine")
    Path("notes.toml").write_text("a = 1\n")
    Path("run").mkdir(exist_ok=True)
    Path("run/manifest.json").write_text("{}")
    status, _, err = call_here(monkeypatch, capsys, "report", *args)
    assert status == 1 + ("--schema" in args or "notes.toml" in args)
    assert message in " ".join(err.split())
    assert Path("notes.txt").read_text() == "mine"
