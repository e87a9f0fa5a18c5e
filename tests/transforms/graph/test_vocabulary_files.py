"""Vocabulary files without the tokens that are reserved."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.graph import vocabulary_files
from shardmill.transforms.graph.vocabulary_files import without

LINES = st.lists(st.text("abé", min_size=1, max_size=9).map(lambda token: token.encode() + b"\n"), max_size=40)


@given(LINES, LINES, st.integers(1, 99))
def test_lines_without_others(lines: list[bytes], left_out: list[bytes], size: int) -> None:
    """The lines that aren't among the others come in their order, wherever pieces are cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vocabulary_files, "_PIECE_BYTES", size)
        found = b"".join(without(BytesIO(b"".join(lines)), dict.fromkeys(left_out)))
    assert found == b"".join(line for line in lines if line not in left_out)
