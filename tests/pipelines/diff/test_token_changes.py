"""Two vocabularies' tokens."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.pipelines.diff import token_changes as module
from shardmill.pipelines.diff.token_changes import TokenChanges, Tokens, token_changes

VOCABULARIES = st.lists(st.text(max_size=3), unique=True, max_size=30)


def reader(tokens: list[str], size: int = 7) -> Tokens:
    """Reads tokens in small blocks."""
    return lambda: (
        pa.array([token.encode("utf-8", "surrogatepass") for token in tokens[start : start + size]], pa.binary())
        for start in range(0, len(tokens), size)
    )


@given(before=VOCABULARIES, after=VOCABULARIES, held=st.sampled_from([1, 5, 1 << 22]))
def test_tokens_are_counted_as_sets_and_lists_count_them(before: list[str], after: list[str], held: int) -> None:
    """However many hashes are in memory at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_HELD", held)
        found = token_changes("v", reader(before), reader(after))
    entered = [token for token in after if token not in before]
    left = [token for token in before if token not in after]
    moved = [token for token in before if token in after and before.index(token) != after.index(token)]
    assert found == TokenChanges(
        "v", len(before), len(after), len(entered), len(left), len(moved), tuple(entered[:5]), tuple(left[:5])
    )
