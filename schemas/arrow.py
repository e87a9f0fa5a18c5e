"""Arrow string arrays seen as one array of bytes and where each string begins and ends."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def bounds(strings: pa.Array) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The bytes of a string array and each string's bounds in them, without copying the bytes.

    Args:
        strings: `string`, `large_string`, `binary` or `large_binary`; a slice may be given. Nulls have equal bounds or
            bounds of meaningless bytes.

    Returns:
        The whole data buffer as uint8[n]; the strings' starts and stops in it, int64[len(strings)] each.
    """
    large = pa.types.is_large_string(strings.type) or pa.types.is_large_binary(strings.type)
    _, offsets_buffer, data_buffer = strings.buffers()
    if offsets_buffer is None or not len(strings):
        empty = np.zeros(0, np.int64)
        return np.zeros(0, np.uint8), empty, empty
    dtype = np.int64 if large else np.int32
    offsets = np.frombuffer(offsets_buffer, dtype)[strings.offset : strings.offset + len(strings) + 1].astype(np.int64)
    data = np.frombuffer(data_buffer, np.uint8) if data_buffer is not None else np.zeros(0, np.uint8)
    return data, offsets[:-1], offsets[1:]
