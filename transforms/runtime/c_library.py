"""Finds and loads TensorFlow's C library.

It declares the functions of its C API (tensorflow/c/c_api.h) to ctypes.

The library is loaded with local symbols: with `RTLD_GLOBAL` they would replace symbols of other
extension modules.
"""

import contextlib
import ctypes
import functools
import importlib.util
import os
import tempfile
import threading
from collections.abc import Iterator
from ctypes import POINTER, c_bool, c_char_p, c_int, c_int64, c_size_t, c_void_p
from pathlib import Path

from shardmill.schemas.errors import RowsError, ShardmillError
from shardmill.schemas.messages import shortened

# The environment variable that, set to `python`, runs graphs through TensorFlow's Python API.
SESSION_VARIABLE = "SHARDMILL_SESSION"

# The library's file names on Linux and macOS, and the library that each one needs.
_LIBRARIES = ("libtensorflow_cc.so.2", "libtensorflow_cc.2.dylib")
_FRAMEWORKS = {
    "libtensorflow_cc.so.2": "libtensorflow_framework.so.2",
    "libtensorflow_cc.2.dylib": "libtensorflow_framework.2.dylib",
}

# TF_Code's INVALID_ARGUMENT and OUT_OF_RANGE, with which operations refuse values.
_OF_VALUES = (3, 11)
# Beginnings of the lines that TensorFlow writes while it is loaded.
_NOTES = (b"I0000 ", b"WARNING: All log messages before absl::InitializeLog()")


# Held while the library is loaded.
_loading = threading.Lock()


class Output(ctypes.Structure):
    """TF_Output: a tensor of the graph."""

    _fields_ = (("oper", c_void_p), ("index", c_int))


class _Buffer(ctypes.Structure):
    _fields_ = (("data", c_void_p), ("length", c_size_t), ("deallocator", c_void_p))


Deallocator = ctypes.CFUNCTYPE(None, c_void_p, c_size_t, c_void_p)

# A C++ function outside the C API: `tsl::port::SetDenormalState`, which takes two booleans.
_SET_DENORMAL_STATE = "_ZN3tsl4port16SetDenormalStateERKNS0_13DenormalStateE"

# The result and the arguments of each function.
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
    """The path of the installed TensorFlow's C library.

    None means that there is none. This doesn't import TensorFlow.
    """
    spec = importlib.util.find_spec("tensorflow")
    for folder in (spec.submodule_search_locations if spec is not None else None) or ():
        for name in _LIBRARIES:
            path = Path(folder, name)
            if path.is_file():
                return str(path)
    return None


def use_python() -> bool:
    """Whether graphs run through TensorFlow's Python API.

    They do if the environment asks for it, or there is no C library.
    """
    return os.environ.get(SESSION_VARIABLE) == "python" or library_path() is None


@contextlib.contextmanager
def without_notes() -> Iterator[None]:
    """Keeps TensorFlow's notes about CPU and GPU off the terminal.

    TensorFlow writes them while it is loaded, before it reads any setting.

    Other threads' output to standard error is held meanwhile, and written once the library is
    loaded.
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
    # Read when the library is loaded: without it TensorFlow writes about its CPU to the terminal.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    framework = Path(path).with_name(_FRAMEWORKS[Path(path).name])
    try:
        with without_notes():
            if framework.is_file():
                # Loaded first, so that it is found by name, whatever the library's own search path
                # is.
                _open(str(framework))
            library = _open(path)
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype = result
            function.argtypes = arguments
    except (OSError, AttributeError) as error:
        raise ShardmillError(
            f"TensorFlow's library {path!r} can't be used: {error}; install the TensorFlow version that shardmill requires, or set "
            "SHARDMILL_SESSION=python to run the graph through TensorFlow's Python API"
        ) from error
    return library


def _open(path: str) -> ctypes.CDLL:
    """Loads a library while other threads go on.

    ctypes holds the GIL while it loads one, a quarter of a second for TensorFlow's; it releases it
    while it calls `dlopen` as any other function. After that it has nothing left to load, or it
    meets the same error and raises it.
    """
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.restype, dlopen.argtypes = c_void_p, (c_char_p, c_int)
    dlopen(os.fsencode(path), os.RTLD_NOW | os.RTLD_LOCAL)
    return ctypes.CDLL(path)


def wait_for_loading() -> None:
    """Waits while another thread loads the library.

    What this process writes to standard error meanwhile is held until the library is loaded: it
    would be lost if the process ended.
    """
    with _loading:
        pass


def library() -> ctypes.CDLL:
    """Loads TensorFlow's C API.

    One thread loads it, others wait.

    Raises:
        ShardmillError: There is no library, or it can't be loaded.
    """
    path = library_path()
    if path is None:
        raise ShardmillError(
            f"TensorFlow's C library ({' or '.join(_LIBRARIES)}) isn't in the installed tensorflow package; set "
            "SHARDMILL_SESSION=python to run the graph through TensorFlow's Python API"
        )
    with _loading:
        return _library(path)


@contextlib.contextmanager
def subnormals_as_zeros(tf: ctypes.CDLL) -> Iterator[None]:
    """Makes the calling thread treat subnormal numbers as zeros.

    TensorFlow's own threads, in which serving runs a graph, do so.

    NumPy's arithmetic in the same thread relies on subnormal numbers, so this lasts for one call
    only.

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
    """A TF_Status that raises its error."""

    def __init__(self, tf: ctypes.CDLL) -> None:
        """Makes a status without an error.

        Args:
            tf: The library.
        """
        self._tf = tf
        self.pointer = tf.TF_NewStatus()

    def __enter__(self) -> "Status":  # noqa: PYI034  (`Self` needs Python 3.11)
        """Returns the status."""
        return self

    def __exit__(self, *_: object) -> None:
        """Frees the status."""
        self._tf.TF_DeleteStatus(self.pointer)

    def raise_error(self, what: str) -> None:
        """Raises the error that the status holds, if any.

        Args:
            what: The action that was tried, for the message.

        Raises:
            ShardmillError: The status holds an error; the message has TensorFlow's. A `RowsError`
                means that the values are at fault.
        """
        code = self._tf.TF_GetCode(self.pointer)
        if code:
            message = self._tf.TF_Message(self.pointer).decode("utf-8", "replace")
            kind = RowsError if code in _OF_VALUES else ShardmillError
            raise kind(f"{what}: TensorFlow says: {shortened(message)}")
