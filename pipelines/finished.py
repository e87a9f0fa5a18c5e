"""A finished run, as its folder says: what it read and how, so that its rows can be made again, or rows like them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.manifest import FORMAT
from pipelines.publish import MANIFEST, SUCCESS
from schemas.errors import ConfigError, DataError
from schemas.proto import decode_schema
from schemas.schema import Schema
from transforms import files
from transforms.analyze import Reading
from transforms.blocks import Selection
from transforms.dialect import Dialect
from transforms.graph_folder import Graph
from transforms.records import InputFile
from transforms.splits import TRAIN, ShardRule, SplitRule
from transforms.trace import TRANSFORM_FN


@dataclass(frozen=True)
class FinishedRun:
    """A run's folder, and what is in its manifest and its schema.

    Attributes:
        folder: The folder.
        manifest: The manifest, as docs/architecture.md describes it.
        digest: The SHA-256 of the manifest's file.
        schema: The raw columns.
    """

    folder: str
    manifest: Mapping[str, Any]
    digest: str
    schema: Schema

    @classmethod
    def load(cls, folder: str) -> "FinishedRun":
        """Reads a run's folder.

        Args:
            folder: A local folder, or one on a file system of Beam's.

        Raises:
            DataError: It holds no finished run, one that is damaged, or one that another version of shardmill wrote in another layout.
        """
        path = files.join(folder, MANIFEST)
        for name, what in ((MANIFEST, "isn't a run"), (SUCCESS, "isn't a finished run")):
            with files.reading(folder):
                found = files.exists(files.join(folder, name))
            if not found:
                raise DataError(f"{folder!r} {what}: it has no {name}. Give the output folder of a finished run")
        data = _read(path)
        manifest = _parse(data, path)
        schema = _parse_schema(files.join(folder, "metadata", "schema.pbtxt"))
        run = cls(folder, manifest, hashlib.sha256(data).hexdigest(), schema)
        run.check()
        return run

    def check(self) -> None:
        """Looks for all that is needed of the manifest.

        Raises:
            DataError: Something isn't there.
        """
        try:
            _ = (self.inputs, self.dialect, self.shard_rule, self.level, self.selection)
            _ = [self.shards[name] for name in self.split_rule.names]
            _ = [self.manifest["rows"][name] for name in ("read", "written", "rejected")]
            _ = [self.manifest["rejected"][name] for name in ("rows", "reasons", "files")], self.manifest["files"]
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError(
                f"{files.join(self.folder, MANIFEST)!r} isn't as shardmill wrote it: {type(error).__name__}: {error}"
            ) from error

    @property
    def inputs(self) -> list[InputFile]:
        """The files that were read."""
        return [InputFile(found["path"], found["bytes"], found.get("split")) for found in self.manifest["input"]]

    @property
    def dialect(self) -> Dialect:
        """The files' spelling."""
        settings: dict[str, Any] = self._config["input"]["dialect"]
        tuples = {name: tuple(each) for name, each in settings.items() if isinstance(each, list)}
        return Dialect(**{**settings, **tuples})

    @property
    def splits_by_file(self) -> bool:
        """Whether whole files belonged to a split."""
        return isinstance(self._config["input"]["files"], dict)

    @property
    def split_rule(self) -> SplitRule:
        """How rows were split."""
        if self.splits_by_file:
            return SplitRule(tuple(self._config["input"]["files"]))
        split = self._config.get("split")
        return SplitRule.of_fractions(split["fractions"]) if split else SplitRule((TRAIN,))

    @property
    def shard_rule(self) -> ShardRule:
        """How rows were spread over shards."""
        output = self._config["output"]
        names = ("shards", "rows_per_shard", "bytes_per_shard", "shuffle", "seed")
        return ShardRule(**{name: output[name] for name in names})

    @property
    def level(self) -> int | None:
        """The DEFLATE level; None: shards aren't compressed."""
        output = self._config["output"]
        return int(output["level"]) if output["compression"] == "gzip" else None

    @property
    def selection(self) -> Selection:
        """What was read of each row."""
        columns = self.manifest["columns"]
        split = self._config.get("split")
        return Selection(
            columns=tuple(self.schema[name] for name in columns["read"]),
            required=frozenset(columns["required"]),
            key=tuple(split["key"] or ()) if split else None,
            names=self.schema.names,
            optional=frozenset(columns.get("optional", ())),
        )

    @property
    def reading(self) -> Reading:
        """How rows came from the files; a bad row is set aside, even if it would have stopped the run."""
        return Reading(dialect=self.dialect, selection=self.selection, split_rule=self.split_rule)

    @property
    def graph(self) -> Graph:
        """The transform graph."""
        return Graph(files.join(self.folder, TRANSFORM_FN))

    @property
    def shards(self) -> dict[str, list[dict[str, Any]]]:
        """Each split's shards: `file`, `rows`, `bytes`, `sha256`."""
        return {name: list(split["shards"]) for name, split in self.manifest["splits"].items()}

    @property
    def _config(self) -> Mapping[str, Any]:
        config: Mapping[str, Any] = self.manifest["config"]
        return config


def _read(path: str) -> bytes:
    with files.reading(path), files.open_at(path) as stream:
        return stream.read()


def _parse(data: bytes, path: str) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(data)
        found = manifest["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path!r} isn't a run's manifest: {type(error).__name__}: {error}") from error
    if found != FORMAT:
        raise DataError(
            f"{path!r} has format {found!r}; this version of shardmill reads format {FORMAT}. Run again with this version, or use "
            "the version that wrote it (`versions` in the manifest)"
        )
    return manifest


def _parse_schema(path: str) -> Schema:
    try:
        return decode_schema(_read(path), path)
    except ConfigError as error:
        raise DataError(f"the run's schema isn't as shardmill wrote it: {error}") from error
