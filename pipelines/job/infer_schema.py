"""Schema inference, as a job before the main job.

The main job's stages are built from the schema.
"""

import pickle
from collections.abc import Sequence

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
from shardmill.transforms.profile import InferProfiles, Profiled
from shardmill.transforms.read import PlanUnits, save_units


def profile_columns(
    inputs: Sequence[InputFile],
    dialect: Dialect,
    folder: str,
    engine: Engine,
    names: tuple[str, ...] = (),
    known: tuple[str, ...] = (),
) -> tuple[Profiled, str]:
    """Profiles columns over all rows of all files.

    Args:
        inputs: The input files.
        dialect: The files' dialect.
        folder: A folder that all workers can write to.
        engine: The engine that reads the files.
        names: The columns to profile; empty for all those of the first file's header.
        known: All columns, where only some are profiled.

    Returns:
        The profiles with the rejected rows; and the file in the folder that has the units which
        were read, with their checksums, for `TakeUnits`.

    Raises:
        DataError: A file can't be read, or all are empty.
    """
    names = names or column_names(inputs, dialect)
    known = known or names
    path, planned = files.join(folder, "profiles.pickle"), files.join(folder, "units.pickle")

    def build(pipeline: beam.Pipeline) -> None:
        found = (
            pipeline
            | "CheckWorkers" >> CheckWorkers(folder)
            | "PlanUnits" >> PlanUnits(inputs, dialect, Selection((), known))
            | "InferProfiles" >> InferProfiles(names, dialect, known)
        )
        _ = found.profiled | "SaveProfiles" >> beam.Map(_save, pvalue.AsList(found.units), path, planned, folder)

    run_pipeline(build, engine)
    with files.opened(path) as stream:
        profiled: Profiled = pickle.load(stream)
    return profiled, planned


def _save(profiled: Profiled, units: list[Unit], path: str, planned: str, folder: str) -> None:
    save_units(units, planned, folder)
    with files.replacing(path, folder) as stream:
        pickle.dump(profiled, stream)


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
