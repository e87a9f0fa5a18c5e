"""One pass over files, for the statistics of their columns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.job.infer_schema import Inference
from shardmill.pipelines.validate.dataset import MOST_VALUES, dataset_of
from shardmill.pipelines.validate.expectations import Expected
from shardmill.pipelines.validate.measured import Measuring
from shardmill.schemas.feature_stats import Dataset
from shardmill.schemas.schema import Schema
from shardmill.transforms.csv.blocks import read_header
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.units import InputFile
from shardmill.transforms.files import files
from shardmill.transforms.profile import as_text
from shardmill.transforms.rows.counts import Rejections


@dataclass(frozen=True)
class Measurement:
    """The findings of a pass over files.

    Attributes:
        dataset: The statistics of their columns.
        read: All rows.
        rejections: The rows that can't be read.
        units: The file of the units that were read, with their checksums, for `TakeUnits`. None
            means that nothing was read.
    """

    dataset: Dataset
    read: int
    rejections: Rejections
    units: str | None = None


@dataclass(frozen=True)
class Reader:
    """The engine that reads files.

    Attributes:
        engine: The engine.
        folder: A folder that all workers can write to, in which nothing else is.
        progress: Shows the reading.
    """

    engine: Engine
    folder: str
    progress: Progress


def measure(
    inputs: Sequence[InputFile],
    expected: Expected,
    dialect: Dialect,
    reader: Reader,
) -> Measurement:
    """Reads files by a schema, in one pass.

    A cell that isn't of its column's type is a finding, as are columns that are new or missing in
    some files. Rows with too few or too many cells are rejected.

    Args:
        inputs: The files.
        expected: The columns to expect.
        dialect: The files' dialect.
        reader: What reads them.

    Raises:
        DataError: A file can't be read.
    """
    dialect = replace(dialect, missing_columns="null", extra_columns="ignore")
    names = _all_names(inputs, dialect, expected.columns)
    if not names:
        return Measurement(Dataset(), 0, Rejections())
    new = tuple(name for name in names if name not in expected.columns)
    columns = tuple(column for column in expected.columns if column.name in names)
    wanted = Measuring(columns, dialect.null_values, reader.folder)
    inference = Inference(inputs, dialect, reader.folder, reader.engine, reader.progress)
    measured, units = inference.infer(wanted, as_text(tuple(column.name for column in columns), names))
    kept = {name: MOST_VALUES + size for name, size in expected.domains.items()}
    dataset = dataset_of(measured, Schema(columns), kept, new)
    return Measurement(dataset, measured.read, measured.rejections, units)


def _all_names(inputs: Sequence[InputFile], dialect: Dialect, schema: Schema) -> tuple[str, ...]:
    """The names of all files' columns, in order.

    Files without a header have the schema's.
    """
    if not dialect.header:
        return dialect.columns or schema.names
    names: dict[str, None] = {}
    for found in inputs:
        if found.size:
            with files.opened(found.path) as stream:
                names |= dict.fromkeys(read_header(stream, found.path, dialect).names)
    return tuple(names)
