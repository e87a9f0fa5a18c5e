"""A Beam CombineFn for accumulators that merge themselves."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import apache_beam as beam


class Mergeable(Protocol):
    """An accumulator whose `merge` is associative and commutative."""

    def merge(self, other: Any) -> None:
        """Adds the content of another accumulator."""


class Merge(beam.CombineFn):  # type: ignore[misc]
    """Merges accumulators; without any, the result is an empty one."""

    def __init__(self, create: Callable[[], Mergeable]) -> None:
        """Takes the accumulators' constructor.

        Args:
            create: Makes an empty accumulator; it is pickled.
        """
        super().__init__()
        self._create = create

    def create_accumulator(self) -> Mergeable:
        return self._create()

    def add_input(self, accumulator: Mergeable, element: Mergeable) -> Mergeable:
        accumulator.merge(element)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[Mergeable]) -> Mergeable:
        merged = self._create()
        for accumulator in accumulators:
            merged.merge(accumulator)
        return merged

    def extract_output(self, accumulator: Mergeable) -> Mergeable:
        return accumulator
