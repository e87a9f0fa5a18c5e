"""Reads a range of a file, wherever it is."""

from shardmill.transforms.files import files


def read_range(path: str, start: int, stop: int) -> bytes:
    """The bytes from `start` to `stop`, or to the file's end."""
    with files.opened(path, start) as stream:
        return stream.read(stop - start)
