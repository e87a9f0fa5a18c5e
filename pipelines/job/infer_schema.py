"""Schema inference, as a job before the main job.

The main job's stages are built from the schema.
"""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

import apache_beam as beam
from apache_beam import pvalue

from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.engines.run_pipeline import run_pipeline
from shardmill.pipelines.job.input_files import text_size
from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.blocks import read_header
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.header import Header
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.csv.units import UNIT_BYTES, InputFile, file_ranges, wide_unit_bytes
from shardmill.transforms.files import files
from shardmill.transforms.guess_units import GUESS_BYTES, GuessUnits, can_guess
from shardmill.transforms.profile import InferColumns, Inferred
from shardmill.transforms.read import PlanUnits, ReadUnit, save_units, settle
from shardmill.transforms.workers.check_workers import CheckWorkers

_Found_co = TypeVar("_Found_co", bound=Inferred, covariant=True)


class Wanted(Protocol[_Found_co]):
    """Makes accumulators of the same kind, such as `Typed` itself.

    It is pickled.
    """

    def nothing(self, names: tuple[str, ...]) -> _Found_co:
        """An accumulator of no rows, for columns of these names."""


@dataclass(frozen=True)
class Inference:
    """Infers columns from all rows of all files.

    Attributes:
        inputs: The input files.
        dialect: The files' dialect.
        folder: A folder that all workers can write to.
        engine: The engine that reads the files.
        progress: Shows the reading.
        unit_bytes: The approximate size of a unit, in bytes; of a wide table's it is larger.
    """

    inputs: Sequence[InputFile]
    dialect: Dialect
    folder: str
    engine: Engine
    progress: Progress
    unit_bytes: int = UNIT_BYTES

    def infer(self, kind: Wanted[_Found_co], wanted: Selection) -> tuple[_Found_co, str]:
        """Infers columns, by one job or two.

        Where files are to be cut, their units are guessed first, so that the files are read once.
        If a guess is wrong or something else is, a second job scans the files and reads them
        again, and tells what is wrong.

        Args:
            kind: What to find out: `Typed` or, for `init`, `Profiled`; or what makes such.
            wanted: The columns to infer, as `as_text` or, for `Typed`, `as_spelled` selects them.

        Returns:
            What was found; and the file in the folder that has the units which were read, with
            their checksums, for `TakeUnits`.

        Raises:
            DataError: A file can't be read.
        """
        ranges = file_ranges(self.inputs, self.dialect, wide_unit_bytes(self.unit_bytes, len(wanted.names)))
        scanned, size = sum(each.stop - each.start for each in ranges), text_size(self.inputs)
        saved = Saved.into(self.folder)
        if ranges and can_guess(self.dialect):
            guessed = sum(min(each.stop - each.start, GUESS_BYTES) for each in ranges)
            self.progress.announce({"scan": guessed, "infer": size})
            self._run(GuessUnits, kind, wanted, saved)
            if files.exists(saved.inferred):
                return saved.load(), saved.units
            scanned, size = guessed + scanned, None if size is None else 2 * size
        self.progress.announce({"scan": scanned, "infer": size})
        self._run(PlanUnits, kind, wanted, saved)
        return saved.load(), saved.units

    def _run(self, plan: type[PlanUnits], kind: Wanted[Inferred], wanted: Selection, saved: "Saved") -> None:
        """Runs a job that plans units and reads them."""
        nothing = partial(kind.nothing, wanted.read)

        def build(pipeline: beam.Pipeline) -> None:
            found = (
                pipeline
                | "CheckWorkers" >> CheckWorkers(self.folder)
                | "PlanUnits" >> plan(self.inputs, self.dialect, Selection((), wanted.names), self.unit_bytes)
                | "InferColumns" >> InferColumns(wanted, self.dialect, nothing, guessed=plan is GuessUnits)
            )
            _ = found.inferred | "SaveInferred" >> beam.Map(saved.save, pvalue.AsList(found.units))

        run_pipeline(build, self.engine)


@dataclass(frozen=True)
class Saved:
    """The files of an inference.

    Attributes:
        inferred: The file of what was found.
        units: That of the units which were read.
        folder: A folder for temporary files.
    """

    inferred: str
    units: str
    folder: str

    @classmethod
    def into(cls, folder: str) -> "Saved":
        """Names the files in a folder."""
        return cls(files.join(folder, "inferred.pickle"), files.join(folder, "units.pickle"), folder)

    def save(self, inferred: Inferred, read: list[ReadUnit]) -> None:
        """Saves an inference, unless units were guessed wrongly."""
        settled = settle(read)
        if settled is None:
            return
        units, above = settled
        inferred.move_down(above)
        save_units(units, self.units, self.folder)
        with files.replacing(self.inferred, self.folder) as stream:
            pickle.dump(inferred, stream)

    def load(self) -> Any:
        """Loads what was found."""
        with files.opened(self.inferred) as stream:
            return pickle.load(stream)


def first_header(inputs: Sequence[InputFile], dialect: Dialect) -> Header:
    """Reads the columns of the first file with content.

    A file whose text is empty has none, compressed or of blank lines alone.

    Raises:
        DataError: One up to it can't be read, or all files are empty.
    """
    for found in inputs:
        if found.size:
            with files.opened(found.path) as stream:
                header = read_header(stream, found.path, dialect)
            if header.names or not dialect.header:
                return header
    raise DataError(
        f"all input files are empty, {inputs[0].path!r} the first of them: there is no header with the columns' names; check the files"
    )


def column_names(inputs: Sequence[InputFile], dialect: Dialect) -> tuple[str, ...]:
    """Reads the column names of the first file with content.

    Raises:
        DataError: As `first_header`.
    """
    return first_header(inputs, dialect).names
