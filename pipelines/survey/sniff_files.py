"""Guesses the dialect of files from their beginnings."""

from collections.abc import Mapping, Sequence
from typing import Any

from shardmill.transforms.csv.units import InputFile
from shardmill.transforms.files import files
from shardmill.transforms.scoring.samples import Sample, read_sample
from shardmill.transforms.sniff.sniff import Sniffed, sniff

# Files from whose beginnings the dialect is guessed.
_SAMPLED_FILES = 8


def sniff_files(inputs: Sequence[InputFile], given: Mapping[str, Any]) -> Sniffed:
    """Guesses the dialect that files share.

    Args:
        inputs: The files.
        given: Its fields that are known.

    Raises:
        DataError: A file can't be read, or isn't text.
    """
    return sniff([_sample(each) for each in inputs[:_SAMPLED_FILES]], given)


def _sample(found: InputFile) -> Sample:
    with files.opened(found.path) as raw:
        return read_sample(raw, found.path)
