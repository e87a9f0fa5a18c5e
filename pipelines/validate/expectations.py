"""The schema and the run that files are validated by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tensorflow_metadata.proto.v0 import schema_pb2

from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.pipelines.survey.sniff_files import sniff_files
from shardmill.schemas.errors import ConfigError, DataError
from shardmill.schemas.feature_stats import Dataset, decode_statistics
from shardmill.schemas.messages import listed, suggest
from shardmill.schemas.run_folder import EXPECTED_SCHEMA, RAW_SCHEMA, RAW_STATISTICS, STATISTICS_FILE, TRAIN
from shardmill.schemas.schema import Schema
from shardmill.schemas.schema_pbtxt import check_no_folder, decode_proto, from_proto
from shardmill.schemas.validation.comparators import Limits
from shardmill.schemas.validation.find_anomalies import Expectations
from shardmill.schemas.validation.schema_mistakes import domain_of
from shardmill.schemas.validation.schema_terms import environments_of
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.units import InputFile
from shardmill.transforms.files import enclosed, files

_STATISTICS = f"{RAW_STATISTICS}/{STATISTICS_FILE}"
_LIMITS = Limits()


@dataclass(frozen=True)
class Wish:
    """The schema and run that a user names.

    Attributes:
        schema: A schema file. None means that of the run.
        against: A finished run's folder. None means that there is none.
        environment: The schema's environment that the files are from.
        limits: The largest distances from the run where the schema gives none.
    """

    schema: str | None = None
    against: str | None = None
    environment: str | None = None
    limits: Limits = _LIMITS

    @property
    def source(self) -> str:
        """The schema's file, or the run that has it."""
        return self.schema or str(self.against)


@dataclass(frozen=True)
class Expected:
    """The expectations that files are held against.

    Attributes:
        expectations: The schema, and the statistics to compare with.
        columns: The schema's columns.
        run: The run to compare with. None means that there is none.
    """

    expectations: Expectations
    columns: Schema
    run: FinishedRun | None

    @property
    def domains(self) -> dict[str, int]:
        """The number of values in each column's domain of text."""
        schema = self.expectations.schema
        found = {feature.name: domain_of(schema, feature) for feature in schema.feature}
        return {name: len(domain.value) for name, domain in found.items() if domain is not None}

    def dialect(self, inputs: Sequence[InputFile], given: Mapping[str, Any]) -> Dialect:
        """The dialect by which files are read.

        It is the run's, or guessed from the files' beginnings.

        Args:
            inputs: The files.
            given: Its fields that are known.

        Raises:
            DataError: A file can't be read.
        """
        if self.run is not None:
            return replace(self.run.dialect, **given)
        found = sniff_files(inputs, given).dialect
        return found if found.header or "columns" in given else replace(found, columns=self.columns.names)


def load_expected(wish: Wish) -> Expected:
    """Reads the schema and the run that a user names.

    Raises:
        ConfigError: The schema can't be read, doesn't have the environment, or neither of the two
            is named.
        DataError: The run can't be read, or has no statistics.
    """
    if wish.schema is None and wish.against is None:
        raise ConfigError(
            "expected what to validate by, received nothing; give --schema FILE, --against RUN_DIR or both"
        )
    run = None if wish.against is None else FinishedRun.load(wish.against)
    schema = _read_schema(wish)
    _check_environment(schema, wish)
    previous = None if wish.against is None else train_statistics(wish.against)
    expectations = Expectations(schema, wish.environment, previous, wish.limits)
    return Expected(expectations, from_proto(schema, wish.source), run)


def train_statistics(folder: str) -> Dataset:
    """Reads the statistics of a run's train rows.

    Args:
        folder: The run's folder.

    Raises:
        DataError: It has none, or they can't be read.
    """
    found = statistics_or_none(folder)
    if found is None:
        raise DataError(
            f"{folder!r}: expected statistics of the rows to compare with, found none in {_STATISTICS}; give a run that "
            "`shardmill run` wrote, not `apply`"
        )
    return found


def statistics_or_none(folder: str) -> Dataset | None:
    """Reads the statistics of a run's train rows, if any.

    A run that `apply` wrote has none.

    Args:
        folder: The run's folder.

    Raises:
        DataError: They can't be read.
    """
    path = files.join(folder, _STATISTICS)
    with files.reading(path):
        data = enclosed.read(folder, _STATISTICS) if files.exists(path) else None
    datasets = [] if data is None else decode_statistics(data, path).datasets
    return next((each for each in datasets if each.name == TRAIN), None)


def _read_schema(wish: Wish) -> schema_pb2.Schema:
    if wish.schema is None:
        assert wish.against is not None
        return run_schema(wish.against)
    check_no_folder(wish.schema)
    try:
        with files.opened(wish.schema) as stream:
            return decode_proto(stream.read(), wish.schema)
    except DataError as error:
        raise ConfigError(f"the schema: {error}; check its path") from error


def run_schema(folder: str) -> schema_pb2.Schema:
    """Reads the schema that a run's new data should have.

    It is the one that the run validated its own input by, or else that of its raw columns.

    Args:
        folder: The run's folder.

    Raises:
        DataError: It can't be read.
    """
    with files.reading(folder):
        name = EXPECTED_SCHEMA if files.exists(files.join(folder, EXPECTED_SCHEMA)) else RAW_SCHEMA
    try:
        return decode_proto(enclosed.read(folder, name), files.join(folder, name))
    except ConfigError as error:
        raise DataError(f"the run's schema isn't as shardmill wrote it: {error}") from error


def _check_environment(schema: schema_pb2.Schema, wish: Wish) -> None:
    known = environments_of(schema)
    if wish.environment is None or wish.environment in known:
        return
    rest = f"it has {listed(known)}" if known else "it names no environment"
    raise ConfigError(
        f"environment {wish.environment!r}: expected one of the schema {wish.source!r}"
        f"{suggest(wish.environment, known, rest)}; leave it out to expect all columns"
    )
