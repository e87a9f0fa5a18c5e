"""Two vocabularies' tokens: in, out, moved.

Tokens are told apart by a 64-bit hash; of very many only a part of the hashes is in memory at a
time, and the files are read several times.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.transforms.statistics.partition import token_hashes

# Tokens whose hashes are in memory at a time, and those that are shown.
_HELD = 1 << 22
_SHOWN = 5

Tokens = Callable[[], Iterator[pa.Array]]
"""Reads a vocabulary from its beginning."""


@dataclass(frozen=True)
class TokenChanges:
    """The differences of two vocabularies.

    Attributes:
        name: Their name.
        before: The first one's tokens; None where that run doesn't have it.
        after: The second one's, likewise.
        entered: Tokens that only the second has.
        left: Tokens that only the first has.
        moved: Tokens that have another id.
        first_entered: The first few that entered.
        first_left: The first few that left.
    """

    name: str
    before: int | None
    after: int | None
    entered: int = 0
    left: int = 0
    moved: int = 0
    first_entered: tuple[str, ...] = ()
    first_left: tuple[str, ...] = ()


def count_tokens(tokens: Tokens) -> int:
    """Counts a vocabulary's tokens."""
    return sum(len(block) for block in tokens())


def token_changes(name: str, before: Tokens, after: Tokens) -> TokenChanges:
    """Compares two vocabularies.

    Args:
        name: Their name.
        before: Reads the first.
        after: Reads the second.
    """
    sizes = count_tokens(before), count_tokens(after)
    passes = max(1, -(-max(sizes) // _HELD))
    entered, left, moved = 0, 0, 0
    first_entered: list[int] = []
    first_left: list[int] = []
    for index in range(passes):
        one, two = _hashes(before, passes, index), _hashes(after, passes, index)
        _, first, second = np.intersect1d(one[0], two[0], assume_unique=True, return_indices=True)
        moved += int((one[1][first] != two[1][second]).sum())
        gone, came = np.delete(one[1], first), np.delete(two[1], second)
        entered, left = entered + len(came), left + len(gone)
        first_entered, first_left = _least(first_entered, came), _least(first_left, gone)
    return TokenChanges(name, *sizes, entered, left, moved, _texts(after, first_entered), _texts(before, first_left))


def _least(ids: list[int], more: npt.NDArray[np.int64]) -> list[int]:
    """The least few ids."""
    return sorted([*ids, *np.sort(more)[:_SHOWN].tolist()])[:_SHOWN]


def _hashes(tokens: Tokens, passes: int, index: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """The hashes and ids of a part of the tokens."""
    hashes, ids = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    start = 0
    for block in tokens():
        found = token_hashes(pa.chunked_array([block]))
        kept = np.flatnonzero(found % np.uint64(passes) == index)
        hashes.append(found[kept])
        ids.append(kept + start)
        start += len(block)
    return np.concatenate(hashes), np.concatenate(ids)


def _texts(tokens: Tokens, ids: list[int]) -> tuple[str, ...]:
    """The tokens of ascending ids."""
    texts: list[str] = []
    start = 0
    for block in tokens():
        if len(texts) == len(ids):
            break
        here = [each - start for each in ids[len(texts) :] if each < start + len(block)]
        texts += [block[each].as_py().decode("utf-8", "backslashreplace") for each in here]
        start += len(block)
    return tuple(texts)
