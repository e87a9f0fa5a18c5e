"""Suggests an encoding for rows that were rejected."""

from collections.abc import Sequence

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.dialect import ENCODING_HINT
from shardmill.transforms.sniff.choose_reading import NOT_UTF8, choose_reading
from shardmill.transforms.sniff.readings import read_foreign


def suggest_encoding(rows: Sequence[bytes]) -> str:
    """Tells which setting may help against rows that aren't UTF-8.

    Args:
        rows: Some of the rows; none where the text was read in another encoding.

    Returns:
        A sentence without its period. It names the encoding and what it reads, if that can be told
        from the rows.
    """
    try:
        encoding, decision = choose_reading("", read_foreign(rows))
    except DataError:
        return ENCODING_HINT
    reads = decision.reason.removeprefix(NOT_UTF8)
    return f'If whole files are in another encoding, set [input] encoding, for example to "{encoding}", which {reads} in these rows'
