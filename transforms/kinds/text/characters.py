"""The kind that makes ids of a text's characters."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import Schema
from shardmill.transforms.kinds.base import Tensor, Trace
from shardmill.transforms.kinds.own_id import OWN_ID
from shardmill.transforms.kinds.text.made_kind import MadeKind, first_id, sequence
from shardmill.transforms.kinds.text.token_rules import CharacterRule
from shardmill.transforms.statistics.requests import Statistics


@dataclass(frozen=True, kw_only=True)
class Characters(MadeKind):
    """The ids of a text's characters, int64, in their order.

    A character is a Unicode code point. 0 is padding, 1 an unknown character; those of the alphabet
    follow.

    Attributes:
        alphabet: The known characters, in the order of their ids. None means that the analysis
            finds them, in the order of a vocabulary, line ends excepted.
        lower: Whether letters become lower case.
        missing: As for `MadeKind`; or `"own_id"`: the row has one id, after all others.
        max_characters: The number of ids of every row: longer ones are cut, shorter ones padded at
            the end. None means rows of varying length.
        window: The size of windows: a row is the ids of one window after the other. They begin
            every `shift` characters and are whole: a shorter text has none. None means that the
            text itself is the row.
        shift: The characters between the beginnings of two windows.
    """

    kind = "characters"
    rules: ClassVar[tuple[str, ...]] = (OWN_ID, "reject")

    alphabet: str | None = None
    lower: bool = False
    max_characters: int | None = None
    window: int | None = None
    shift: int = 1

    @property
    def maker(self) -> CharacterRule:
        """The rule that makes the tokens."""
        return CharacterRule(self.lower)

    @property
    def vocabulary(self) -> str | None:
        """The vocabulary's name; None means a given alphabet instead."""
        return None if self.alphabet is not None else super().vocabulary

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        for key in ("max_characters", "window", "shift"):
            value = getattr(self, key)
            if value is not None and value < 1:
                raise self.error(f"expected `{key}` to be at least 1, received {value!r}")
        if self.window is not None and self.max_characters is not None:
            raise self.error("expected `max_characters` or `window`, received both; remove one of them")
        if self.alphabet is None:
            return
        if not self.alphabet or len(set(self.alphabet)) < len(self.alphabet):
            raise self.error(f"expected `alphabet` to be characters, all different, received {self.alphabet!r}")
        unused = [
            key
            for key in ("top_k", "frequency_threshold", "file", "extend", "shared")
            if getattr(self, key) is not None
        ]
        unused += [key for key in ("num_oov_buckets", "reserved_tokens") if getattr(self, key)]
        if unused:
            raise self.error(f"expected `alphabet` or `{unused[0]}` (a vocabulary), received both; remove one of them")

    def _outputs(self, _schema: Schema, statistics: Statistics) -> tuple[FeatureSpec, ...]:
        shape = None if self.max_characters is None else (self.max_characters,)
        last = first_id() + self._characters(statistics) - 1 + (self.missing == OWN_ID)
        return (FeatureSpec(self.name, "int64", shape, 0, last, is_categorical=True),)

    def _characters(self, statistics: Statistics) -> int:
        return len(self.alphabet) if self.alphabet is not None else self._ids(statistics)

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        if self.alphabet is None:
            tokens = self.made(trace)
            ranks = tokens.with_values(trace.table(self._key(-1)).lookup(tokens.values))
        else:
            ranks = self._given(trace, self.alphabet)
        ranks = self.marked(trace, ranks, self._characters(trace.statistics))
        ids = sequence(trace, ranks, self.max_characters)
        return {self.name: ids if self.window is None else _windows(trace, ids, self.window, self.shift)}

    def _given(self, trace: Trace, alphabet: str) -> Tensor:
        raw, tf = trace.tf.raw_ops, trace.tf
        points = self.maker.code_points(trace, self.token(trace, self.columns[0]))
        ranks = _ranks(alphabet)
        # The last one is that of all greater code points.
        found = raw.Minimum(x=points.values, y=np.int32(len(ranks) - 1))
        return points.with_values(tf.gather(tf.constant(ranks), found))


def _windows(trace: Trace, ids: Tensor, size: int, shift: int) -> Tensor:
    """Windows over the rows of a RaggedTensor, joined in each."""
    tf = trace.tf
    starts, lengths = ids.row_starts(), ids.row_lengths()
    number = tf.maximum((lengths - np.int64(size)) // np.int64(shift) + 1, np.int64(0))
    first = tf.ragged.range(starts, starts + number * np.int64(shift), np.int64(shift)).values
    positions = tf.reshape(first[:, None] + np.arange(size), [-1])
    return tf.RaggedTensor.from_row_lengths(tf.gather(ids.values, positions), number * np.int64(size), validate=False)


def _ranks(alphabet: str) -> npt.NDArray[np.int64]:
    """int64: each code point's position in the alphabet, or -1."""
    points = np.array([ord(each) for each in alphabet])
    ranks = np.full(points.max() + 2, -1, np.int64)
    ranks[points] = np.arange(len(points))
    return ranks
