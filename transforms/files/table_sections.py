"""Tables as sections of files.

A section is an Arrow IPC stream of its own, compressed; one without bytes has no rows. Consecutive
sections are read together.
"""

import pyarrow as pa

from shardmill.transforms.files import files

# The tokens of counts repeat parts of each other. It takes 0.05 s for a million of them, whose
# counts become less than half as long.
_OPTIONS = pa.ipc.IpcWriteOptions(compression="zstd")


def section_of(table: pa.Table) -> bytes:
    """Makes a section of a table."""
    if not table.num_rows:
        return b""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=_OPTIONS) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def tables_of(sections: bytes) -> list[pa.Table]:
    """The tables of consecutive sections that have rows."""
    stream = pa.BufferReader(sections)
    tables = []
    while stream.tell() < stream.size():
        with pa.ipc.open_stream(stream) as reader:
            tables.append(reader.read_all())
    return tables


def read_sections(path: str, start: int, stop: int) -> bytes:
    """Reads consecutive sections.

    Args:
        path: The file.
        start: The offset of the first.
        stop: The offset after the last.

    Raises:
        DataError: The file can't be read.
    """
    if start == stop:
        return b""
    with files.opened(path, start, stop, size=stop) as stream:
        data = stream.read(stop - start)
        if len(data) < stop - start:
            raise OSError("it ends early")
    return data
