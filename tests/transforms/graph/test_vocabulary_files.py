"""Vocabulary files whose first lines are reserved."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.graph import vocabulary_files
from shardmill.transforms.graph.vocabulary_files import put_counts_first, put_first

LINES = st.lists(
    st.text("abé", min_size=1, max_size=9).map(lambda token: token.encode() + b"\n"), max_size=40, unique=True
)


@given(LINES, LINES, st.integers(1, 99))
def test_reserved_lines_come_first(lines: list[bytes], reserved: list[bytes], size: int) -> None:
    """The others come in their order, wherever pieces are cut, and each line keeps its count."""
    counts = {line: rank + 1 for rank, line in enumerate(lines)}
    tokens, numbers = BytesIO(), BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vocabulary_files, "_PIECE_BYTES", size)
        put_first(reserved, BytesIO(b"".join(lines)), tokens)
        counted = BytesIO(np.array([*counts.values()], "<i8").tobytes())
        put_counts_first(reserved, BytesIO(b"".join(lines)), counted, numbers)
    expected = [*reserved, *(line for line in lines if line not in reserved)]
    assert tokens.getvalue() == b"".join(expected)
    assert np.frombuffer(numbers.getvalue(), "<i8").tolist() == [counts.get(line, 0) for line in expected]
