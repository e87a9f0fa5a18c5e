"""Loads the compiled kernel and declares its functions.

Its sources are in `native/`. It knows nothing of Python: it gets addresses and lengths, and while
it runs, other threads do, too. Arrays given to it must be of the stated type.
"""

import ctypes
import os
import struct
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import shardmill
from shardmill.schemas.errors import KernelError
from shardmill.transforms.kernel.source_digest import source_digest

# Bytes that the kernel may read after any text: SLACK in native/kernel.h.
SLACK = 64


class _Address(ctypes.c_void_p):
    """An address, an array of NumPy or a buffer of Arrow; or none."""

    @classmethod
    def from_param(cls, value: Any) -> Any:
        # A buffer of Arrow's tells it in a ninth of the time that `array.ctypes` takes, and is made of
        # contiguous memory only.
        if isinstance(value, np.ndarray):
            value = pa.py_buffer(value)
        return ctypes.c_void_p.from_param(value.address if isinstance(value, pa.Buffer) else value)


_Size = ctypes.c_int64
_Flag = ctypes.c_int32
# By function: the type of its result, and those of its arguments.
_FUNCTIONS: dict[str, tuple[type | None, tuple[type, ...]]] = {
    "kernel_append_keys": (None, (_Address, _Size, _Address, _Size, _Address, _Address)),
    "kernel_assign_shards": (None, (_Address, _Size, _Address)),
    "kernel_bin": (None, (_Address, _Address, _Size, _Address, _Size, _Address)),
    "kernel_crc32c": (ctypes.c_uint32, (ctypes.c_uint32, _Address, _Size, _Flag)),
    "kernel_encode": (_Size, (_Address, _Size, _Address, _Size, _Flag, _Address, _Address)),
    "kernel_encode_groups": (None, (_Address, _Size, _Address, _Address, _Size, _Flag, _Address, _Address)),
    "kernel_count_tokens": (_Size, (*(_Address,) * 4, _Size, _Size)),
    "kernel_enter_tokens": (None, (_Address,)),
    "kernel_find_columns": (None, (_Address, _Address, _Size, _Address)),
    "kernel_frames": (_Size, (_Address, _Size, _Address, _Address, _Address)),
    "kernel_hash_texts": (None, (_Address, _Address, _Size, _Address)),
    "kernel_lex": (None, (_Address, _Size, _Address, _Flag, _Address, _Address, _Address, _Address)),
    "kernel_lines": (None, (_Address, _Size, _Address, _Size, _Address)),
    "kernel_list_bins": (None, (_Address, _Size, _Address)),
    "kernel_measure": (_Size, (_Address, _Size, _Size, _Address, _Size, _Flag, _Address)),
    "kernel_measure_groups": (_Size, (_Address, _Size, _Size, _Address, _Address, _Size, _Flag, _Address)),
    "kernel_merge_bins": (None, (_Address, _Address, _Size, _Address, _Address)),
    "kernel_merge_keys": (_Size, (_Address, _Address, _Size, _Address, _Address)),
    "kernel_merge_moments": (None, (_Address, _Address, _Size)),
    "kernel_moments": (None, (_Address, _Address, _Size, _Address, _Size)),
    "kernel_parse": (_Size, (*(_Address,) * 3, _Size, *(_Address,) * 3, _Size, _Address, _Size)),
    "kernel_repeats": (_Size, (*(_Address,) * 3, _Size, *(_Address,) * 3, _Size, _Address)),
    "kernel_scan_range": (None, (_Address, _Size, ctypes.c_int32, _Address, _Address)),
    "kernel_skip_lines": (_Size, (_Address, _Size, _Flag, _Address)),
    "kernel_sort_rows": (None, (_Address, _Size, _Address, _Size, *(_Address,) * 3)),
    "kernel_sources": (ctypes.c_char_p, ()),
    "kernel_spellings": (_Size, (*(_Address,) * 3, _Size, *(_Address,) * 3, _Size, _Address, _Address, _Size)),
    "kernel_stack": (None, (_Address, _Size, _Size, _Address)),
    "kernel_stray": (_Size, (_Address, _Address, _Address, _Address, _Address, _Size, _Address, _Address, _Address)),
    "kernel_text_lengths": (None, (_Address, _Address, _Size, _Address, _Size)),
    "kernel_text_sizes": (None, (_Address, _Address, _Size, _Address, _Size)),
}

# Of an ELF file's header: its first bytes, those of 64 bits and the lower byte first; then the
# offset of the table of sections, which stands at the end, and the size and number of its entries.
_ELF = b"\x7fELF\x02\x01"
_SECTIONS = struct.Struct("<40xQ10xHH2x")


@cache
def kernel() -> ctypes.CDLL:
    """The library, loaded once in a process.

    Raises:
        KernelError: It hasn't been compiled, is damaged or another machine's, or was compiled from
            other sources than are beside it, in a clone.
    """
    path = Path(shardmill.__file__).parent / "kernel.so"
    try:
        _check_whole(path)
        library = ctypes.CDLL(str(path))
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise KernelError(
            f"{str(path)!r}: expected the compiled kernel, received {error}; install shardmill again, or run `make native` in a clone"
        ) from error
    sources = path.parents[2] / "native"
    if (sources / "kernel.h").exists() and (made := library.kernel_sources().decode()) != (
        now := source_digest(sources)
    ):
        raise KernelError(
            f"{str(path)!r}: expected the kernel of the sources {now} in {str(sources)!r}, received that of {made}; run `make native`"
        )
    return library


def _check_whole(path: Path) -> None:
    """Checks that a library has all of its bytes: reading beyond them would end the process.

    Raises:
        OSError: It hasn't, or isn't a library.
    """
    with path.open("rb") as stream:
        header = stream.read(_SECTIONS.size)
        size = stream.seek(0, os.SEEK_END)
    if len(header) < _SECTIONS.size or not header.startswith(_ELF):
        raise OSError(f"a file of {size:,} bytes that is no library")
    offset, each, count = _SECTIONS.unpack(header)
    if size < (whole := offset + each * count):
        raise OSError(f"the first {size:,} of its {whole:,} bytes")
