"""Facts of a run that its generated code depends on.

They are its shards, features and labels, read from its folder. TensorFlow isn't imported.
"""

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from shardmill.pipelines.console.printable import printable
from shardmill.pipelines.inspect.run_tables import read_manifest, read_run_schema, read_run_statistics
from shardmill.schemas.errors import DataError
from shardmill.schemas.json_shapes import shown, wrong
from shardmill.schemas.run_folder import (
    FEATURES_SCHEMA,
    GZIP_SUFFIX,
    MANIFEST,
    NAMES_FILE,
    OUTPUT_STATISTICS,
    STATISTICS_FILE,
    SUCCESS,
    TRAIN,
    TRANSFORM_FN,
    shard_suffix,
)
from shardmill.transforms.features.column_patterns import expand_patterns
from shardmill.transforms.files import enclosed
from shardmill.transforms.kinds.numeric.weight import Weight
from shardmill.transforms.runtime.graph_names import decode_names

# Files of a run's folder that are read.
_NAMES = f"{TRANSFORM_FN}/{NAMES_FILE}"
_STATISTICS = f"{OUTPUT_STATISTICS}/{STATISTICS_FILE}"
FILES = (SUCCESS, MANIFEST, _NAMES, FEATURES_SCHEMA, _STATISTICS)
_DTYPES = {schema_pb2.INT: "int64", schema_pb2.FLOAT: "float32", schema_pb2.BYTES: "string"}


@dataclass(frozen=True)
class Output:
    """A feature or label that a run wrote.

    Attributes:
        name: The name in the Examples.
        dtype: int64, float32 or string.
        shape: The shape of one row's values. None means that their number varies.
        ids: The smallest and the largest id, where the schema says that the values are ids (of
            tokens, buckets); else None.
        mean: The mean of the train split's values; 0 for text and where there are none.
        variance: The variance of the same values, greater than 0; 1 for text and where there are
            none.
        zeros: The share of the train split's values that are 0.
        minimum: The least value of all splits; NaN for text and where there are none.
        maximum: The greatest value of all splits; NaN for text and where there are none.
        is_index: Whether these are indices or row lengths of a sparse or ragged feature, or values
            that mean nothing without them.
        kind: The kind of the configuration's feature of this name; empty if there is none.
    """

    name: str
    dtype: str
    shape: tuple[int, ...] | None
    ids: tuple[int, int] | None
    mean: float = 0
    variance: float = 1
    zeros: float = 0
    minimum: float = math.nan
    maximum: float = math.nan
    is_index: bool = False
    kind: str = ""


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes:
        folder: The folder, as it was given.
        shards: By split, the number of rows in each shard.
        suffix: The ending of the shards' names.
        features: The outputs that aren't labels.
        labels: The outputs that are labels.
        weight: The output that is the rows' weights. None means that they all count the same.
        columns: The raw columns that the features are made of.
        is_function: Whether a TF Transform function made the outputs.
        has_odd_columns: Whether TensorFlow's Python has other names for some raw columns than the
            CSV has.
        context: The outputs that a record of a group of rows has once; it has a list of the others.
            None means that records aren't groups.
        windows: Whether a record is a window of rows, with the features of all of them.
    """

    folder: str
    shards: Mapping[str, tuple[int, ...]]
    suffix: str
    features: tuple[Output, ...]
    labels: tuple[Output, ...]
    weight: Output | None
    columns: tuple[str, ...]
    is_function: bool
    has_odd_columns: bool
    context: tuple[str, ...] | None = None
    windows: bool = False

    @property
    def compressed(self) -> bool:
        """Whether the shards are gzip files."""
        return self.suffix.endswith(GZIP_SUFFIX)


def load_run(folder: str) -> Run:
    """Reads the facts from a run's folder.

    Raises:
        DataError: It isn't a finished run, or a file in it can't be read or decoded.
    """
    if not os.path.lexists(os.path.join(folder, SUCCESS)):
        raise DataError(
            f"{folder!r} isn't a finished run: it has no {SUCCESS}; give the folder that `shardmill run` wrote"
        )
    manifest = read_manifest(folder)
    path = os.path.join(folder, _NAMES)
    names = decode_names(enclosed.read(folder, _NAMES), path)
    outputs = _outputs(folder)
    signatures: Mapping[str, Any] = names["signatures"]
    inputs = signatures.get("serving_default", {"inputs": {}})["inputs"]
    for name in names["labels"]:
        if name not in outputs:
            raise wrong(path, "labels", f"names of {FEATURES_SCHEMA}", shown(name))
    kinds = _kinds(manifest["config"], [*outputs])
    outputs = {name: replace(output, kind=kinds.get(name, "")) for name, output in outputs.items()}
    weight = next((name for name in names["labels"] if kinds.get(name) == Weight.kind), None)
    return Run(
        folder=folder,
        shards={
            split: tuple(shard["rows"] for shard in facts["shards"]) for split, facts in manifest["splits"].items()
        },
        suffix=shard_suffix(compressed=manifest["config"]["output"]["compression"] != "none"),
        features=tuple(output for name, output in outputs.items() if name not in names["labels"]),
        labels=tuple(outputs[name] for name in names["labels"] if name != weight),
        weight=None if weight is None else outputs[weight],
        columns=tuple(inputs),
        is_function="preprocessing_fn" in manifest["config"],
        # TensorFlow names an argument's tensor after the signature and the argument.
        has_odd_columns=any(tensor != f"serving_default_{column}:0" for column, (tensor, _) in inputs.items()),
        context=tuple(manifest["config"]["sequence"]["context"]) if "sequence" in manifest["config"] else None,
        windows="window" in manifest["config"],
    )


def _kinds(config: Mapping[str, Any], names: Sequence[str]) -> dict[str, str]:
    """The kinds of the configuration's features, by name."""
    features, _ = expand_patterns(config.get("features") or {}, names)
    return {name: value.get("kind", "") if isinstance(value, Mapping) else value for name, value in features.items()}


def _outputs(folder: str) -> dict[str, Output]:
    schema = read_run_schema(folder)
    datasets = read_run_statistics(folder, _STATISTICS).datasets
    for feature in schema.feature:
        if feature.type not in _DTYPES:
            found = schema_pb2.FeatureType.Name(feature.type)
            raise wrong(
                os.path.join(folder, FEATURES_SCHEMA), f"feature {feature.name!r}", "type INT, FLOAT or BYTES", found
            )
    outputs = {feature.name: _output(feature, datasets) for feature in schema.feature}
    for name in _index_names(schema):
        if name not in outputs:
            raise wrong(os.path.join(folder, FEATURES_SCHEMA), "", "names of features", shown(name))
        outputs[name] = replace(outputs[name], is_index=True)
    return outputs


def _index_names(schema: schema_pb2.Schema) -> Iterator[str]:
    types = {feature.name: feature.type for feature in schema.feature}
    for feature in schema.sparse_feature:
        yield from (index.name for index in feature.index_feature)
        if types.get(feature.value_feature.name) != schema_pb2.INT:
            yield feature.value_feature.name
    for group in schema.tensor_representation_group.values():
        for representation in group.tensor_representation.values():
            yield from (part.row_length for part in representation.ragged_tensor.partition if part.row_length)


def _output(feature: schema_pb2.Feature, datasets: Sequence[statistics_pb2.DatasetFeatureStatistics]) -> Output:
    shape = tuple(dimension.size for dimension in feature.shape.dim) if feature.HasField("shape") else None
    domain = feature.int_domain
    found = {dataset.name: stats for dataset in datasets if (stats := _numbers(dataset, feature.name))}
    minimum = _finite(min((stats.min for stats in found.values()), default=math.nan), math.nan)
    maximum = _finite(max((stats.max for stats in found.values()), default=math.nan), math.nan)
    train = found.get(TRAIN, statistics_pb2.NumericStatistics())
    return Output(
        *(feature.name, _DTYPES[feature.type], shape),
        ids=_widened(domain.min, domain.max, minimum, maximum) if domain.is_categorical else None,
        mean=_finite(train.mean, 0),
        variance=_finite(train.std_dev * train.std_dev, 1) or 1,
        zeros=train.num_zeros / (train.common_stats.tot_num_values or 1),
        minimum=minimum,
        maximum=maximum,
    )


def _finite(value: float, otherwise: float) -> float:
    """Replaces a value that isn't finite, which has no literal."""
    return value if math.isfinite(value) else otherwise


def _widened(first: int, last: int, minimum: float, maximum: float) -> tuple[int, int]:
    """Widens a domain to the values that occur.

    The domain that TF Transform writes for `apply_buckets_with_keys` lacks the id of an unknown
    key.
    """
    if math.isnan(minimum) or math.isnan(maximum):
        return first, last
    return min(first, int(minimum)), max(last, int(maximum))


def _numbers(dataset: statistics_pb2.DatasetFeatureStatistics, name: str) -> statistics_pb2.NumericStatistics | None:
    """Finds the statistics of a feature that has numbers."""
    for feature in dataset.features:
        if list(feature.path.step) == [name] and feature.num_stats.common_stats.num_non_missing:
            return feature.num_stats
    return None


def literal(value: Any) -> str:
    """Writes a value as a Python literal, with double quotes.

    Values are texts, numbers, lists, and dicts with text keys. Names are untrusted: invisible
    characters, and those that change the writing direction, become escapes, so that the code is
    what it looks like.
    """
    return printable(json.dumps(value, ensure_ascii=False))


def export_folder(folder: str) -> str:
    """Returns the folder for a run's trained model.

    It is beside the run's folder; for a remote run it is in the current folder.
    """
    if "://" in folder:
        return os.path.basename(folder) + "-model"
    # `.` and `..` have no name to append to.
    path = os.path.normpath(folder)
    return (os.path.abspath(path) if os.path.basename(path) in (".", "..") else path) + "-model"
