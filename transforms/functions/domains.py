"""Follows the domains of ids through a traced graph.

The domain is that of a lookup, hash or buckets. Ids that are padded, cut or joined afterwards keep
it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from shardmill.transforms.kinds.base import Tensor

# Operations between an output and the one that gives its domain, at most: bounds the recursion.
_DEPTH = 64
# Operations whose results are hash buckets.
_HASHES = ("StringToHashBucketFast", "StringToHashBucketStrong", "StringToHashBucket")
# The inputs from which an operation's values come: by its type, or by its type and the output's
# index.
_FIRST, _SECOND, _FIRST_AND_THIRD, _SECOND_AND_THIRD = slice(0, 1), slice(1, 2), slice(0, 3, 2), slice(1, 3)
_PASSING: dict[str, slice] = {
    "BroadcastTo": _FIRST,
    "Cast": _FIRST,
    "ConcatV2": slice(0, -1),
    "EnsureShape": _FIRST,
    "ExpandDims": _FIRST,
    "GatherNd": _FIRST,
    "GatherV2": _FIRST,
    "Identity": _FIRST,
    "MirrorPad": _FIRST,
    "Pack": slice(None),
    "PadV2": _FIRST_AND_THIRD,
    "RaggedTensorToTensor": _SECOND_AND_THIRD,
    "Reshape": _FIRST,
    "ReverseSequence": _FIRST,
    "ReverseV2": _FIRST,
    "Roll": _FIRST,
    "Select": _SECOND_AND_THIRD,
    "SelectV2": _SECOND_AND_THIRD,
    "Slice": _FIRST,
    "SparseToDense": slice(2, 4),
    "Split": _SECOND,
    "SplitV": _FIRST,
    "Squeeze": _FIRST,
    "StridedSlice": _FIRST,
    "TensorScatterUpdate": _FIRST_AND_THIRD,
    "Tile": _FIRST,
    "Transpose": _FIRST,
    "Unpack": _FIRST,
}
_PASSING_OF: dict[tuple[str, int], slice] = {
    ("RaggedGather", -1): slice(-2, -1),
    ("RaggedTensorToSparse", 1): slice(-1, None),
    ("SparseFillEmptyRows", 1): slice(1, 4, 2),
    ("SparseReorder", 1): _SECOND,
    ("SparseSlice", 1): _SECOND,
    ("TopKV2", 0): _FIRST,
    ("Unique", 0): _FIRST,
    ("UniqueV2", 0): _FIRST,
    ("UniqueWithCounts", 0): _FIRST,
}
# The shrink mask of a slice that removes the second dimension alone.
_SECOND_DIMENSION = 0b10
# The rank of a matrix.
_MATRIX = 2
# Numbers in the range of a table's ids, at most, for each of its entries: a wider range means
# quantities rather than ids.
_SPREAD = 8
# The width from which a range of integers doesn't count as a domain.
_WIDE = 2**62


def is_domain(least: int, greatest: int) -> bool:
    """Whether a range is narrow enough to be a domain.

    A table whose values lie far apart, and so aren't ids, has the range of all integers.
    """
    return 0 <= greatest - least < _WIDE


class Domain(NamedTuple):
    """The range of a tensor's integers.

    Attributes:
        least: The least integer, an int64 scalar that doesn't depend on rows. During an analysis
            its value may not be known yet.
        greatest: The greatest integer, likewise.
        is_ids: Whether the integers are ids; otherwise they are plain numbers, such as padding.
    """

    least: Tensor
    greatest: Tensor
    is_ids: bool

    def joined(self, other: "Domain") -> "Domain":
        """The smallest range that holds both domains."""
        least, greatest = tf.minimum(self.least, other.least), tf.maximum(self.greatest, other.greatest)
        return Domain(least, greatest, self.is_ids or other.is_ids)


class Domains:
    """The domains of a graph's tensors.

    Looking one up adds operations to the graph.
    """

    def __init__(self, known: Mapping[str, Domain], inputs: Iterable[Tensor]) -> None:
        """Takes the domains that are known.

        Args:
            known: Domains of tensors, by their names.
            inputs: The tensors that depend on rows.
        """
        self._found: dict[str, Domain | None] = dict(known)
        self._inputs = {tensor.op.name for tensor in inputs}
        self._depth = 0

    def of(self, tensor: Tensor) -> Domain | None:
        """The domain of a tensor.

        None means that it can't be followed, or that the tensor isn't of integers.
        """
        if tensor.name not in self._found:
            self._depth += 1
            self._found[tensor.name] = self._find(tensor) if self._depth <= _DEPTH else None
            self._depth -= 1
        return self._found[tensor.name]

    def is_constant(self, operation: Any) -> bool:
        """Whether an operation's result is independent of the rows."""
        pending, seen = [operation], {operation.name}
        while pending:
            each = pending.pop()
            if each.name in self._inputs:
                return False
            for before in (tensor.op for tensor in each.inputs):
                if before.name not in seen:
                    seen.add(before.name)
                    pending.append(before)
        return True

    def _find(self, tensor: Tensor) -> Domain | None:
        operation = tensor.op
        if not tensor.dtype.is_integer or operation.name in self._inputs:
            return None
        if self.is_constant(operation):
            return _range(tensor, is_ids=False)
        if operation.type in _HASHES:
            return _up_to(operation.get_attr("num_buckets") - 1)
        if operation.type in _RULES:
            return _RULES[operation.type](self, operation)
        column = _sliced_column(operation)
        return (self.of(column) if column is not None else None) or self._joined(_passed(tensor))

    def _joined(self, tensors: Iterable[Tensor]) -> Domain | None:
        joined: Domain | None = None
        for found in map(self.of, tensors):
            if found is None:
                return None
            joined = found if joined is None else joined.joined(found)
        return joined


def _range(values: Tensor, *, is_ids: bool) -> Domain:
    numbers = tf.cast(values, tf.int64)
    return Domain(tf.reduce_min(numbers), tf.reduce_max(numbers), is_ids)


def _up_to(greatest: Any) -> Domain:
    return Domain(tf.zeros([], tf.int64), tf.cast(greatest, tf.int64), is_ids=True)


def _passed(tensor: Tensor) -> tuple[Tensor, ...]:
    """The tensors from which a tensor's values come unchanged.

    There are none where its values are computed.
    """
    operation, index = tensor.op, tensor.value_index
    last = index == len(operation.outputs) - 1
    found = _PASSING.get(operation.type) or _PASSING_OF.get((operation.type, index))
    found = found or (_PASSING_OF.get((operation.type, -1)) if last else None)
    return tuple(operation.inputs[found]) if found else ()


def _sliced_column(operation: Any) -> Tensor | None:
    """The tensor whose values are those of `x[:, j]`.

    None means that it can't be told.

    It can be told for a sparse tensor's indices, into which TF Transform's `tfidf` puts ids.
    """
    if operation.type != "StridedSlice" or operation.get_attr("shrink_axis_mask") != _SECOND_DIMENSION:
        return None
    begin = tf.get_static_value(operation.inputs[1])
    if begin is None or len(begin) != _MATRIX or operation.get_attr("new_axis_mask"):
        return None
    return _column(operation.inputs[0], int(begin[1]))


def _column(matrix: Tensor, index: int) -> Tensor | None:
    """The tensor whose values are a column of a matrix."""
    operation = matrix.op
    if operation.type in ("Cast", "Identity") or (operation.type == "SparseReorder" and matrix.value_index == 0):
        return _column(operation.inputs[0], index)
    if operation.type == "SparseReduceSumSparse" and matrix.value_index == 0:
        gone = tf.get_static_value(operation.inputs[3])
        rank = operation.inputs[0].shape[-1]
        if gone is None or rank is None:
            return None
        kept = [axis for axis in range(rank) if axis not in {int(each) % rank for each in gone.reshape(-1)}]
        return _column(operation.inputs[0], kept[index])
    if operation.type == "ConcatV2" and tf.get_static_value(operation.inputs[-1]) in (1, -1):
        for each in operation.inputs[:-1]:
            width = each.shape[-1]
            if width is None:
                return None
            if index < width:
                return each if width == 1 else _column(each, index)
            index -= width
    return None


def _sum(domains: Domains, operation: Any) -> Domain | None:
    one, other = map(domains.of, operation.inputs)
    if one is None or other is None:
        return None
    found = Domain(one.least + other.least, one.greatest + other.greatest, one.is_ids or other.is_ids)
    return _where(_within(_WIDE // 2, one, other), found)


def _difference(domains: Domains, operation: Any) -> Domain | None:
    one, other = map(domains.of, operation.inputs)
    if one is None or other is None:
        return None
    # The difference of two ids isn't an id.
    found = Domain(one.least - other.greatest, one.greatest - other.least, one.is_ids and not other.is_ids)
    return _where(_within(_WIDE // 2, one, other), found)


def _product(domains: Domains, operation: Any) -> Domain | None:
    one, other = map(domains.of, operation.inputs)
    if one is None or other is None:
        return None
    ends = tf.stack([end * factor for end in one[:2] for factor in other[:2]])
    found = Domain(tf.reduce_min(ends), tf.reduce_max(ends), one.is_ids != other.is_ids)
    return _where(_within(2**30, one, other), found)


def _within(limit: int, *domains: Domain) -> Tensor:
    """Whether arithmetic on the domains fits into int64.

    Their ends are nearer to 0 than `limit`.
    """
    ends = tf.stack([end for domain in domains for end in domain[:2]])
    return tf.reduce_all((ends > -limit) & (ends < limit))


def _where(condition: Tensor, domain: Domain) -> Domain:
    """The domain, or all integers where the condition is false."""
    least, greatest = (
        tf.where(condition, end, other)
        for end, other in ((domain.least, tf.int64.min), (domain.greatest, tf.int64.max))
    )
    return Domain(least, greatest, domain.is_ids)


def _remainder(domains: Domains, operation: Any) -> Domain | None:
    one, divisor = map(domains.of, operation.inputs)
    if one is None or divisor is None:
        return None
    least, greatest = tf.minimum(divisor.least + 1, 0), tf.maximum(divisor.greatest - 1, 0)
    return Domain(least, greatest, one.is_ids and not divisor.is_ids)


def _least(domains: Domains, operation: Any) -> Domain | None:
    return _bounded(domains, operation, tf.minimum)


def _greatest(domains: Domains, operation: Any) -> Domain | None:
    return _bounded(domains, operation, tf.maximum)


def _bounded(domains: Domains, operation: Any, bound: Callable[[Tensor, Tensor], Tensor]) -> Domain | None:
    one, other = map(domains.of, operation.inputs)
    if one is None or other is None:
        return None
    is_ids = one.is_ids or other.is_ids
    return Domain(bound(one.least, other.least), bound(one.greatest, other.greatest), is_ids)


def _padded(domains: Domains, operation: Any) -> Domain | None:
    found = domains.of(operation.inputs[0])
    return None if found is None else found.joined(_range(tf.constant(0), is_ids=False))


def _bucketized(_: Domains, operation: Any) -> Domain:
    return _up_to(len(operation.get_attr("boundaries")))


def _sorted_position(domains: Domains, operation: Any) -> Domain | None:
    """The domain of a position among sorted values.

    It is a bucket's index, if the values are constant boundaries.
    """
    boundaries = operation.inputs[0]
    return _up_to(tf.shape(boundaries)[-1]) if domains.is_constant(boundaries.op) else None


def _looked_up(domains: Domains, operation: Any) -> Domain | None:
    """The domain of a lookup in a user's table.

    It covers the table's values and the default. Values that lie far apart are quantities rather
    than ids: see `is_domain`.
    """
    table, keys, default = operation.inputs
    fallback = domains.of(default)
    if fallback is None:
        return None
    exported = tf.raw_ops.LookupTableExportV2(table_handle=table, Tkeys=keys.dtype, Tvalues=default.dtype)
    found = _range(exported.values, is_ids=True).joined(fallback)
    is_dense = found.greatest - found.least < _SPREAD * (tf.size(exported.values, tf.int64) + 1)
    return _where(_within(_WIDE // 2, found) & is_dense, found)


_RULES: dict[str, Callable[[Domains, Any], Domain | None]] = {
    "Add": _sum,
    "AddV2": _sum,
    "Bucketize": _bucketized,
    "FloorMod": _remainder,
    "LookupTableFindV2": _looked_up,
    "LowerBound": _sorted_position,
    "Maximum": _greatest,
    "Minimum": _least,
    "Mul": _product,
    "Pad": _padded,
    "Sub": _difference,
    "UpperBound": _sorted_position,
}
