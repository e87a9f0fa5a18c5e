"""Counting rows and rejections."""

import pickle
import random

import pyarrow as pa
import pytest

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.blocks import Reject
from shardmill.transforms.numbers.refused import refused
from shardmill.transforms.rows.counts import Rejections, UnitCount, describe

REJECTS = [
    Reject("a.csv", 5, "age", "expected an integer, found 'old'", b"old,1"),
    Reject("a.csv", 9, None, "expected 2 columns, found 3", b"1,2,3"),
    Reject("a.csv", 11, None, "expected 2 columns, found 1", b"1"),
    Reject("b.csv", 2, "age", "expected an integer, found 'x'", b"x,1"),
]


def test_unit_count_adds_up() -> None:
    """Rows read are the splits' rows and the rejected ones."""
    assert UnitCount(0, "a.csv", (7, 2), 1).read == 10


def test_reasons_are_counted_by_kind() -> None:
    """Rows rejected for the same kind of reason are counted together, whatever was found in them."""
    found = Rejections()
    found.update(0, REJECTS)
    assert found.reasons == {"age: expected an integer": 2, "expected 2 columns": 2}
    assert found.total == 4


def test_merging_in_any_order_keeps_the_first_rows() -> None:
    """The rows shown are the first of the input, in whichever order units were merged."""
    units = [(unit, Reject(f"{unit}.csv", line, None, "r", b"")) for unit in range(5) for line in (2, 3)]
    for seed in range(5):
        random.Random(seed).shuffle(units)
        merged = Rejections()
        for unit, reject in units:
            one = Rejections()
            one.update(unit, [reject])
            merged.merge(one)
        assert [(unit, reject.line) for unit, reject in merged.first] == [(0, 2), (0, 3), (1, 2), (1, 3), (2, 2)]


def test_too_many_bad_rows_stop_the_run() -> None:
    """More than the allowed fraction is an error that shows the first of them."""
    found = Rejections()
    found.update(0, REJECTS)
    found.check_bad_fraction(400, 0.01)
    with pytest.raises(
        DataError, match=r"4 of 399 rows are bad \(1\.00%\), more than \[input\] max_bad_fraction = 0\.01"
    ) as error:
        found.check_bad_fraction(399, 0.01)
    assert "a.csv, line 5, column 'age': expected an integer, found 'old': 'old,1'" in str(error.value)


def test_long_and_binary_rows_are_shortened() -> None:
    """A description shows the row's beginning, and bytes that are no text escaped."""
    text = describe(Reject("a.csv", 1, None, "reason", b"\xff" + b"x" * 1000))
    assert text.endswith("x'...")
    assert "\\\\xff" in text
    assert len(text) < 200


def test_of_long_rows_both_ends_are_kept() -> None:
    """A message needs no more; workers send the rows to each other."""
    found = Rejections()
    found.update(0, [Reject("a.csv", line, None, "reason", b"begin" + b"x" * 1_000_000 + b"end,") for line in range(9)])
    assert len(pickle.dumps(found)) < 30_000
    assert all(reject.row.startswith(b"beginx") and reject.row.endswith(b"xend,") for _, reject in found.first)


@pytest.mark.parametrize(
    ("encoding", "row", "hint"),
    [
        (
            "utf-8",
            "Zürich,1".encode("cp1252"),
            """for example to "cp1252", which reads 'Zürich' in these rows""",
        ),
        (
            "utf-8",
            "Москва,Казань".encode("cp1251"),
            """for example to "cp1251", which reads 'Москва' and 'Казань' in these rows""",
        ),
        ("utf-8", "Wągrowiec".encode("cp1250"), 'for example to "cp1252"; `shardmill init` guesses it'),
        ("cp932", b"\x81", 'for example to "cp1252"; `shardmill init` guesses it'),
    ],
)
def test_text_in_another_encoding_names_the_setting(encoding: str, row: bytes, hint: str) -> None:
    """Rows that aren't text in the encoding are many where the whole file is in another; it is guessed if it can be."""
    found = Rejections()
    found.update(0, [Reject("a.csv", 2, "city", f"expected text in the encoding {encoding!r}, found {row!r}", row)])
    with pytest.raises(DataError) as error:
        found.check_bad_fraction(1, 0)
    assert f"If whole files are in another encoding, set [input] encoding, {hint}" in str(error.value)


def test_divisors_of_0_name_the_setting() -> None:
    """The message says how to keep such rows."""
    found = Rejections()
    (reason,) = (reason for _, reason in refused(pa.array([0.0], pa.float32()), "zero"))
    found.update(0, [Reject("a.csv", 2, "miles", reason, b"0")])
    with pytest.raises(DataError) as error:
        found.check_bad_fraction(1, 0)
    hint = '\nTo keep rows whose divisor is 0, give `zero_divisor` a number, or "missing"'
    assert str(error.value).endswith(hint)
