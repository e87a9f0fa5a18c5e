"""The kind that hashes tokens."""

import hashlib
from dataclasses import dataclass
from typing import ClassVar

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import Schema
from shardmill.transforms.kinds.base import Tensor, Trace
from shardmill.transforms.kinds.categorical.token_mode import MODE
from shardmill.transforms.kinds.categorical.vocabulary import TokenKind
from shardmill.transforms.kinds.own_id import OWN_ID, with_own_id
from shardmill.transforms.statistics.requests import Statistics

# TensorFlow's attributes are int64, and a key isn't negative.
_KEY_LIMIT = 1 << 63


@dataclass(frozen=True, kw_only=True)
class Hash(TokenKind):
    """The index of a token's hash bucket, int64.

    It is the hash modulo `num_buckets`, as in `tft.hash_strings`; a missing cell is hashed as the
    empty token.

    Attributes:
        num_buckets: The number of buckets.
        missing: As for `TokenKind`; or `"mode"`: the column's most frequent token; or `"own_id"`:
            the index after the last bucket's.
        key: Two secret integers for SipHash, which make collisions unpredictable. None means
            FarmHash64's fingerprint, without a key.
        salt: A text that the key is made of: the first two words of 8 bytes of its SHA-256, little
            endian, without their highest bits. None means no salt.
    """

    kind = "hash"
    rules: ClassVar[tuple[str, ...]] = (MODE, OWN_ID, "reject")

    num_buckets: int
    key: tuple[int, int] | None = None
    salt: str | None = None

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if self.num_buckets < 1:
            raise self.error(f"expected `num_buckets` to be at least 1, received {self.num_buckets!r}")
        if self.key is not None and not all(0 <= each < _KEY_LIMIT for each in self.key):
            raise self.error(f"expected `key` to be two integers from 0 to 2**63 - 1, received {list(self.key)!r}")
        if self.key is not None and self.salt is not None:
            raise self.error("expected `key` or `salt`, of which a key is made, received both; remove one of them")

    def _outputs(self, _schema: Schema, _statistics: Statistics) -> tuple[FeatureSpec, ...]:
        return (hashed_spec(self, self.num_buckets),)

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        raw = trace.tf.raw_ops
        tokens = self.token(trace, self.columns[0])
        key = self.key if self.salt is None else _key_of(self.salt)
        if key is not None:
            ids = raw.StringToHashBucketStrong(input=tokens, num_buckets=self.num_buckets, key=list(key))
        else:
            ids = raw.StringToHashBucketFast(input=tokens, num_buckets=self.num_buckets)
        return {self.name: with_own_id(trace, self.missing, self._missing, ids, self.num_buckets)}


def hashed_spec(kind: TokenKind, num_buckets: int) -> FeatureSpec:
    """The spec of hash buckets' indices."""
    last = num_buckets - 1 + (kind.missing == OWN_ID)
    return FeatureSpec(kind.name, "int64", (), 0, last, is_categorical=True)


def _key_of(salt: str) -> tuple[int, int]:
    digest = hashlib.sha256(salt.encode()).digest()
    first, second = (int.from_bytes(digest[at : at + 8], "little") % _KEY_LIMIT for at in (0, 8))
    return first, second
