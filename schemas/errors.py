"""The errors that a user sees.

Each is shown as one clear message, never as a traceback. It takes a single string, so that it
survives pickling between a worker and the job's own process.
"""

from typing import ClassVar

# A key of the configuration, part by part.
Key = tuple[str, ...]


class ShardmillError(Exception):
    """A failure that its message explains in full.

    The message says where it happened, what was expected, what was received, and what to do.

    Attributes:
        key: The key of the configuration that the failure is about; empty if it is about none.
        errors: The single failures, where several are told as one (see `schemas.mistakes`).
    """

    exit_status: ClassVar[int] = 1
    key: Key = ()
    errors: "tuple[ShardmillError, ...]" = ()


class ConfigError(ShardmillError):
    """A wrong configuration or command line.

    No data has been read.
    """

    exit_status: ClassVar[int] = 2


class DataError(ShardmillError):
    """Input data that can't be used as configured."""


class RowsError(ShardmillError):
    """Rows that a graph can't transform.

    Without some of them it might succeed.
    """


class OutputError(ShardmillError):
    """Output that can't be written where configured."""


class KernelError(ShardmillError):
    """The compiled kernel is missing, or is another code's."""


class EngineError(ShardmillError):
    """A failure of the engine that runs the job.

    It can't be reached, has other versions, or has failed.
    """
