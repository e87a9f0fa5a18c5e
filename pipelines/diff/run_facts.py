"""Facts of a run, to compare it with another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from tensorflow_metadata.proto.v0 import schema_pb2

from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.schemas.errors import ConfigError, DataError
from shardmill.schemas.feature_stats import Dataset, decode_statistics
from shardmill.schemas.json_shapes import InnerPath, decode_json
from shardmill.schemas.run_folder import (
    ASSET_MAP,
    FEATURES_SCHEMA,
    OUTPUT_STATISTICS,
    RAW_SCHEMA,
    RAW_STATISTICS,
    STATISTICS_FILE,
    VOCABULARIES,
)
from shardmill.schemas.schema_pbtxt import decode_proto
from shardmill.schemas.validation.schema_mistakes import domain_of
from shardmill.transforms.files import enclosed, files
from shardmill.transforms.graph.vocabulary_files import TFRECORD_SUFFIX
from shardmill.transforms.tfrecord.frames import read_records

# Bytes of a vocabulary that are read at a time.
_PIECE = 16 << 20


@dataclass(frozen=True)
class RunFacts:
    """A run's folder, to be compared with another's.

    Attributes:
        run: The run.
    """

    run: FinishedRun

    @classmethod
    def load(cls, folder: str) -> "RunFacts":
        """Reads a run's folder.

        Raises:
            DataError: It holds no finished run, or a damaged one.
        """
        return cls(FinishedRun.load(folder))

    @property
    def configuration(self) -> Mapping[str, Any]:
        """All settings, a feature's kind among its parameters."""
        settings = self.run.manifest["config"]
        # `x = "label"` means `x = { kind = "label" }`.
        features = {
            name: {"kind": value} if isinstance(value, str) else value for name, value in settings["features"].items()
        }
        return {**settings, "features": features}

    @property
    def rows(self) -> Mapping[str, Any]:
        """Numbers of rows: of all, and of each split."""
        manifest = self.run.manifest
        splits = {name: split["rows"] for name, split in manifest["splits"].items()}
        skipped = manifest.get("skipped", {})
        return {**manifest["rows"], "split": splits, "filtered by": manifest.get("filtered", {}), "skipped": skipped}

    @property
    def rejected(self) -> Mapping[str, int]:
        """Numbers of rejected rows, by reason."""
        return self.run.manifest["rejected"]["reasons"]

    def columns(self, name: str) -> dict[str, str]:
        """A schema's columns in words, by name.

        Args:
            name: The schema's path in the run's folder.

        Raises:
            DataError: It can't be read.
        """
        schema = self._schema(name)
        return {feature.name: _in_words(schema, feature) for feature in schema.feature}

    @property
    def ids(self) -> frozenset[str]:
        """The features whose numbers are ids."""
        return frozenset(each.name for each in self._schema(FEATURES_SCHEMA).feature if each.int_domain.is_categorical)

    @property
    def raw_columns(self) -> dict[str, str]:
        """The raw columns in words."""
        return self.columns(RAW_SCHEMA)

    @property
    def features(self) -> dict[str, str]:
        """The features in words."""
        return self.columns(FEATURES_SCHEMA)

    def statistics(self, name: str) -> dict[str, Dataset]:
        """The statistics of each split; empty if there are none.

        Args:
            name: The path of their folder in the run's.

        Raises:
            DataError: They can't be read.
        """
        name = f"{name}/{STATISTICS_FILE}"
        path = files.join(self.run.folder, name)
        if not self._has(name):
            return {}
        return {each.name: each for each in decode_statistics(enclosed.read(self.run.folder, name), path).datasets}

    @property
    def raw_statistics(self) -> dict[str, Dataset]:
        """The statistics of the raw columns, by split."""
        return self.statistics(RAW_STATISTICS)

    @property
    def feature_statistics(self) -> dict[str, Dataset]:
        """The statistics of the features, by split."""
        return self.statistics(OUTPUT_STATISTICS)

    @property
    def vocabularies(self) -> dict[str, str]:
        """The vocabularies' paths in the run's folder, by name.

        Raises:
            DataError: Their list can't be read.
        """
        if not self._has(ASSET_MAP):
            return {}
        path = files.join(self.run.folder, ASSET_MAP)
        names = decode_json(enclosed.read(self.run.folder, ASSET_MAP), dict[str, InnerPath], path)
        return {name: f"{VOCABULARIES}/{file}" for name, file in names.items()}

    def digest(self, name: str) -> str:
        """The SHA-256 of a file, as the manifest lists it."""
        return next((entry["sha256"] for entry in self.run.manifest["files"] if entry["file"] == name), "")

    def tokens(self, name: str) -> Iterator[pa.Array]:
        """Yields a vocabulary's tokens in the order of their ids.

        Args:
            name: The vocabulary's path in the run's folder.

        Yields:
            Binary arrays.

        Raises:
            DataError: It can't be read.
        """
        path = files.join(self.run.folder, name)
        try:
            with enclosed.open_file(self.run.folder, name) as stream:
                if name.endswith(TFRECORD_SUFFIX):
                    for block in read_records(stream, path):
                        yield block.cast(pa.binary())
                    return
                rest = b""
                while piece := stream.read(_PIECE):
                    whole, _, rest = (rest + piece).rpartition(b"\n")
                    if whole:
                        yield _lines(whole)
                if rest:
                    yield _lines(rest)
        except OSError as error:
            raise DataError(f"can't read the vocabulary {path!r}: {error.strerror or error}") from error

    def _schema(self, name: str) -> schema_pb2.Schema:
        path = files.join(self.run.folder, name)
        try:
            return decode_proto(enclosed.read(self.run.folder, name), path)
        except ConfigError as error:
            raise DataError(str(error)) from error

    def _has(self, name: str) -> bool:
        with files.reading(self.run.folder):
            return files.exists(files.join(self.run.folder, name))


def _lines(data: bytes) -> pa.Array:
    return pc.split_pattern(pa.array([data], pa.large_binary()), b"\n").flatten().cast(pa.binary())


def _in_words(schema: schema_pb2.Schema, feature: schema_pb2.Feature) -> str:
    """Describes what a schema says of a column."""
    words = [schema_pb2.FeatureType.Name(feature.type)]
    if feature.HasField("shape"):
        words.append("[" + ", ".join(str(dimension.size) for dimension in feature.shape.dim) + "]")
    if feature.presence.min_fraction:
        fraction = feature.presence.min_fraction
        words.append("required" if fraction == 1 else f"in {fraction:.4g} of the rows")
    kind = feature.WhichOneof("domain_info")
    domain = domain_of(schema, feature)
    if domain is not None:
        words.append(f"{len(domain.value):,} values")
    elif kind in ("int_domain", "float_domain"):
        found = getattr(feature, kind)
        words.append(f"{found.min:.6g} to {found.max:.6g}")
    elif kind is not None:
        words.append(kind.removesuffix("_domain").replace("_", " "))
    return ", ".join(words)
