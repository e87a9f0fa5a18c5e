"""Validates input before anything is written."""

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from google.protobuf import text_format

from shardmill.pipelines.config.input_section import ValidateConfig
from shardmill.pipelines.config.load import Config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.job.job import parts_folder
from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.pipelines.run_folder.manifest_keys import AnomalyEntry
from shardmill.pipelines.validate.expectations import Expected, Wish, load_expected, run_schema, statistics_or_none
from shardmill.pipelines.validate.measure import Reader, measure
from shardmill.pipelines.validate.show_anomalies import ALL_ROWS, ordered_lines
from shardmill.schemas.errors import DataError
from shardmill.schemas.messages import shortened
from shardmill.schemas.run_folder import EXPECTED_SCHEMA, METADATA
from shardmill.schemas.schema_pbtxt import from_proto
from shardmill.schemas.validation.comparators import Limits
from shardmill.schemas.validation.find_anomalies import Expectations, find_anomalies
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.units import InputFile
from shardmill.transforms.files import files

# Anomalies that are told one by one.
_SHOWN = 10


class ValidatedInput(NamedTuple):
    """The anomalies and the units of a run's input.

    Attributes:
        anomalies: What the manifest says of anomalies; empty where there are none.
        units: The file of the units that were read, with their checksums, for `TakeUnits`: so the
            rows that a run reads are those that were validated. None means that nothing was read.
    """

    anomalies: dict[str, list[AnomalyEntry]]
    units: str | None


_NOTHING = ValidatedInput({}, None)


def validate_input(
    config: Config, inputs: Sequence[InputFile], work: str, engine: Engine, progress: Progress
) -> ValidatedInput:
    """Validates a run's input, if `[validate]` says so.

    The schema is kept in the run, for data that it is applied to.

    Args:
        config: The configuration.
        inputs: The input files.
        work: The folder that the run writes into.
        engine: The engine that reads them.
        progress: Shows the reading, and warns of anomalies.

    Returns:
        The anomalies, and the units that were read.

    Raises:
        ConfigError: The schema can't be used.
        DataError: There is an anomaly, and `on_anomaly` is "fail"; or data can't be read.
    """
    settings = config.validate
    if settings is None:
        return _NOTHING
    expected = load_expected(Wish(settings.schema, settings.against, settings.environment, _limits(settings)))
    found = _validate(settings, expected, inputs, config.input.dialect, _reader(work, engine, progress))
    files.make_folder(files.join(work, METADATA))
    with files.created(files.join(work, EXPECTED_SCHEMA)) as stream:
        stream.write(text_format.MessageToString(expected.expectations.schema, as_utf8=True).encode())
    return found


def validate_new(
    run: FinishedRun,
    optional: frozenset[str],
    inputs: Sequence[InputFile],
    work: str,
    engine: Engine,
    progress: Progress,
) -> ValidatedInput:
    """Validates new data, if the run's `[validate]` says so.

    It is held against the schema that the run's own input was, and against the run's rows.

    Args:
        run: The run.
        optional: Columns that may be missing, such as those of labels.
        inputs: The new files.
        work: The folder that is written into.
        engine: The engine that reads them.
        progress: Shows the reading, and warns of anomalies.

    Returns:
        As `validate_input`.

    Raises:
        DataError: As `validate_input`.
    """
    found = run.manifest["config"].get("validate")
    if found is None:
        return _NOTHING
    settings = ValidateConfig.of_settings(found)
    schema = run_schema(run.folder)
    for feature in schema.feature:
        if feature.name in optional:
            for field in ("presence", "shape"):
                feature.ClearField(field)
    expectations = Expectations(schema, None, statistics_or_none(run.folder), _limits(settings))
    expected = Expected(expectations, from_proto(schema, run.folder), run)
    return _validate(settings, expected, inputs, run.dialect, _reader(work, engine, progress))


def _reader(work: str, engine: Engine, progress: Progress) -> Reader:
    """Makes the reader, with a folder of its own.

    A template's engine doesn't run before its launch, so this process reads then.
    """
    # A run that goes on where another ended mustn't take that one's findings for its own.
    folder = files.join(parts_folder(work), f"validate-{uuid.uuid4().hex}")
    files.make_folder(folder)
    return Reader(engine.here() if engine.template else engine, folder, progress)


def _limits(settings: ValidateConfig) -> Limits:
    return Limits(settings.infinity_norm, settings.jensen_shannon)


def _validate(
    settings: ValidateConfig, expected: Expected, inputs: Sequence[InputFile], dialect: Dialect, reader: Reader
) -> ValidatedInput:
    """Warns of anomalies, or raises an error that lists them."""
    measured = measure(inputs, expected, dialect, reader)
    found = ordered_lines(find_anomalies(measured.dataset, expected.expectations))
    lines = [f"{column}: {short}: {shortened(details)}" for column, short, details in found[:_SHOWN]]
    if len(found) > _SHOWN:
        lines.append(f"and {len(found) - _SHOWN:,} more, which `shardmill validate` shows")
    if lines and settings.on_anomaly == "fail":
        listed = "".join(f"\n  {line}" for line in lines)
        raise DataError(
            f'the input has anomalies, and [validate] on_anomaly is "fail":{listed}\nChange the data, the schema or the thresholds, '
            'or set on_anomaly = "warn"'
        )
    for line in lines:
        reader.progress.warn(f"anomaly: {line}")
    entries: list[AnomalyEntry] = [
        {"column": "" if column == ALL_ROWS else column, "anomaly": short, "details": details}
        for column, short, details in found
    ]
    return ValidatedInput({"anomalies": entries} if entries else {}, measured.units)
