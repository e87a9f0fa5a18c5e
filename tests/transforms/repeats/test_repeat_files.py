"""The rows that repeat an earlier one's key, found by hash partitions in files."""

import tempfile

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from shardmill.transforms.csv.selection import SplitKey
from shardmill.transforms.grouping.partitions import Partition
from shardmill.transforms.repeats.key_files import KeyWriter
from shardmill.transforms.repeats.repeat_files import RECORD, UNIT, Repeats, save_list, write_repeats

_UNITS = st.lists(st.lists(st.text("ab\x1f\n", max_size=2), max_size=12), max_size=5)


def _found(units: list[list[str]], folder: str, bits: int, batch: int) -> list[list[int]]:
    """Each unit's records that repeat an earlier row, as they are read back."""
    key_files = []
    for unit, keys in reversed(list(enumerate(units))):
        writer = KeyWriter(folder)
        for start in range(0, len(keys), batch):
            records = np.arange(start, min(start + batch, len(keys)), dtype=np.int64) * 3
            chunk = pa.array(keys[start : start + batch], pa.string())
            key_files += writer.add_keys(chunk, {UNIT: np.full(len(chunk), unit), RECORD: records})
        key_files += writer.close()
    written = [write_repeats(key_files, Partition(bits, index), folder) for index in range(1 << bits)]
    save_list([each for each in written if each], folder)
    repeats = Repeats(SplitKey(("k",)), folder, rejects=False)
    return [repeats.records(unit).tolist() for unit in range(len(units) + 1)]


@settings(deadline=None, max_examples=40)
@given(_UNITS, st.integers(0, 3), st.integers(1, 12))
def test_all_rows_but_the_first_of_each_key_are_found(units: list[list[str]], bits: int, batch: int) -> None:
    """Whatever the order of the files, the number of partitions and the pieces in which keys are added."""
    seen: set[str] = set()
    expected: list[list[int]] = []
    for keys in units:
        repeated = []
        for record, key in enumerate(keys):
            if key in seen:
                repeated.append(3 * record)
            seen.add(key)
        expected.append(repeated)
    with tempfile.TemporaryDirectory() as folder:
        assert _found(units, folder, bits, batch) == [*expected, []]


def test_a_repeated_row_is_rejected_with_its_key() -> None:
    """A key of one column is the column at fault."""
    one, two, many = (
        Repeats(SplitKey(names), "", rejects=True).fault for names in (("a",), ("a", "b"), tuple("abcde"))
    )
    assert one == ("a", "expected 'a' that no earlier row has, found the same again")
    assert two == (None, "expected 'a' and 'b' that no earlier row has, found the same again")
    assert many == (None, "expected cells in 5 columns that no earlier row has, found the same again")


def test_many_keys_are_told_apart() -> None:
    """A hundred thousand of them, each twice, over several partitions."""
    keys = [str(number) for number in range(100_000)]
    with tempfile.TemporaryDirectory() as folder:
        found = _found([keys, keys[::2], keys[1::2]], folder, 2, 30_000)
    assert [len(each) for each in found] == [0, 50_000, 50_000, 0]
    assert found[1] == found[2] == list(range(0, 150_000, 3))
