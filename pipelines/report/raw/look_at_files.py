"""Reads files for all that their page tells."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.init.bad_rows import doubtful_decisions
from shardmill.pipelines.init.choose_features import feature_lines
from shardmill.pipelines.init.feature_line import FeatureLine
from shardmill.pipelines.init.init import advising, refuse_other_files
from shardmill.pipelines.job.infer_schema import first_header
from shardmill.pipelines.job.input_files import list_files
from shardmill.pipelines.job.interruption import terminable
from shardmill.pipelines.survey.second_look import OddCells
from shardmill.pipelines.survey.sniff_files import sniff_files
from shardmill.pipelines.survey.starter_request import StarterRequest
from shardmill.pipelines.survey.survey import Survey, name_decisions, take_survey
from shardmill.pipelines.validate.expectations import Expected, Wish, load_expected
from shardmill.pipelines.validate.measure import Measurement, Reader, measure
from shardmill.pipelines.validate.show_anomalies import ordered_lines
from shardmill.schemas.inference.infer import Profiles
from shardmill.schemas.schema import Schema
from shardmill.schemas.schema_pbtxt import to_proto
from shardmill.schemas.validation.find_anomalies import Expectations, find_anomalies
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.units import InputFile
from shardmill.transforms.sniff.decision import Decision
from shardmill.transforms.workers import phases


@dataclass(frozen=True, kw_only=True)
class Look:
    """The findings about files.

    Attributes:
        inputs: The files.
        dialect: Their dialect.
        schema: Their columns; those of the user's schema, or inferred.
        measured: Their statistics, and the rows that can't be read.
        decisions: What was guessed of them.
        profiles: The profiles of their columns. None means that the user gave a schema.
        lines: The features that `init` would propose; none where the user gave a schema, or where
            there is no value.
        odd: The cells of columns of numbers or dates that are none, by column.
        anomalies: What doesn't fit the user's schema: column, a few words, a sentence.
    """

    inputs: tuple[InputFile, ...]
    dialect: Dialect
    schema: Schema
    measured: Measurement
    decisions: tuple[Decision, ...]
    profiles: Profiles | None = None
    lines: tuple[FeatureLine, ...] = ()
    odd: Mapping[str, OddCells] = field(default_factory=dict)
    anomalies: tuple[tuple[str, str, str], ...] = ()


def look_at_files(
    patterns: Sequence[str],
    schema: str | None,
    progress: Progress,
    *,
    given: Mapping[str, Any],
    workers: int | None = None,
) -> Look:
    """Reads files.

    Args:
        patterns: The files.
        schema: A schema file, by which cells are read. None means that types are inferred.
        progress: Shows the reading.
        given: Fields of the files' dialect that are known; the others are guessed.
        workers: Threads. None means one per core.

    Raises:
        ConfigError: The schema can't be used, or a file is a configuration or a schema.
        DataError: A file can't be read as CSV.
    """
    phases.reset()
    inputs = tuple(list_files({None: patterns}))
    refuse_other_files(inputs)
    with terminable(), tempfile.TemporaryDirectory(prefix="shardmill-report-") as folder, advising():
        reader = Reader(Engine(workers=workers), folder, progress)
        return _surveyed(inputs, given, reader) if schema is None else _expected(inputs, schema, given, reader)


def _surveyed(inputs: tuple[InputFile, ...], given: Mapping[str, Any], reader: Reader) -> Look:
    """Infers the columns, and measures them."""
    survey, request = take_survey(inputs, StarterRequest(dialect=given), reader.progress)
    expected = Expected(Expectations(to_proto(survey.schema)), survey.schema, None)
    return Look(
        inputs=inputs,
        dialect=survey.dialect,
        schema=survey.schema,
        measured=measure(inputs, expected, survey.dialect, reader),
        decisions=(*survey.decisions, *doubtful_decisions(survey.profiled.doubtful, survey.profiled.read)),
        profiles=survey.profiles,
        lines=_lines(survey, request),
        odd=survey.odd,
    )


def _lines(survey: Survey, request: StarterRequest) -> tuple[FeatureLine, ...]:
    # Where nothing has a value, there is nothing to propose: the page says so.
    filled = any(profile.rows > profile.absent for profile in survey.profiles)
    return tuple(feature_lines(survey, request)) if filled else ()


def _expected(inputs: tuple[InputFile, ...], schema: str, given: Mapping[str, Any], reader: Reader) -> Look:
    """Measures a schema's columns, and finds what doesn't fit."""
    expected = load_expected(Wish(schema))
    dialect = expected.dialect(inputs, given)
    header = first_header(inputs, dialect)
    measured = measure(inputs, expected, dialect, reader)
    return Look(
        inputs=inputs,
        dialect=dialect,
        schema=expected.columns,
        measured=measured,
        decisions=(*sniff_files(inputs, given).decisions, *name_decisions(header, dialect)),
        anomalies=tuple(ordered_lines(find_anomalies(measured.dataset, expected.expectations))),
    )
