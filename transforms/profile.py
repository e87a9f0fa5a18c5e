"""Infer: one pass over all cells for the columns' types."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import apache_beam as beam
from apache_beam import pvalue
from apache_beam.transforms.window import GlobalWindows

from shardmill.schemas.inference.infer import Profiles
from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.read import Blocks
from shardmill.transforms.workers import metrics
from shardmill.transforms.workers.merge import Merge
from shardmill.transforms.workers.several_outputs import SeveralOutputs
from shardmill.transforms.workers.submission import CheckedDoFn


class ProfiledUnits(NamedTuple):
    """The outputs of `InferProfiles`.

    Attributes:
        profiles: One `Profiles`.
        units: The units, with the checksums of what was read.
    """

    profiles: beam.PCollection[Profiles]
    units: beam.PCollection[Unit]


class InferProfiles(SeveralOutputs):
    """Profiles columns of the units' rows, from their text.

    Expects a PCollection of units. Rows that can't be read as text (ragged ones) are left out.
    """

    def __init__(self, names: tuple[str, ...], dialect: Dialect, known: tuple[str, ...]) -> None:
        """Stores what to read.

        Args:
            names: The columns to profile.
            dialect: The files' dialect.
            known: All of the columns, with which headers are compared.
        """
        super().__init__()
        self._names = names
        self._dialect = dialect
        self._known = known

    def expand(self, units: beam.PCollection[Unit]) -> ProfiledUnits:
        passed = units | "ProfileUnit" >> beam.ParDo(
            _ProfileUnit(self._names, self._dialect, self._known)
        ).with_outputs("profiles", main="units")
        profiles = passed.profiles | "MergeProfiles" >> beam.CombineGlobally(Merge(partial(Profiles, self._names)))
        return ProfiledUnits(profiles, passed.units)


class _ProfileUnit(CheckedDoFn):
    def __init__(self, names: tuple[str, ...], dialect: Dialect, known: tuple[str, ...]) -> None:
        super().__init__()
        self._dialect = dialect
        self._selection = Selection(tuple(Column(name, ColumnType.BYTES) for name in names), known)
        self._names = names

    def start_bundle(self) -> None:
        self._profiles = Profiles(self._names)

    def process(self, unit: Unit) -> Iterator[Unit]:
        with metrics.working("infer", metrics.unit_name(unit)) as work:
            blocks = Blocks(unit, self._dialect, self._selection)
            for block in blocks:
                self._profiles.update(block.columns)
                work.add(block.rows + len(block.rejects), block.size)
        yield replace(unit, checksum=blocks.checksum)

    def finish_bundle(self) -> Iterator[pvalue.TaggedOutput]:
        yield pvalue.TaggedOutput("profiles", GlobalWindows.windowed_value(self._profiles))
