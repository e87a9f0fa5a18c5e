"""Schema inference, as a job before the main job.

The main job's stages are built from the schema.
"""

import pickle
from collections.abc import Sequence
from functools import partial
from typing import TypeVar

import apache_beam as beam
from apache_beam import pvalue

from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.engines.run_pipeline import run_pipeline
from shardmill.schemas.errors import DataError
from shardmill.transforms.check_workers import CheckWorkers
from shardmill.transforms.csv.blocks import read_header
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.header import Header
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.csv.units import InputFile, Unit
from shardmill.transforms.files import files
from shardmill.transforms.profile import InferColumns, Inferred
from shardmill.transforms.read import PlanUnits, save_units

_Inferred = TypeVar("_Inferred", bound=Inferred)


def infer_columns(
    inputs: Sequence[InputFile],
    dialect: Dialect,
    folder: str,
    engine: Engine,
    kind: type[_Inferred],
    wanted: Selection,
) -> tuple[_Inferred, str]:
    """Infers columns from all rows of all files.

    Args:
        inputs: The input files.
        dialect: The files' dialect.
        folder: A folder that all workers can write to.
        engine: The engine that reads the files.
        kind: What to find out: `Typed` or, for `init`, `Profiled`.
        wanted: The columns to infer, as `as_text` or, for `Typed`, `as_spelled` selects them.

    Returns:
        What was found; and the file in the folder that has the units which were read, with their
        checksums, for `TakeUnits`.

    Raises:
        DataError: A file can't be read.
    """
    nothing = partial(kind.nothing, wanted.read)
    path, planned = files.join(folder, "inferred.pickle"), files.join(folder, "units.pickle")

    def build(pipeline: beam.Pipeline) -> None:
        found = (
            pipeline
            | "CheckWorkers" >> CheckWorkers(folder)
            | "PlanUnits" >> PlanUnits(inputs, dialect, Selection((), wanted.names))
            | "InferColumns" >> InferColumns(wanted, dialect, nothing)
        )
        _ = found.inferred | "SaveInferred" >> beam.Map(_save, pvalue.AsList(found.units), path, planned, folder)

    run_pipeline(build, engine)
    with files.opened(path) as stream:
        inferred: _Inferred = pickle.load(stream)
    return inferred, planned


def _save(inferred: Inferred, units: list[Unit], path: str, planned: str, folder: str) -> None:
    save_units(units, planned, folder)
    with files.replacing(path, folder) as stream:
        pickle.dump(inferred, stream)


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
