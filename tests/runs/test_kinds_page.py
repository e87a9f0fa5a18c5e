"""The examples of docs/kinds.md, in one job on a small table."""

import re
from pathlib import Path

import pytest

from shardmill.pipelines.config.table import read_toml
from shardmill.pipelines.inspect.run_tables import read_manifest
from shardmill.transforms.features.registry import KINDS
from tests.support.locations import ROOT
from tests.support.runs import run_toml
from tests.support.verified import checks

PAGE = ROOT / "docs" / "kinds.md"
# The columns of the examples, each with its cells; a text has `_` for each space.
COLUMNS = {
    "fare": "7.5 12 3.25 80 12 9.5 22 5 41.5 12 6 8",
    "tip": "1 2 0 10 0 1.5 4 0.5 5 2.5 0 1",
    "from_lat": "40.7 40.8 40.6 40.7 40.9 40.7 40.75 40.7 40.8 40.7 40.7 40.6",
    "from_lon": "-74 -73.9 -73.8 -74.1 -73.9 -73.9 -74 -73.8 -73.9 -74 -74 -73.9",
    "to_lat": "40.8 40.7 40.7 40.6 40.7 40.9 40.7 40.8 40.7 40.75 40.8 40.7",
    "to_lon": "-73.9 -74 -73.9 -73.8 -74 -74 -73.9 -73.9 -74 -73.9 -73.8 -74",
    "weight": "1 1 0.5 2 1 0 1 1 3 1 1 1",
    "driver": "d1 d2 d1 d3 d2 d1 d4 d1 d5 d2 d6 d1",
    "size": "S L M M S XL M S  L M S",
    "pickup": " ".join(f"2024-0{month}-1{day}" for month in (1, 2, 3) for day in (2, 4, 6, 8)),
    "review": "A_great_ride! great a_ride Slow,_but_fine fine It's_fine A_fine_car great slow a_car A_ride fine",
    "genres": "jazz|rock jazz rock|pop|rock pop jazz|pop jazz rock rock|jazz jazz pop|_rock jazz rock",
    "stops": "1_2 3 1_2_3_4 2 2_1 3 3_3 1 2_4 4 1_2 2",
    "likes": "jazz:2|rock jazz pop:0.5|jazz:1 rock pop pop:-1 jazz rock:2 jazz rock pop:3|jazz rock:1e-3",
    # A gray pixel.
    "photo": " ".join(
        ["iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="] * 12
    ),
    **{f"p{pixel}": " ".join(str(row * row % (pixel + 3) * 20) for row in range(12)) for pixel in range(4)},
    "joined": " ".join(f"201{year}-05-0{day}" for year in (1, 5, 9) for day in (1, 3, 5, 7)),
}


def _examples() -> list[str]:
    """The page's examples, each some lines of `[features]`."""
    if not PAGE.exists():
        pytest.skip("the tests run apart from the repository")
    return re.findall(r"^```toml\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.usefixtures("shared_tracer")
def test_every_example_runs(tmp_path: Path) -> None:
    """All of them in one job, which rejects no row; the serving signature gives the same bits."""
    rows = zip(*(cells.split(" ") for cells in COLUMNS.values()), strict=True)
    lines = [",".join(f'"{cell.replace("_", " ")}"' for cell in row) for row in rows]
    (tmp_path / "rides.csv").write_text("\n".join([",".join(COLUMNS), *lines, ""]))
    toml = '[input]\nfiles = "rides.csv"\n[output]\nshards = 1\n[features]\n'
    folder = str(run_toml(tmp_path, toml + "".join(_examples())))
    assert read_manifest(folder)["rows"] == {"read": 12, "written": 12, "rejected": 0}
    assert [check.problems for check in checks(folder).values() if check.problems] == []


def test_every_section_has_an_example_of_its_kinds(tmp_path: Path) -> None:
    """The kinds that a heading names are those of its examples, and every kind has one."""
    examples = _examples()
    example = tmp_path / "example.toml"
    sections = re.split(r"^### ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    of_sections = []
    for text in examples:
        example.write_text(text, encoding="utf-8")
        of_sections.append(
            {value if isinstance(value, str) else value["kind"] for value in read_toml(str(example)).values()}
        )
    assert of_sections == [set(re.findall(r"`(\w+)`", section.partition("\n")[0])) for section in sections]
    assert set().union(*of_sections) == KINDS.keys()
