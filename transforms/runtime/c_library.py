"""Finds and loads TensorFlow's C library, and declares the functions of its C API (tensorflow/c/c_api.h) to ctypes.

The library is loaded with local symbols: with `RTLD_GLOBAL` its symbols would replace those of other extension modules.
"""

import contextlib
import ctypes
import functools
import importlib.util
import os
import tempfile
from collections.abc import Iterator
from ctypes import POINTER, c_bool, c_char_p, c_int, c_int64, c_size_t, c_void_p
from pathlib import Path

from shardmill.schemas.errors import RowsError, ShardmillError
from shardmill.schemas.messages import shortened

# Set to `python` to run graphs through TensorFlow's Python API.
SESSION_VARIABLE = "SHARDMILL_SESSION"

_LIBRARIES = ("libtensorflow_cc.so.2", "libtensorflow_cc.2.dylib")
_FRAMEWORKS = {
    "libtensorflow_cc.so.2": "libtensorflow_framework.so.2",
    "libtensorflow_cc.2.dylib": "libtensorflow_framework.2.dylib",
}

# TF_Code: INVALID_ARGUMENT and OUT_OF_RANGE, which operations answer to values that they can't take.
_OF_VALUES = (3, 11)
_NOTES = (b"I0000 ", b"WARNING: All log messages before absl::InitializeLog()")


class Output(ctypes.Structure):
    """TF_Output: a tensor of the graph."""

    _fields_ = (("oper", c_void_p), ("index", c_int))


class _Buffer(ctypes.Structure):
    _fields_ = (("data", c_void_p), ("length", c_size_t), ("deallocator", c_void_p))


Deallocator = ctypes.CFUNCTYPE(None, c_void_p, c_size_t, c_void_p)

# Not of the C API, but TensorFlow's own: `tsl::port::SetDenormalState`, of two booleans.
_SET_DENORMAL_STATE = "_ZN3tsl4port16SetDenormalStateERKNS0_13DenormalStateE"

# Each function's result and arguments.
_FUNCTIONS: dict[str, tuple[object, tuple[object, ...]]] = {
    "TF_Version": (c_char_p, ()),
    "TF_NewStatus": (c_void_p, ()),
    "TF_DeleteStatus": (None, (c_void_p,)),
    "TF_GetCode": (c_int, (c_void_p,)),
    "TF_Message": (c_char_p, (c_void_p,)),
    "TF_NewGraph": (c_void_p, ()),
    "TF_DeleteGraph": (None, (c_void_p,)),
    "TF_GraphOperationByName": (c_void_p, (c_void_p, c_char_p)),
    "TF_NewOperation": (c_void_p, (c_void_p, c_char_p, c_char_p)),
    "TF_SetAttrType": (None, (c_void_p, c_char_p, c_int)),
    "TF_SetAttrInt": (None, (c_void_p, c_char_p, c_int64)),
    "TF_AddInput": (None, (c_void_p, Output)),
    "TF_FinishOperation": (c_void_p, (c_void_p, c_void_p)),
    "TF_NewSessionOptions": (c_void_p, ()),
    "TF_DeleteSessionOptions": (None, (c_void_p,)),
    "TF_SetConfig": (None, (c_void_p, c_char_p, c_size_t, c_void_p)),
    "TF_SetAttrTensor": (None, (c_void_p, c_char_p, c_void_p, c_void_p)),
    "TF_NewSession": (c_void_p, (c_void_p, c_void_p, c_void_p)),
    "TF_LoadSessionFromSavedModel": (
        c_void_p,
        (c_void_p, c_void_p, c_char_p, POINTER(c_char_p), c_int, c_void_p, POINTER(_Buffer), c_void_p),
    ),
    "TF_CloseSession": (None, (c_void_p, c_void_p)),
    "TF_DeleteSession": (None, (c_void_p, c_void_p)),
    "TF_SessionRun": (
        None,
        (
            *(c_void_p, c_void_p),
            *(POINTER(Output), POINTER(c_void_p), c_int),
            *(POINTER(Output), POINTER(c_void_p), c_int),
            *(c_void_p, c_int, c_void_p, c_void_p),
        ),
    ),
    "TF_NewTensor": (c_void_p, (c_int, POINTER(c_int64), c_int, c_void_p, c_size_t, Deallocator, c_void_p)),
    "TF_DeleteTensor": (None, (c_void_p,)),
    "TF_TensorType": (c_int, (c_void_p,)),
    "TF_NumDims": (c_int, (c_void_p,)),
    "TF_Dim": (c_int64, (c_void_p, c_int)),
    "TF_TensorByteSize": (c_size_t, (c_void_p,)),
    "TF_TensorData": (c_void_p, (c_void_p,)),
    _SET_DENORMAL_STATE: (c_bool, (c_char_p,)),
}


@functools.cache
def library_path() -> str | None:
    """The path of the installed TensorFlow's C library; None where there is none. Doesn't import TensorFlow."""
    spec = importlib.util.find_spec("tensorflow")
    for folder in (spec.submodule_search_locations if spec is not None else None) or ():
        for name in _LIBRARIES:
            path = Path(folder, name)
            if path.is_file():
                return str(path)
    return None


def use_python() -> bool:
    """Whether graphs run through TensorFlow's Python API: it is asked for, or there is no C library."""
    return os.environ.get(SESSION_VARIABLE) == "python" or library_path() is None


@contextlib.contextmanager
def without_notes() -> Iterator[None]:
    """Keeps notes about CPU and GPU from the terminal: TensorFlow writes them while it is loaded, before it looks at any setting.

    Whatever else is written to standard error meanwhile, by other threads, is written when the library is loaded.
    """
    with tempfile.TemporaryFile() as held:
        stderr = os.dup(2)
        try:
            os.dup2(held.fileno(), 2)
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            held.seek(0)
            written = b"".join(line for line in held if not line.startswith(_NOTES))
            if written:
                os.write(2, written)


@functools.cache
def _library(path: str) -> ctypes.CDLL:
    # Read when the library is loaded: without it TensorFlow tells the terminal about its CPU.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    framework = Path(path).with_name(_FRAMEWORKS[Path(path).name])
    try:
        with without_notes():
            if framework.is_file():
                # Loaded first, so that it is found by name whatever the library's own search path.
                ctypes.CDLL(str(framework))
            library = ctypes.CDLL(path)
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype = result
            function.argtypes = arguments
    except (OSError, AttributeError) as error:
        raise ShardmillError(
            f"TensorFlow's library {path!r} can't be used: {error}. Install the TensorFlow version that shardmill names, or set "
            "SHARDMILL_SESSION=python to run the graph through TensorFlow's Python API."
        ) from error
    return library


def library() -> ctypes.CDLL:
    """TensorFlow's C API.

    Raises:
        ShardmillError: There is no library, or it can't be loaded.
    """
    path = library_path()
    if path is None:
        raise ShardmillError(
            f"TensorFlow's C library ({' or '.join(_LIBRARIES)}) isn't in the installed tensorflow package; set "
            "SHARDMILL_SESSION=python to run the graph through TensorFlow's Python API."
        )
    return _library(path)


@contextlib.contextmanager
def subnormals_as_zeros(tf: ctypes.CDLL) -> Iterator[None]:
    """Lets the calling thread compute as TensorFlow's own threads do, in which serving runs a graph: subnormal numbers are zeros.

    NumPy's arithmetic, in the same thread, counts on the opposite: so for as long as a call only.

    Args:
        tf: The library.
    """
    set_state = getattr(tf, _SET_DENORMAL_STATE)
    set_state(b"\1\1")
    try:
        yield
    finally:
        set_state(b"\0\0")


class Status:
    """A TF_Status that raises what went wrong."""

    def __init__(self, tf: ctypes.CDLL) -> None:
        """Makes one.

        Args:
            tf: The library.
        """
        self._tf = tf
        self.pointer = tf.TF_NewStatus()

    def __enter__(self) -> "Status":  # noqa: PYI034  (`Self` needs Python 3.11)
        """Gives itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Frees it."""
        self._tf.TF_DeleteStatus(self.pointer)

    def check(self, what: str) -> None:
        """Raises what went wrong, if anything did.

        Args:
            what: What was tried.

        Raises:
            ShardmillError: With TensorFlow's message; a `RowsError` where the values are at fault.
        """
        code = self._tf.TF_GetCode(self.pointer)
        if code:
            message = self._tf.TF_Message(self.pointer).decode("utf-8", "replace")
            kind = RowsError if code in _OF_VALUES else ShardmillError
            raise kind(f"{what}: TensorFlow says: {shortened(message)}")
