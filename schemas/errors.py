"""The errors a user sees: one clear message each, never a traceback.

Each takes a single string, so that it survives pickling between a worker and the job's own process.
"""

from typing import ClassVar

# A key of the configuration, part by part.
Key = tuple[str, ...]


class ShardmillError(Exception):
    """A failure that its message explains in full: where, what, what was expected, what to do.

    Attributes:
        key: The key of the configuration that it is about; empty where it is about none.
        errors: Of several failures told as one: each; see `schemas.mistakes`.
    """

    exit_status: ClassVar[int] = 1
    key: Key = ()
    errors: "tuple[ShardmillError, ...]" = ()


class ConfigError(ShardmillError):
    """The configuration or the command line is wrong; no data has been read."""

    exit_status: ClassVar[int] = 2


class DataError(ShardmillError):
    """The input data can't be used as the configuration says."""


class RowsError(ShardmillError):
    """A graph can't take the rows that it was given; without some of them it might."""


class OutputError(ShardmillError):
    """The output can't be written where the configuration says."""


class EngineError(ShardmillError):
    """The engine that is to run the job can't be reached, has other versions, or has failed."""
