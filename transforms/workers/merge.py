"""Merges accumulators that know how to merge themselves."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import apache_beam as beam


class Mergeable(Protocol):
    """An accumulator whose `merge` is associative and commutative."""

    def merge(self, other: Any) -> None:
        """Adds another's content to this one's."""


class Merge(beam.CombineFn):  # type: ignore[misc]
    """A CombineFn over such accumulators; of none, it is a new one."""

    def __init__(self, create: Callable[[], Mergeable]) -> None:
        """Stores how an empty accumulator is made.

        Args:
            create: Makes one; it is pickled.
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
