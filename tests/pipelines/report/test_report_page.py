"""The page of a run: what it shows, and that it is one file that nothing can break."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from shardmill.pipelines.report.make_report import make_report
from shardmill.schemas.errors import DataError
from tests.pipelines.report.conftest import BIDI, HOSTILE, ROWS


class Elements(HTMLParser):
    """The elements of a page with their attributes, and the text of scripts."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keeps an element."""
        self.found.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        """Keeps text, that of scripts apart."""
        if self.found and self.found[-1][0] == "script" and self.lasttag == "script" and not self.scripts[-1]:
            self.scripts[-1] = data
        else:
            self.text += data


@pytest.fixture(scope="module")
def page(hostile_run: Path) -> str:
    """The page that the run wrote."""
    return (hostile_run / "report.html").read_text("utf-8")


def test_a_page_has_no_script_but_its_own(page: str) -> None:
    """Names and values are text, in the table as in the data of the script; the policy allows one script by its hash."""
    elements = Elements(page)
    assert len(elements.scripts) == 2
    assert HOSTILE in elements.text
    assert "<b>" not in page.partition("<script type")[0].replace("<b>", "", page.count("<li><svg") + 20)
    policy = next(found["content"] for tag, found in elements.found if found.get("http-equiv"))
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not [found for _, found in elements.found if any(name.startswith("on") or name == "style" for name in found)]


def test_nothing_comes_from_elsewhere(page: str) -> None:
    """No link, image, style or font leaves the page."""
    links = [value for _, found in Elements(page).found for name, value in found.items() if name in ("src", "href")]
    assert [link for link in links if not str(link).startswith(("#", "data:,"))] == []
    assert "@import" not in page
    assert "url(" not in page


def test_marks_of_direction_are_visible(page: str) -> None:
    """Control characters and marks of direction stand as escapes."""
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", page)
    assert r"\u202eevil\u202c" in page
    assert BIDI not in page


def test_warnings_come_by_weight(page: str) -> None:
    """A feature that is the label comes first, then what is constant; an identifier and rejected rows are named."""
    titles = re.findall(r'<p class="title">(.*?)</p>', page)
    texts = [re.sub("<[^>]+>", "", title) for title in titles]
    assert texts[0] == "Feature &#39;leak&#39; predicts the label by itself"
    assert "Column &#39;same&#39; is constant" in texts
    assert "Column &#39;customer_id&#39; looks like an identifier" in texts
    assert any(text.startswith("1 row rejected") for text in texts)
    assert any("of the tokens" in text for text in texts)


def test_the_first_screen_has_the_runs_numbers(page: str) -> None:
    """Rows read and written, splits, the input, times, and a rejected row with its place."""
    text = Elements(page).text
    assert f"{ROWS:,} rows read from 1 file" in text
    assert "rows.csv, line 7" in text
    assert "rows a second" in text


def test_a_weight_is_no_label(page: str) -> None:
    """It is neither named as what is to be predicted nor what features are related to, though its name comes first."""
    elements = Elements(page)
    assert "made into 9 features; the label is y." in " ".join(elements.text.split())
    assert json.loads(elements.scripts[0])["label"]["about"] == "share of 1"


def test_the_script_has_the_data_of_each_column(page: str) -> None:
    """Each column has its statistics, its features, their relation to the label and their vocabulary's coverage."""
    data = json.loads(Elements(page).scripts[0])
    columns = {column["name"]: column for column in data["columns"]}
    assert data["label"]["about"] == "share of 1"
    leak = columns["leak"]["outputs"][0]
    assert leak["power"] > 0.9
    assert [bucket[2] for bucket in leak["buckets"]] == [0, 1]
    vocabulary = columns[HOSTILE]["outputs"][0]
    assert vocabulary["tokens"][0] == 1
    assert [size for size, _ in vocabulary["coverage"]] == [1]
    assert columns["amount"]["splits"]["train"]["max"] == 100
    amount = columns["amount"]["outputs"][0]
    names = [name for name, _ in amount["learned"]]
    assert names == ["mean", "standard deviation", "replacement of missing"]
    assert amount["learned"][0][1] == columns["amount"]["splits"]["train"]["mean"]


def test_the_page_is_made_anew_alike(page: str, hostile_run: Path, tmp_path: Path) -> None:
    """`shardmill report` makes the run's page again, to the byte, from its folder."""
    made = tmp_path / "page.html"
    assert make_report(str(hostile_run), str(made)) == str(made)
    assert made.read_text("utf-8") == page


def test_what_isnt_a_run_has_no_report(tmp_path: Path) -> None:
    """The message says what is missing."""
    with pytest.raises(DataError, match=r"isn't a run: it has no manifest\.json"):
        make_report(str(tmp_path))
