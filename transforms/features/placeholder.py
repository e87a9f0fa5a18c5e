"""Placeholder statistics, for a graph before the analysis.

They give a graph of the same shape, to trace early and to name its outputs.
"""

from collections.abc import Iterable

import numpy as np

from shardmill.schemas.schema import Schema
from shardmill.transforms.distributions.group_moments import KeyMoments
from shardmill.transforms.kinds.base import Kind
from shardmill.transforms.kinds.categorical.vocabulary import VocabularyKind
from shardmill.transforms.statistics.quantiles import Ranked
from shardmill.transforms.statistics.requests import (
    ComputedRequest,
    GroupRequest,
    NumericRequest,
    NumericStats,
    Statistics,
    VocabularyRequest,
    VocabularyStats,
)


def dummy_statistics(kinds: Iterable[Kind], schema: Schema, path: str = "", counts: str = "") -> Statistics:
    """Made-up statistics of two rows.

    Args:
        kinds: The features.
        schema: The raw columns.
        path: A file with one token, which is used for every vocabulary.
        counts: A file with its count; see `VocabularyStats`.
    """
    ranked = Ranked(np.array([0, 1], np.float32), np.array([1, 2], np.int64))
    stats = NumericStats(count=2, mean=0.5, variance=0.25, maximum=1.0, ranked=ranked)
    kinds = tuple(kinds)
    requests = [request for kind in kinds for request in kind.requests(schema)]
    names = {kind.vocabulary for kind in kinds if isinstance(kind, VocabularyKind) and kind.vocabulary is not None}
    names |= {request.name for request in requests if isinstance(request, VocabularyRequest)}
    return Statistics(
        numeric={request: stats for request in requests if isinstance(request, NumericRequest | ComputedRequest)},
        vocabularies={name: VocabularyStats(name, path, 1, 1, "a", counts) for name in sorted(names)},
        rows=2,
        groups={
            request: (KeyMoments(b"a", 2, 0.5, 0.25),) for request in requests if isinstance(request, GroupRequest)
        },
    )
