"""Beginnings of files, decoded."""

import codecs
from dataclasses import dataclass

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.decoding.encodings import UTF8_MARK, Codec
from shardmill.transforms.decoding.text import Source, read_beginning
from shardmill.transforms.scoring.cut_records import Rows, Text, cut_records

SAMPLE_BYTES = 1 << 20
"""Bytes of a file's beginning that are enough to guess from."""


@dataclass(frozen=True)
class Sample:
    """The beginning of a file.

    Attributes:
        path: The file, for messages.
        data: Its first bytes, decompressed: about `SAMPLE_BYTES`.
        complete: Whether that is all of the file; otherwise the last line is taken to be cut.
    """

    path: str
    data: bytes
    complete: bool = False


def read_sample(stream: Source, path: str) -> Sample:
    """Reads a file's beginning.

    Args:
        stream: The file, at its start.
        path: Its name, whose suffix says how it is compressed.

    Raises:
        DataError: It is damaged.
    """
    data = read_beginning(stream, path, SAMPLE_BYTES + 1)
    return Sample(path, data[:SAMPLE_BYTES], complete=len(data) <= SAMPLE_BYTES)


def first_rows(sample: Sample, dialect: Dialect) -> Rows:
    """Parses a file's first records, its header included.

    Args:
        sample: The file's beginning.
        dialect: Its dialect.
    """
    return cut_records(decode(sample, dialect.encoding), dialect).rows()


def decode(sample: Sample, encoding: str) -> Text:
    """Decodes a sample.

    Raises:
        DataError: It isn't text in the encoding.
    """
    data = sample.data
    if not Codec.of(encoding).is_utf8:
        try:
            data = codecs.getincrementaldecoder(encoding)(errors="replace").decode(data).encode()
        except UnicodeError as error:  # UTF-16 or UTF-32, as it is called, without a byte order mark
            raise DataError(
                f'{sample.path!r} isn\'t text in the encoding {encoding!r}: {error}; set [input] encoding to another, as "utf-16-le"'
            ) from error
    return Text(data.removeprefix(UTF8_MARK), sample.complete)
