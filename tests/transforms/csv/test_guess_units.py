"""Guessed units: a pass that finds them right gives what a scan of all of the file does."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv import blocks
from shardmill.transforms.csv.blocks import read_blocks
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.csv.units import FileRange, InputFile, Unit, file_ranges
from shardmill.transforms.guess_units import GuessUnits, can_guess, guess_range
from shardmill.transforms.profile import Profiled, as_text
from shardmill.transforms.read import Blocks, PlanUnits, ReadUnit, settle
from tests.support.csv.csv_blocks import BYTES, select

NAMES = ("a", "b")
PIECES = (
    "1",
    "x",
    ",",
    "1,2\n",
    "3,4\r\n",
    '"5","6"\n',
    '"a\nb",c\n',
    '"',
    '""',
    ',"',
    '",',
    "\n",
    "\r",
    "\r\n",
    " ",
    "é",
)
ROWS = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
LINES = st.lists(
    st.sampled_from(["1,2", '"3","x,y"', '"a""b",', "ragged", "a,b", "", ",", "Total,", "1\xa0,é"]), max_size=30
)
HEADERS = ("a,b\n", "\ufeffb,a\r\n", '\n"a","b"\n', '"a\nx",b\n', "a\n", '"a', "a,c\n", "")
DIALECTS = st.builds(
    Dialect,
    quote=st.sampled_from(['"', '"', "'", None]),
    encoding=st.sampled_from(["utf-8", "latin-1"]),
    trim=st.booleans(),
    skip_rows=st.sampled_from([0, 0, 0, 2]),
    header=st.sampled_from([True, True, False]),
    missing_columns=st.sampled_from(["error", "null"]),
    extra_columns=st.sampled_from(["error", "ignore"]),
)


def read_units(
    plan: type[PlanUnits], inputs: Sequence[InputFile], dialect: Dialect, unit_bytes: int
) -> tuple[Profiled, list[Unit]] | None:
    """What a pass over a plan's units finds; None: they are guessed wrongly, or in doubt."""
    scans = [plan.scan(each, dialect, Selection((), NAMES)) for each in file_ranges(inputs, dialect, unit_bytes)]
    profiled, read = Profiled.nothing(NAMES), []
    for unit in plan.plan(None, scans, list(inputs), dialect, unit_bytes):
        passed, lines = Blocks(unit, dialect, as_text(NAMES)), None
        try:
            profiled.add(unit, passed)
            lines = passed.skipped.lines
        except DataError:
            if plan is PlanUnits:
                raise
        read.append(ReadUnit(replace(unit, checksum=passed.checksum), lines))
    settled = settle(read)
    if settled is None:
        return None
    profiled.move_down(settled[1])
    return profiled, settled[0]


def described(found: tuple[Profiled, list[Unit]]) -> tuple[object, ...]:
    """All that a pass gives."""
    profiled, units = found
    types = [(column.name, column.type, column.required) for column in profiled.profiles.schema({})]
    return units, types, profiled.read, profiled.records, profiled.cells, profiled.doubtful


def compare(texts: Sequence[bytes], dialect: Dialect, unit_bytes: int, guess_bytes: int, block_bytes: int) -> bool:
    """Compares guessed units with scanned ones; whether the guesses are right."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("shardmill.transforms.guess_units.GUESS_BYTES", guess_bytes)
        patch.setattr(blocks, "BLOCK_BYTES", block_bytes)
        inputs = []
        for index, text in enumerate(texts):
            path = Path(folder) / f"{index}.csv"
            path.write_bytes(text)
            inputs.append(InputFile(str(path), len(text)))
        guessed = read_units(GuessUnits, inputs, dialect, unit_bytes)
        if guessed is None:
            return False
        scanned = read_units(PlanUnits, inputs, dialect, unit_bytes)
        assert scanned is not None
        assert described(guessed) == described(scanned)
        return True


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(HEADERS), ROWS), min_size=1, max_size=3),
    DIALECTS.filter(can_guess),
    st.integers(1, 60),
    st.sampled_from([1, 7, 30, 1 << 16]),
    st.sampled_from([7, 1 << 20]),
)
@example([("a,b\n", '"x,\n","y"\n1,2\n3,4\n')], Dialect(), 10, 1 << 16, 1 << 20)
@example([("a,b\n", '1,2\r\n3,4\r\n5,"6\r\n7",8\r\nx\r\n')], Dialect(), 8, 1, 7)
def test_units_that_a_pass_finds_right_are_those_of_a_scan(
    texts: list[tuple[str, str]], dialect: Dialect, unit_bytes: int, guess_bytes: int, block_bytes: int
) -> None:
    """Of any text: the units with their lines and checksums, the types, the rejected and doubtful rows with their lines."""
    dialect = dialect if dialect.header else replace(dialect, columns=NAMES)
    stored = [(header + rows).encode(dialect.encoding, "replace") for header, rows in texts]
    compare(stored, dialect, unit_bytes, guess_bytes, block_bytes)


@settings(max_examples=200, deadline=None)
@given(
    LINES, st.sampled_from(["\n", "\r\n", "\r"]), st.integers(1, 60), st.sampled_from([1, 7, 1 << 16]), st.booleans()
)
def test_without_quoted_newlines_guesses_are_right(
    lines: list[str], end: str, unit_bytes: int, guess_bytes: int, last: bool
) -> None:
    """Whatever else is in the rows, and whether or not the last line has an end."""
    text = end.join(["a,b", *lines]) + end * last
    assert compare([text.encode()], Dialect(), unit_bytes, guess_bytes, 1 << 20)


def test_lines_in_quotes_cast_doubt() -> None:
    """Near where a unit begins they forbid to guess; elsewhere they don't matter."""
    near, far = b"1,2\n" * 10 + b'"1\n",2\n' + b"1,2\n" * 10, b"1,2\n" * 2000 + b'"1\n",2\n' + b"1,2\n" * 6000
    for rows, right in ((near, False), (far, True)):
        data = b"a,b\n" + rows
        assert compare([data], Dialect(), len(data) // 2, 1000, 1 << 20) is right


def test_a_wrong_guess_is_found() -> None:
    """A unit that would begin in a quoted cell of many lines: the one before it ends inside quotes."""
    data = b'a,b\n1,2\n3,"' + b"4,5\n" * 3000 + b'"\n1,2\n'
    assert not compare([data], Dialect(), len(data) // 2, 100, 1 << 20)
    scan = guess_range(data[5999:6200], FileRange(0, "f.csv", 6000, len(data)), Dialect())
    assert scan is not None
    assert scan.problem is None


def test_more_of_a_range_is_asked_for() -> None:
    """Where no line begins in what was read of it, or the header doesn't end there."""
    data = b"a,b\n1," + b"2" * 100 + b"\n3,4\n"
    inside = FileRange(0, "f.csv", 20, len(data))
    assert guess_range(data[19:60], inside, Dialect()) is None
    found = guess_range(data[19:], inside, Dialect())
    assert found is not None
    assert found.boundaries[0] is not None
    assert data[found.boundaries[0].offset :] == b"3,4\n"
    assert guess_range(b"a,", FileRange(0, "f.csv", 0, 20), Dialect()) is None


def test_trimmed_blanks_before_quotes_forbid_guesses() -> None:
    """Any blank of the file may make it one unit."""
    assert can_guess(Dialect())
    assert can_guess(Dialect(trim=True, quote=None))
    assert not can_guess(Dialect(trim=True))


def test_units_without_doubt_are_numbered_by_file() -> None:
    """One that couldn't be read, or no unit at all, leaves nothing to rely on."""
    units = [Unit(0, 0, "f", header=b"a"), Unit(1, 0, "f", start=9, header=b"a"), Unit(2, 1, "g"), Unit(3, 1, "g", 5)]
    read = [ReadUnit(unit, 10 + unit.index) for unit in units]
    settled = settle(reversed(read))
    assert settled is not None
    assert [(unit.index, unit.first_line, unit.header) for unit in settled[0]] == [
        (0, 1, None),
        (1, 11, b"a"),
        (2, 1, None),
        (3, 13, None),
    ]
    assert settled[1] == [0, 10, 0, 12]
    assert settle([*read[1:], ReadUnit(units[0], None)]) is None
    assert settle([]) is None


def test_a_header_that_has_changed_since_the_guess_is_an_error(tmp_path: Path) -> None:
    """Other units were read by the guess's one."""
    path = tmp_path / "f.csv"
    path.write_bytes(b"b,a\n1,2\n")
    with (
        path.open("rb") as stream,
        pytest.raises(DataError, match=r"f\.csv' changed during the run: expected the header b'a,b', received b'b,a'"),
    ):
        list(read_blocks(stream, Unit(0, 0, str(path), header=b"a,b"), Dialect(), select(a=BYTES, b=BYTES)))
