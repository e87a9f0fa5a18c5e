"""Brings a run's raw columns and features together."""

import os
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from shardmill.pipelines.page.shown_statistics import ColumnStatistics, Splits
from shardmill.pipelines.report.learned_numbers import Numbers, read_learned
from shardmill.pipelines.report.sample.label_relation import Relation
from shardmill.pipelines.report.sample.vocabulary_coverage import Coverage
from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.schemas.errors import DataError
from shardmill.schemas.run_folder import FEATURES_SCHEMA
from shardmill.transforms.files import enclosed

_TYPES = {"INT": "int64", "FLOAT": "float32", "BYTES": "bytes"}
# A sparse feature's parts: their names, without the feature's.
_INDICES, _VALUES = "$sparse_indices_0", "$sparse_values"


@dataclass(frozen=True, kw_only=True)
class Output:
    """A feature of the shards.

    Attributes:
        name: Its name in the Examples.
        feature: The feature that the configuration declares; its outputs' names begin with its own.
        kind: That feature's kind; empty for one of a `preprocessing_fn`.
        settings: That feature's parameters.
        dtype: Its type.
        shape: Its shape. None means that it varies by row.
        is_categorical: Whether its numbers are ids.
        ids: How many ids there may be. None means that this isn't known, or that it has none.
        statistics: Its statistics by split.
        relation: How it relates to the label; None where that isn't known.
        coverage: How many tokens its vocabulary covers; None where it has none.
        learned: The numbers that its kind learned.
    """

    name: str
    feature: str
    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    dtype: str
    shape: tuple[int, ...] | None
    is_categorical: bool
    ids: int | None = None
    statistics: Mapping[str, ColumnStatistics] = field(default_factory=dict)
    relation: Relation | None = None
    coverage: Coverage | None = None
    learned: Numbers = field(default_factory=dict)

    @property
    def is_sparse(self) -> bool:
        """Whether these are the values of a sparse feature."""
        return self.name.endswith(_VALUES)

    @property
    def is_scalar(self) -> bool:
        """Whether each row has one value."""
        return self.shape == ()


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A raw column with its features, or a feature alone.

    Attributes:
        name: The column's name, else the feature's.
        is_raw: Whether it is a raw column.
        dtype: Its type.
        required: Whether a row without a value is rejected.
        statistics: The raw column's statistics by split.
        outputs: The features that are made of it.
        proposed: The kind that is proposed for it, where there is no run yet.
    """

    name: str
    is_raw: bool
    dtype: str
    required: bool = False
    statistics: Mapping[str, ColumnStatistics] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    proposed: str = ""

    @property
    def becomes(self) -> str:
        """The kinds of its features, in words."""
        kinds = ", ".join(dict.fromkeys(each.kind or each.name for each in self.outputs))
        return kinds or self.proposed or "not used"


def read_outputs(run: FinishedRun, statistics: Splits) -> list[Output]:
    """The features of a run, without relations and coverage.

    Args:
        run: The run.
        statistics: The statistics of its features.

    Raises:
        DataError: The schema of the features can't be read.
    """
    path = os.path.join(run.folder, FEATURES_SCHEMA)
    try:
        text = enclosed.read(run.folder, FEATURES_SCHEMA).decode()
        schema = text_format.Parse(text, schema_pb2.Schema())
    except (text_format.ParseError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"{path!r} isn't a schema.pbtxt: {error}") from error
    declared, learned = run.manifest["config"]["features"], read_learned(run.folder)
    # A sparse feature is its values; their indices are as many, and say little.
    return [_output(each, declared, learned, statistics) for each in schema.feature if not each.name.endswith(_INDICES)]


def _output(
    feature: schema_pb2.Feature, declared: Mapping[str, Any], learned: Mapping[str, Numbers], statistics: Splits
) -> Output:
    name = feature.name
    owner = owner_of(name, declared)
    settings = declared.get(owner, "")
    table = {"kind": settings} if isinstance(settings, str) else dict(settings)
    return Output(
        name=name,
        feature=owner,
        kind=table.pop("kind", ""),
        settings=table,
        dtype=_TYPES.get(schema_pb2.FeatureType.Name(feature.type), "unknown"),
        shape=tuple(dimension.size for dimension in feature.shape.dim) if feature.HasField("shape") else None,
        is_categorical=feature.int_domain.is_categorical,
        ids=_ids(feature.int_domain),
        # Not of other outputs, such as the indicator of missing cells.
        learned=learned.get(name, {}),
        statistics={split: found[name] for split, found in statistics.items() if name in found},
    )


def _ids(domain: schema_pb2.IntDomain) -> int | None:
    known = domain.is_categorical and domain.HasField("min") and domain.HasField("max")
    return domain.max - domain.min + 1 if known else None


def owner_of(name: str, declared: Container[str]) -> str:
    """The declared feature that an output belongs to.

    It is the longest name that is the output's, or stands before a `_` or `$` in it; empty if there
    is none. Names are looked up, not searched: both are thousands in wide tables.
    """
    ends = (len(name), *(end for end in reversed(range(len(name))) if name[end] in "_$"))
    return next((name[:end] for end in ends if name[:end] in declared), "")


def columns_of(output: Output) -> tuple[str, ...]:
    """The columns that the configuration names for a feature."""
    named = output.settings.get("columns", output.settings.get("column", output.feature))
    return (named,) if isinstance(named, str) else tuple(str(each) for each in named)


def make_entries(run: FinishedRun, statistics: Splits, outputs: Sequence[Output]) -> list[Entry]:
    """Brings columns and features together.

    Args:
        run: The run.
        statistics: The statistics of its raw columns.
        outputs: Its features.
    """
    read, required = run.manifest["columns"]["read"], set(run.manifest["columns"]["required"])
    by_column: dict[str, list[Output]] = {name: [] for name in read}
    alone: list[Output] = []
    for output in outputs:
        columns = [name for name in columns_of(output) if name in by_column] if output.feature else []
        for name in columns:
            by_column[name].append(output)
        if not columns:
            alone.append(output)
    return [*_columns(run, statistics, by_column, required), *map(_feature, alone)]


def _columns(
    run: FinishedRun, statistics: Splits, by_column: Mapping[str, Sequence[Output]], required: set[str]
) -> Iterator[Entry]:
    for name, outputs in by_column.items():
        yield Entry(
            name=name,
            is_raw=True,
            dtype=run.schema[name].type.name if name in run.schema else "",
            required=name in required,
            statistics={split: found[name] for split, found in statistics.items() if name in found},
            outputs=tuple(outputs),
        )


def _feature(output: Output) -> Entry:
    return Entry(name=output.name, is_raw=False, dtype=output.dtype, outputs=(output,))
