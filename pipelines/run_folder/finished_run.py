"""A finished run, as read from its folder.

It tells which files the run read and how, so that `verify` can recompute its rows and `apply` can
transform other rows in the same way.
"""

import hashlib
from dataclasses import dataclass

from shardmill.pipelines.config.fold_key import fold_rule
from shardmill.pipelines.config.grouped_sections import Grouped, SequenceConfig, WindowConfig
from shardmill.pipelines.config.input_section import dialect_of
from shardmill.pipelines.config.rows_section import RowsConfig
from shardmill.pipelines.config.split_section import SplitConfig
from shardmill.pipelines.config.table import dotted
from shardmill.pipelines.run_folder.manifest_keys import (
    FileEntry,
    Manifest,
    Settings,
    ShardEntry,
    decode_manifest,
    split_names,
)
from shardmill.schemas.errors import ConfigError, DataError
from shardmill.schemas.json_shapes import shown, wrong
from shardmill.schemas.mistakes import Mistakes
from shardmill.schemas.run_folder import MANIFEST, RAW_SCHEMA, SUCCESS, TRAIN
from shardmill.schemas.schema import Schema
from shardmill.schemas.schema_pbtxt import decode_schema
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.csv.units import InputFile
from shardmill.transforms.files import enclosed, files
from shardmill.transforms.grouping.settings import Grouping
from shardmill.transforms.numbers.list_cells import ListShape
from shardmill.transforms.numbers.number_format import Infinite
from shardmill.transforms.reading import Reading
from shardmill.transforms.rows.folds import FoldRule
from shardmill.transforms.rows.splits import ShardRule, SplitRule
from shardmill.transforms.runtime.graph_folder import Graph
from shardmill.transforms.runtime.row_graph import DERIVE, RowGraph


@dataclass(frozen=True)
class FinishedRun:
    """A finished run's manifest and schema.

    Attributes:
        folder: The folder.
        manifest: The manifest, as docs/architecture.md describes it.
        digest: The SHA-256 of the manifest's file.
        schema: The raw columns.
        relocated: Whether the manifest's paths of input are replaced by those that a user gave.
        repeats_folder: The folder of the files that say which rows of the input repeat others.
    """

    folder: str
    manifest: Manifest
    digest: str
    schema: Schema
    relocated: bool = False
    repeats_folder: str = ""

    @classmethod
    def load(cls, folder: str, *, published: bool = True) -> "FinishedRun":
        """Reads a run's folder.

        Args:
            folder: A local folder, or one on a file system of Beam's.
            published: Whether it must have been published; a work folder is about to be.

        Raises:
            DataError: The folder holds no finished run, a damaged one, or one of another layout,
                written by another version of shardmill.
        """
        needed = ((MANIFEST, "isn't a run"), (SUCCESS, "isn't a finished run"))
        for name, what in needed if published else ():
            with files.reading(folder):
                found = files.exists(files.join(folder, name))
            if not found:
                raise DataError(f"{folder!r} {what}: it has no {name}; give the output folder of a finished run")
        data = enclosed.read(folder, MANIFEST)
        path = files.join(folder, MANIFEST)
        manifest = decode_manifest(data, path)
        run = cls(folder, manifest, hashlib.sha256(data).hexdigest(), _read_schema(folder, manifest))
        _ = run.dialect
        _check_columns(manifest, run.schema, path)
        _check_folds(manifest, path)
        return run

    @property
    def inputs(self) -> list[InputFile]:
        """The files that were read."""
        return [InputFile(found["path"], found["bytes"], found.get("split")) for found in self.manifest["input"]]

    @property
    def dialect(self) -> Dialect:
        """The files' dialect."""
        settings = self._config["input"]["dialect"]
        try:
            return dialect_of(settings, files.join(self.folder, MANIFEST))
        except ConfigError as error:
            raise DataError(str(error)) from error

    @property
    def splits_by_file(self) -> bool:
        """Whether each file belonged to a split as a whole."""
        return isinstance(self._config["input"]["files"], dict)

    @property
    def split_rule(self) -> SplitRule:
        """The rule by which rows were split."""
        if self.splits_by_file:
            return SplitRule(split_names(self._config) or (TRAIN,))
        return self._split.rule if self._split else SplitRule((TRAIN,))

    @property
    def _split(self) -> SplitConfig | None:
        settings = self._config.get("split")
        return None if settings is None else SplitConfig.of_settings(settings)

    @property
    def grouping(self) -> Grouping | None:
        """The settings by which rows became groups.

        None means that each row is a record.
        """
        return None if self.grouped is None else self.grouped.grouping

    @property
    def grouped(self) -> Grouped | None:
        """The section by which rows became groups or windows."""
        return _grouped(self._config)

    @property
    def shard_rule(self) -> ShardRule:
        """The rule by which rows were spread over shards."""
        output = self._config["output"]
        return ShardRule(
            shards=output["shards"],
            rows_per_shard=output["rows_per_shard"],
            bytes_per_shard=output["bytes_per_shard"],
            shuffle=output["shuffle"],
            seed=output["seed"],
        )

    @property
    def level(self) -> int | None:
        """The DEFLATE level. None means that shards aren't compressed."""
        output = self._config["output"]
        return int(output["level"]) if output["compression"] == "gzip" else None

    @property
    def selection(self) -> Selection:
        """The columns that were read of each row."""
        columns = self.manifest["columns"]
        return Selection(
            columns=tuple(self.schema[name] for name in columns["read"]),
            names=self.schema.names,
            required=frozenset(columns["required"]),
            key=self._split.row_key(self.schema.names, dict(self.dialect.numbers)) if self._split else None,
            optional=frozenset(columns.get("optional", ())),
            refused={name: frozenset(each) for name, each in columns.get("refused", {}).items()},
            lists={
                name: frozenset(ListShape(**each) for each in shapes)
                for name, shapes in columns.get("lists", {}).items()
            },
            infinite={name: self._infinite(name) for name in self.schema.names},
            tracked=self._split.tracked if self._split else None,
            filter=self.rows.row_filter(self.schema, self.split_rule, self.repeats_folder),
        )

    @property
    def rows(self) -> RowsConfig:
        """The settings by which rows were left out."""
        settings = self._config.get("rows")
        return RowsConfig() if settings is None else RowsConfig.of_settings(settings)

    def _infinite(self, column: str) -> Infinite:
        """Returns the treatment of infinite numbers in a column."""
        settings = self._config["input"]
        own = settings.get("columns", {}).get(column)
        return (own and own["infinite"]) or settings.get("infinite", "keep")

    @property
    def checks_rows(self) -> bool:
        """Whether every row had to pass the graph."""
        return "checked" in self.manifest["columns"]

    def reading(self, graph: Graph | None) -> Reading:
        """Returns the way that rows were read from the files.

        Bad rows are rejected, even if they would have stopped the run.

        Args:
            graph: The run's graph, as its manifest lists it. None means that no row has to pass it.
        """
        return Reading(
            dialect=self.dialect,
            selection=self.selection,
            split_rule=self.split_rule,
            row_graph=None if graph is None else self._row_graph(graph),
            fold_rule=self._fold_rule,
        )

    @property
    def _fold_rule(self) -> FoldRule | None:
        by = self.manifest["columns"].get("fold_by")
        seed = self._config["output"]["seed"]
        if by == "key":
            return fold_rule(self._split, self.grouped, seed)
        return None if by is None else FoldRule(by, seed)

    def _row_graph(self, graph: Graph) -> RowGraph | None:
        checked = self.manifest["columns"].get("checked")
        if checked is None:
            return None
        signature = checked["signature"]
        derives = signature == DERIVE
        return RowGraph(
            *(graph, signature, tuple(checked["required"]), tuple(checked["labels"])),
            derives=derives,
            declared=not derives and self._config.get("preprocessing_fn") is None,
        )

    def files_below(self, folder: str) -> list[FileEntry]:
        """Returns the files that the manifest lists in a folder."""
        return [entry for entry in self.manifest["files"] if entry["file"].startswith(f"{folder}/")]

    @property
    def shards(self) -> dict[str, list[ShardEntry]]:
        """Each split's shards: `file`, `rows`, `bytes`, `sha256`."""
        return {name: list(split["shards"]) for name, split in self.manifest["splits"].items()}

    @property
    def _config(self) -> Settings:
        return self.manifest["config"]


def _read_schema(folder: str, manifest: Manifest) -> Schema:
    """Reads the raw schema, after checking it against the manifest."""
    data = enclosed.read(folder, RAW_SCHEMA)
    digest = hashlib.sha256(data).hexdigest()
    listed = {entry["file"]: entry["sha256"] for entry in manifest["files"]}.get(RAW_SCHEMA, "")
    if digest != listed:
        raise not_as_listed(folder, f"the SHA-256 of {RAW_SCHEMA!r} is {digest[:12]}..., not {listed[:12]}...")
    try:
        return decode_schema(data, files.join(folder, RAW_SCHEMA))
    except ConfigError as error:
        raise DataError(f"the run's schema isn't as shardmill wrote it: {error}") from error


def not_as_listed(folder: str, problem: str) -> DataError:
    """Makes the error of a run unlike its manifest.

    Args:
        folder: The run's folder.
        problem: The difference.
    """
    return DataError(
        f"the run {folder!r} isn't what its manifest says: {problem}; it was changed, or another run has replaced it meanwhile: "
        "try again, repeat the run, or copy it again from where it was made"
    )


def _check_columns(manifest: Manifest, schema: Schema, path: str) -> None:
    """Checks that the schema has all of the manifest's columns."""
    columns = manifest["columns"]
    settings = manifest["config"].get("split")
    split = SplitConfig.of_settings(settings).columns if settings else {}
    of_rows = manifest["config"].get("rows")
    rows = RowsConfig.of_settings(of_rows) if of_rows else None
    for key, names in (
        ("columns.read", columns["read"]),
        ("columns.required", columns["required"]),
        ("columns.optional", columns.get("optional", [])),
        ("config.split.key", split.get("key", ())),
        ("config.split.stratify", split.get("stratify", ())),
        ("config.split.time.column", split.get("column", ())),
        *((dotted(("config", "rows", *key)), names) for key, names in (rows.named_columns if rows else {}).items()),
    ):
        for name in names:
            if name not in schema:
                raise wrong(path, key, f"columns of {RAW_SCHEMA}", shown(name))
    if rows is not None:
        mistakes = Mistakes()
        rows.check(schema, mistakes)
        for error in mistakes.found:
            raise wrong(path, "config.rows", f"conditions and values that fit the columns of {RAW_SCHEMA}", str(error))
    _check_grouped(manifest, path)


def _grouped(config: Settings) -> Grouped | None:
    """Returns how rows became groups or windows, if they did."""
    if "window" in config:
        return WindowConfig.of_settings(config["window"])
    return SequenceConfig.of_settings(config["sequence"]) if "sequence" in config else None


def _check_grouped(manifest: Manifest, path: str) -> None:
    """Checks groups of rows against the columns and the counts."""
    config, columns = manifest["config"], manifest["columns"]
    grouped = _grouped(config)
    if (grouped is None) != ("groups" not in manifest):
        raise wrong(path, "groups", "counts of groups where config makes them", "one without the other")
    if grouped is None:
        return
    key = f"config.{grouped.section}"
    for name in grouped.columns:
        if name not in columns["read"] or name not in columns["required"]:
            raise wrong(path, key, "columns that were read and required", shown(name))
    for name in grouped.forward_fill:
        if name not in columns["read"]:
            raise wrong(path, f"{key}.forward_fill", "columns that were read", shown(name))
    if config["output"]["shards"] is None:
        raise wrong(path, key, "config.output.shards", "none")
    if "sequence" in config and ("window" in config or not config["sequence"]["group_by"]):
        raise wrong(path, "config.sequence", "columns to group by, and no config.window", "another")


def _check_folds(manifest: Manifest, path: str) -> None:
    """Checks that folds have the key they need."""
    config, columns = manifest["config"], manifest["columns"]
    if columns.get("fold_by") != "key":
        return
    split, grouped = config.get("split"), _grouped(config)
    if grouped is None and (split is None or split["key"] is None):
        raise wrong(path, "columns.fold_by", '"line" where config.split.key is none', '"key"')
    rule = fold_rule(None if split is None else SplitConfig.of_settings(split), grouped, 0)
    if rule.by != "key" or not set(rule.columns) <= set(columns["read"]):
        raise wrong(path, "columns.fold_by", "columns that were read", '"key"')
