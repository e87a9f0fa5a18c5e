"""Reads the numbers that kinds learned."""

from collections.abc import Mapping

from shardmill.pipelines.page.statistics_data import rounded
from shardmill.schemas.json_shapes import decode_json
from shardmill.schemas.run_folder import LEARNED
from shardmill.transforms.files import enclosed, files

# The most numbers of a list to show.
_MOST = 24

Numbers = Mapping[str, float | list[float]]
"""Numbers and lists of numbers, by their names in words."""


def read_learned(folder: str) -> Mapping[str, Numbers]:
    """The numbers that kinds learned, by feature.

    Args:
        folder: The run's folder.

    Returns:
        The numbers; none where the run has no such file, as with a `preprocessing_fn`.

    Raises:
        DataError: The file isn't as shardmill writes it.
    """
    path = files.join(folder, LEARNED)
    with files.reading(folder):
        if not files.exists(path):
            return {}
    found: dict[str, dict[str, float | list[float]]] = decode_json(
        enclosed.read(folder, LEARNED), dict[str, dict[str, float | list[float]]], path
    )
    return found


def shown_numbers(numbers: Numbers) -> list[list[object]]:
    """Names, and numbers to show; a list may be cut.

    A cut list ends in an ellipsis.
    """
    return [[name, _shown(found)] for name, found in numbers.items()]


def _shown(found: float | list[float]) -> object:
    if not isinstance(found, list):
        return rounded(found)
    more = ["\u2026"] if len(found) > _MOST else []
    return [*map(rounded, found[:_MOST]), *more]
