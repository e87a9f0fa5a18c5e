"""Measures how much vocabularies cover, in a sample."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shardmill.schemas.json_shapes import InnerPath, decode_json
from shardmill.schemas.run_folder import ASSET_MAP, TRAIN, VOCABULARIES
from shardmill.transforms.files import enclosed, files
from shardmill.transforms.graph.vocabulary_files import TFRECORD_SUFFIX

# Bytes of a vocabulary's file in which its first tokens are looked for, and tokens that are kept.
_BEGINNING = 1 << 16
_TOKENS = 200
_PIECE = 1 << 20
# Sizes of smaller vocabularies whose coverage is told, as parts of a power of ten.
_STEPS = (1, 2, 5)
# Kinds whose outputs are ids, with the id of the first token; and those of which 0 is padding.
_FIRST = {"vocabulary": 0, "class_label": 0, "tokens": 2, "pairs": 2}
_PADDED = frozenset({"tokens", "pairs"})

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Vocabulary:
    """A vocabulary's file.

    Attributes:
        size: The number of its tokens. None means that it isn't known.
        first: The first tokens, those of the lowest ids.
    """

    size: int | None
    first: tuple[str, ...]


@dataclass(frozen=True)
class Coverage:
    """The tokens of a sample that a vocabulary has.

    Attributes:
        size: The size of the vocabulary.
        unknown: By split, the share of tokens that it lacks.
        by_size: Sizes of a smaller vocabulary, each with the share of the train split's tokens that
            it would lack.
    """

    size: int
    unknown: Mapping[str, float]
    by_size: tuple[tuple[int, float], ...]


def read_vocabularies(folder: str) -> dict[str, Vocabulary]:
    """Reads the beginnings of a run's vocabularies, by name.

    Raises:
        DataError: A file can't be read.
    """
    with files.reading(folder):
        if not files.exists(files.join(folder, ASSET_MAP)):
            return {}
    names: dict[str, str] = decode_json(
        enclosed.read(folder, ASSET_MAP), dict[str, InnerPath], os.path.join(folder, ASSET_MAP)
    )
    return {name: _read(folder, f"{VOCABULARIES}/{file}") for name, file in sorted(names.items())}


def _read(folder: str, name: str) -> Vocabulary:
    if name.endswith(TFRECORD_SUFFIX):
        return Vocabulary(None, ())
    size, first, last = 0, b"", b"\n"
    for piece in enclosed.pieces(folder, name):
        first = first or piece[:_BEGINNING]
        size += piece.count(b"\n")
        last = piece[-1:]
    tokens = first.split(b"\n")[:_TOKENS]
    return Vocabulary(
        size + (last != b"\n"), tuple(each.decode("utf-8", "backslashreplace") for each in tokens if each)
    )


def cover(vocabulary: Vocabulary, ids: Mapping[str, Ids], kind: str, missing: int | None) -> Coverage | None:
    """Measures how many tokens a vocabulary has.

    Args:
        vocabulary: The vocabulary.
        ids: The tokens' ids in a sample, by split.
        kind: The feature's kind.
        missing: The id that stands for missing cells. None means that none does.

    Returns:
        None means that the kind's outputs are no ids, or that there are none in the sample.
    """
    size, first = vocabulary.size, _FIRST.get(kind)
    if not size or first is None:
        return None
    tokens = {split: each[each != missing] - first for split, each in ids.items()}
    if kind in _PADDED:
        tokens = {split: each[each != -first] for split, each in tokens.items()}
    unknown = {split: _lacking(each, size) for split, each in tokens.items() if len(each)}
    if not unknown:
        return None
    known = tokens.get(TRAIN, np.empty(0, np.int64))
    sizes = [step * 10**power for power in range(len(str(size))) for step in _STEPS if step * 10**power < size]
    curve = tuple((each, _lacking(known, each)) for each in [*sizes, size]) if len(known) else ()
    return Coverage(size, unknown, curve)


def _lacking(ids: Ids, size: int) -> float:
    return float(np.mean((ids < 0) | (ids >= size)))
