"""Counts of cells by spelling in the kernel, against those that schema inference defines, from each cell's text."""

import pickle
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardmill.schemas.inference.spelling import Spelling, count_cells
from shardmill.schemas.schema import ColumnType
from shardmill.transforms.csv import cell_spellings
from shardmill.transforms.csv.cell_columns import CellColumn, ColumnParser, Grid
from shardmill.transforms.csv.cell_spellings import ABSENT, SPELLINGS, SpellingCounter
from shardmill.transforms.numbers.number_format import NumberFormat
from shardmill.transforms.records.lexicon import Lexicon
from tests.support.csv.cells import cells
from tests.support.csv.grids import grid_of

COMMA, QUOTE, BACKSLASH, SPACE = b',"\\ '
PLAIN = Lexicon(COMMA, QUOTE, None, None)
LEXICONS = (
    PLAIN,
    Lexicon(COMMA, None, None, None),
    Lexicon(COMMA, QUOTE, BACKSLASH, None),
    Lexicon(COMMA, QUOTE, None, None, trim=True),
    Lexicon(COMMA, QUOTE, BACKSLASH, None, trim=True),
    Lexicon(SPACE, QUOTE, None, None, trim=True),
)
NULLS = ("NA", "-9", "n" * 70, 'a"b', " ", " NA ", "\t-9", "NA ")
# The spellings on which no type depends.
UNCOUNTED = {Spelling.TEXT, Spelling.DATE, Spelling.BOOLEAN, Spelling.HUGE}
TEXTS = st.one_of(
    st.just(""),
    cells,
    st.sampled_from(NULLS),
    st.floats().map(str),
    st.text('0123456789.eE+- infatyN\t"', max_size=70),
    # At the edges of int64 and of float32, and of the 16 bytes that are looked at together.
    st.text("0123456789", min_size=15, max_size=41),
    st.text("0123456789.", min_size=14, max_size=18),
    st.integers(-20, 20).map(lambda distance: str(2**63 + distance)),
    st.floats(3.4e38, 3.41e38).map(lambda value: f"{value:.0f}"),
    st.floats(3.4e38, 3.41e38).map(repr),
)
PIECES = (
    ",",
    ",",
    '"',
    '""',
    "\n",
    "\r\n",
    "\\",
    " ",
    "\t",
    "é",
    "n" * 70,
    '"a""b"',
    "\\1" * 300,
    *"0159.-+eNinfa",
    "2.5",
    "inf",
    "nan",
    "NA",
    "-9",
)


def check(grid: Grid, lexicon: Lexicon, width: int, nulls: Sequence[str]) -> None:
    """Compares the counts of cells with those of their text."""
    columns = [CellColumn.text(position) for position in range(width)]
    found = SpellingCounter(lexicon.packed, nulls, columns).count(grid)
    texts, _ = ColumnParser(lexicon.packed, nulls, columns).parse(grid)
    for text, counts in zip(texts, found.tolist(), strict=True):
        present = text.drop_null()
        spellings = count_cells(present).spellings
        assert counts[ABSENT] == len(grid) - len(present)
        assert sum(counts) == len(grid)
        counted = Counter({kind: count for kind, count in zip(SPELLINGS, counts, strict=True) if kind and count})
        assert counted == Counter({kind: spellings[kind] for kind in spellings if kind not in UNCOUNTED})


@settings(max_examples=300)
@given(st.lists(TEXTS, max_size=30), st.sampled_from([(), NULLS]), st.booleans())
def test_cells_are_counted_as_inference_counts_them(values: list[str], nulls: Sequence[str], quoted: bool) -> None:
    """Whatever a cell spells, quoted or not; one that is empty or a null spelling is missing."""
    texts = [f'"{text}"' if quoted else text for text in (value.replace('"', '""') for value in values)]
    text = "".join(f"{cell},{other}\n" for cell, other in zip(texts, reversed(texts), strict=True)).encode()
    check(grid_of(text, PLAIN, 2), PLAIN, 2, nulls)


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES)), st.sampled_from(LEXICONS), st.sampled_from([(), NULLS]), st.integers(1, 3))
def test_any_text_is_counted_as_it_is_read(
    pieces: list[str], lexicon: Lexicon, nulls: Sequence[str], width: int
) -> None:
    """Quotes, escapes and blanks mean what they mean to the parser, in odd positions, too."""
    check(grid_of("".join(pieces).encode(), lexicon, width), lexicon, width, nulls)


@pytest.mark.parametrize("cell", [" NA ", "NA ", '" NA "', "NA", " NA", '"NA "', '"N""A"'])
@pytest.mark.parametrize("nulls", [(" NA ",), ("NA",), ("NA ",), (' N"A',)])
@pytest.mark.parametrize("lexicon", LEXICONS)
def test_missing_cells_spelled_with_blanks(cell: str, nulls: Sequence[str], lexicon: Lexicon) -> None:
    """A cell that is a null spelling before blanks are trimmed, or after it, is missing, as the parser has it."""
    check(grid_of(f"{cell}{lexicon.delimiter:c}1\n".encode(), lexicon, 2), lexicon, 2, nulls)


def test_a_pickled_counter_knows_the_missing_cells() -> None:
    """Its copy has addresses of its own, also once the first counter and its memory are gone."""
    pickled = pickle.dumps(SpellingCounter(PLAIN.packed, ["missing value"], [CellColumn.text(0)]))
    others = [np.full(13, 120, np.uint8) for _ in range(1000)]
    counts = pickle.loads(pickled).count(grid_of(b"missing value\nx\n", PLAIN, 1))
    assert counts[0, [ABSENT, 0]].tolist() == [1, 1]
    assert len(others) == 1000


def test_any_number_of_cells_may_be_hard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells at the edge of float32 go to `count_cells`, in each column, beyond the room for them, too."""
    monkeypatch.setattr(cell_spellings, "_ROOM", 2)
    high, low = "340282356779733661637539395458142568448", "340282346638528859811704183484516925440"
    rows = zip(["1", *[high] * 4, *[low] * 3], [low, *["x"] * 6, low], strict=True)
    grid = grid_of("".join(f"{one},{other}\n" for one, other in rows).encode(), PLAIN, 2)
    counts = SpellingCounter(PLAIN.packed, (), [CellColumn.text(0), CellColumn.text(1)]).count(grid)
    found = [{kind: count for kind, count in zip(SPELLINGS, each, strict=True) if kind and count} for each in counts]
    assert found == [{Spelling.INTEGER: 1, Spelling.BIG: 3}, {Spelling.BIG: 2}]


def test_numbers_in_a_format_are_counted_as_they_are_respelled() -> None:
    """A column of decimal commas holds floats, and its neighbour text."""
    german = CellColumn(0, ColumnType.BYTES, number_format=NumberFormat(thousands=".", decimal=","))
    grid = grid_of(b'"1.000,5","1,5"\n"x","2,5"\n,\n', PLAIN, 2)
    counts = SpellingCounter(PLAIN.packed, (), [german, CellColumn.text(1)]).count(grid)
    assert counts[:, [ABSENT, SPELLINGS.index(Spelling.FLOAT), 0]].tolist() == [[1, 1, 1], [1, 0, 2]]


@pytest.mark.parametrize("number_format", [None, NumberFormat(decimal=",")])
def test_a_column_that_the_file_lacks_has_missing_cells(number_format: NumberFormat | None) -> None:
    """As many as there are rows; the others are counted as if it weren't asked for."""
    there = CellColumn(1, ColumnType.BYTES, number_format=number_format)
    grid = grid_of(b"x,1\n,2\n3,x\n", PLAIN, 2)
    counts = SpellingCounter(PLAIN.packed, (), [None, there, None]).count(grid)
    assert counts[1].tolist() == SpellingCounter(PLAIN.packed, (), [there]).count(grid)[0].tolist()
    assert counts[[0, 2]].tolist() == [[0, 3, *[0] * 9]] * 2
    assert SpellingCounter(PLAIN.packed, (), [None]).count(grid).tolist() == [[0, 3, *[0] * 9]]


def test_the_rows_that_are_counted_may_be_some() -> None:
    """In any part of a text that is larger than what is gone through at once."""
    grid = grid_of(b"".join(b"%d,text\n" % (row % 10) for row in range(100_000)), PLAIN, 2)
    rows = np.arange(0, 100_000, 3)
    counts = SpellingCounter(PLAIN.packed, (), [CellColumn.text(1), CellColumn.text(0)]).count(grid.take(rows))
    assert counts[0].tolist() == [len(rows), *[0] * 10]
    assert counts[1].tolist() == [0, 0, len(rows), *[0] * 8]
