"""Accumulators as bytes, which hold data and no code.

Pickle's format can name any function to call when it is read. Here only the classes and functions
below can be named, so that reading a foreign file can't run anything else. It doesn't make the file
right: whoever may write it decides what it says.
"""

import functools
import io
import pickle
from collections import Counter
from types import FunctionType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.transforms.csv.rejects import Reject
from shardmill.transforms.distributions.column_bins import ColumnBins
from shardmill.transforms.distributions.group_moments import GroupMoments
from shardmill.transforms.files.checksums import Checksum
from shardmill.transforms.records.repair_names import Renamed
from shardmill.transforms.records.skipped import Skipped
from shardmill.transforms.rows.counts import Rejections, UnitCount
from shardmill.transforms.rows.renamings import Renamings
from shardmill.transforms.statistics.column_quantiles import ColumnQuantiles
from shardmill.transforms.statistics.moments import ColumnMoments
from shardmill.transforms.statistics.quantiles import Quantiles
from shardmill.transforms.statistics.text_summary import TextSummaries
from shardmill.transforms.statistics.text_values import TextValues
from shardmill.transforms.statistics.token_counts import TokenCounts
from shardmill.transforms.summaries.output_statistics import OutputStatistics, SplitOutputs
from shardmill.transforms.summaries.output_texts import OutputTexts
from shardmill.transforms.summaries.row_lengths import RowLengths
from shardmill.transforms.tfrecord.parts import PartSegment

_CODEC = "zstd"
_SIZE_BYTES = 8


def packed(value: object) -> bytes:
    """Packs a value.

    Args:
        value: Built-in values, arrays of numbers, Arrow's tables and accumulators, or collections
            of these.

    Raises:
        TypeError: It holds another object.
    """
    stream = io.BytesIO()
    _Packer(stream, protocol=5).dump(value)
    data = stream.getvalue()
    return len(data).to_bytes(_SIZE_BYTES, "little") + bytes(pa.compress(data, _CODEC, asbytes=True))


def unpacked(data: bytes) -> Any:
    """Unpacks what `packed` has made.

    Raises:
        ValueError: It isn't that.
    """
    size = int.from_bytes(data[:_SIZE_BYTES], "little")
    try:
        return _Unpacker(io.BytesIO(pa.decompress(data[_SIZE_BYTES:], size, _CODEC, asbytes=True))).load()
    except Exception as error:  # bytes of any kind raise errors of any kind
        raise ValueError(f"these bytes are no packed value: {error}") from error


def _array(kind: Any, shape: tuple[int, ...], data: bytes) -> npt.NDArray[Any]:
    """Makes an array."""
    found: npt.NDArray[Any] = np.frombuffer(data, _dtype(kind)).reshape(shape).copy()
    return found


def _dtype(kind: Any) -> "np.dtype[Any]":
    """Makes a dtype, of numbers alone."""
    found: np.dtype[Any] = np.dtype(kind)
    if found.hasobject:
        raise ValueError(f"expected numbers, received {kind!r}")
    return found


def _table(data: bytes) -> pa.Table:
    """Makes a table."""
    with pa.ipc.open_stream(pa.py_buffer(data)) as reader:
        table = reader.read_all()
    table.validate(full=True)
    return table


def _table_bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _kind(dtype: "np.dtype[Any]") -> Any:
    if dtype.hasobject:
        raise TypeError(f"packing: expected numbers, received an array of {dtype}")
    return dtype.descr if dtype.names else dtype.str


# What a packed value may name.
_NAMED: tuple[Any, ...] = (
    Counter,
    Checksum,
    ColumnBins,
    ColumnMoments,
    ColumnQuantiles,
    GroupMoments,
    OutputStatistics,
    OutputTexts,
    PartSegment,
    Quantiles,
    Reject,
    Rejections,
    Renamed,
    Renamings,
    RowLengths,
    Skipped,
    SplitOutputs,
    TextSummaries,
    TextValues,
    TokenCounts,
    UnitCount,
    _array,
    _dtype,
    _table,
)


@functools.cache
def _by_name() -> dict[tuple[str, str], Any]:
    return {(each.__module__, each.__qualname__): each for each in _NAMED}


class _Packer(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        """Says how an object that isn't built in is packed."""
        if isinstance(value, np.ndarray):
            return _array, (_kind(value.dtype), value.shape, value.tobytes())
        if isinstance(value, np.dtype):
            return _dtype, (_kind(value),)
        if isinstance(value, pa.Table):
            return _table, (_table_bytes(value),)
        if (value if isinstance(value, type | FunctionType) else type(value)) in _NAMED:
            return NotImplemented
        raise TypeError(f"packing: expected accumulators and plain values, received {type(value)!r}; name it there")


class _Unpacker(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Finds a class or function that may be named."""
        try:
            return _by_name()[module, name]
        except KeyError:
            raise ValueError(f"{module}.{name} is none of the accumulators") from None
