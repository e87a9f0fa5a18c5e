r"""Vocabulary files that the configuration gives.

A file has one token a line; lines end with `\n` or `\r\n`. It may have millions of them, so none
becomes a Python object.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import binary_of, from_numpy
from shardmill.transforms.statistics.partition import token_hashes

_NEWLINE = ord("\n")


def given_text(file: str) -> bytes:
    r"""The lines of a vocabulary file, each ended by `\n`.

    Raises:
        OSError: The file can't be read.
        UnicodeDecodeError: It isn't UTF-8.
    """
    text = Path(file).read_bytes().replace(b"\r\n", b"\n")
    text.decode()
    return text if text.endswith(b"\n") or not text else text + b"\n"


def problem_of(text: bytes) -> str | None:
    r"""Finds what keeps lines from being a vocabulary.

    Args:
        text: The lines, each ended by `\n`.

    Returns:
        A phrase for a message: there is no token, an empty one, or one that comes twice. None if
        all is well.
    """
    octets = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(octets == _NEWLINE)
    if not ends.size:
        return "is empty"
    offsets = np.concatenate([np.zeros(1, np.int64), ends - np.arange(ends.size)])
    if not np.diff(offsets).all():
        return "has an empty line"
    repeated = _repeated(binary_of(octets[octets != _NEWLINE], offsets))
    return f"has {repeated!r} twice" if repeated is not None else None


def _repeated(tokens: pa.Array) -> str | None:
    """The least token that is there twice."""
    hashes = token_hashes(pa.chunked_array([tokens]))
    ordered = np.sort(hashes)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if not twice.size:
        return None
    # Tokens with the same hash may differ.
    counted = pc.value_counts(tokens.take(from_numpy(np.flatnonzero(np.isin(hashes, twice)))))
    found = counted.field("values").filter(pc.greater(counted.field("counts"), 1))
    return min(found.to_pylist()).decode() if len(found) else None
