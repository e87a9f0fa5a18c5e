"""The id of missing cells.

It is apart from those of unknown and rare tokens.
"""

from collections.abc import Callable

import numpy as np

from shardmill.transforms.kinds.base import Tensor, Trace

# The rule for missing values by which they have an id of their own: the last one.
OWN_ID = "own_id"


def with_own_id(trace: Trace, rule: object, missing: Callable[[Trace], Tensor], ids: Tensor, own_id: int) -> Tensor:
    """Gives missing cells an id, if the rule says so.

    Args:
        trace: The graph.
        rule: The kind's rule for missing values.
        missing: Gives a bool in the shape of `ids`: whether the cell is missing.
        ids: int64.
        own_id: The id of missing cells.
    """
    if rule != OWN_ID:
        return ids
    return trace.tf.raw_ops.SelectV2(condition=missing(trace), t=np.int64(own_id), e=ids)
