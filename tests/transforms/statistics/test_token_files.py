"""Files of token counts: what is written is read again, share by share."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shardmill.schemas.errors import DataError
from shardmill.transforms.statistics import token_files as module
from shardmill.transforms.statistics.token_files import TokenWriter
from shardmill.transforms.statistics.tokens import SCHEMA
from tests.transforms.statistics.token_tables import counts_of, merge_counts, table_of

COUNTS = st.dictionaries(st.binary(min_size=1, max_size=9), st.integers(1, 3), max_size=30)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(COUNTS, st.sampled_from([20, 100, 1 << 20]), st.sampled_from([0, 1 << 20]), st.integers(0, 4))
def test_shares_of_a_run_hold_everything_once(
    tmp_path: Path, counts: dict[bytes, int], section_bytes: int, small_bytes: int, bits: int
) -> None:
    """Whether a run is cut more finely than the partitions or less, each token is in the share of its partition, and nowhere else."""
    with pytest.MonkeyPatch.context() as patch, TokenWriter(str(tmp_path)) as writer:
        patch.setattr(module, "_SECTION_BYTES", section_bytes)
        patch.setattr(module, "_SMALL_BYTES", small_bytes)
        run = writer.write_run(table_of(counts))
    shares = [run.share(bits, index).read(bits, index) for index in range(1 << bits)]
    assert counts_of(merge_counts(shares)) == counts
    for share, part in zip(shares, module.partition_counts(table_of(counts), bits), strict=True):
        assert counts_of(share) == counts_of(part)


@pytest.mark.parametrize("small_bytes", [0, 100, 1 << 20])
def test_tables_are_read_by_themselves(tmp_path: Path, small_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables that follow one another, in a file or not, are read one by one or together; one without rows takes no bytes."""
    monkeypatch.setattr(module, "_SMALL_BYTES", small_bytes)
    tables = [table_of({b"a": 1}), SCHEMA.empty_table(), table_of({b"b": 2, b"c": 3})]
    with TokenWriter(str(tmp_path)) as writer:
        writer.write([table_of({b"before": 1})])
        sections = writer.write(tables)
    assert [table.to_pylist() for table in sections.tables()] == [table.to_pylist() for table in tables]
    (joined,) = sections.joined(0, 3).tables()
    assert counts_of(joined) == {b"a": 1, b"b": 2, b"c": 3}
    (last,) = sections.joined(2, 3).tables()
    assert counts_of(last) == {b"b": 2, b"c": 3}
    assert (sections.path is None) == (small_bytes > 100)


def test_small_tables_make_no_file(tmp_path: Path) -> None:
    """Few tokens cross themselves; many are one file for all columns."""
    with TokenWriter(str(tmp_path)) as writer:
        few = writer.write_run(table_of({b"a": 1})).sections
        assert list(tmp_path.iterdir()) == []
        many = [writer.write_run(table_of({b"%09d" % token: 1 for token in range(20_000)})).sections for _ in range(2)]
    assert few.path is None
    assert {each.path for each in many} == set(map(str, tmp_path.iterdir()))
    assert all(not each.data for each in many)


def test_a_file_that_was_cut_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that has become shorter, or is gone, is named; nothing of it is counted."""
    monkeypatch.setattr(module, "_SMALL_BYTES", 0)
    with TokenWriter(str(tmp_path)) as writer:
        sections = writer.write([table_of({b"a": 1})])
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"can't read '.*tokens-\w+': it ends early"):
        list(sections.tables())
    path.unlink()
    with pytest.raises(DataError, match=r"can't read '.*tokens-\w+': No such file"):
        list(sections.tables())


def test_counts_are_compressed(tmp_path: Path) -> None:
    """A section takes less than half of what its counts take in memory."""
    with TokenWriter(str(tmp_path)) as writer:
        run = writer.write_run(table_of({b"%012d" % index: 1 for index in range(20_000)}))
    (path,) = tmp_path.iterdir()
    assert run.bits
    assert path.stat().st_size == run.sections.edges[-1] < run.size / 2
