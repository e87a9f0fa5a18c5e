"""The keys of `manifest.json`, for its writer and its readers.

A run's folder is untrusted: `decode_manifest` refuses whatever isn't declared here. A new key is
declared here first, as `NotRequired` if older runs lack it; docs/architecture.md describes it.
"""

from typing import Annotated, Any, Literal, TypedDict

from msgspec import Meta

from shardmill.pipelines.config.grouped_sections import SequenceSettings, WindowSettings
from shardmill.pipelines.config.output_section import OutputSettings
from shardmill.pipelines.config.rows_section import RowSettings
from shardmill.pipelines.config.split_section import (
    FRACTIONS_TOLERANCE,
    MOST_FOLDS,
    SplitConfig,
    SplitSettings,
    TimeSettings,
    TimeSplit,
)
from shardmill.schemas.errors import DataError
from shardmill.schemas.json_shapes import (
    AnyPath,
    AtLeastOne,
    Count,
    Crc32c,
    FileName,
    Fraction,
    InnerPath,
    NotRequired,
    Sha256,
    SplitName,
    check_shape,
    decode_json,
    shown,
    wrong,
)
from shardmill.schemas.run_folder import TRAIN
from shardmill.transforms.numbers.list_cells import Elements
from shardmill.transforms.numbers.number_format import Infinite
from shardmill.transforms.numbers.refused import Refusal
from shardmill.transforms.repeats.key_spans import SharedKeysEntry
from shardmill.transforms.rows.folds import FoldBy

FORMAT = 2
_Filled = Annotated[str, Meta(min_length=1)]
_Character = Annotated[str, Meta(max_length=1)]


class FileEntry(TypedDict):
    """A file of the run."""

    file: InnerPath
    bytes: Count
    sha256: Sha256


class ShardEntry(TypedDict):
    """A shard, at the top of the run's folder."""

    file: FileName
    rows: Count
    bytes: Count
    sha256: Sha256


class SplitEntry(TypedDict):
    """A split's sums and shards."""

    rows: Count
    bytes: Count
    shards: list[ShardEntry]


class RowCounts(TypedDict):
    """The numbers of rows of the whole run."""

    read: Count
    written: Count
    rejected: Count
    filtered: NotRequired[Count]


class GroupsEntry(TypedDict):
    """Groups of rows, each of which is a record.

    By split `rows` in them, by reason `dropped` ones, by column cells `filled` from the row before.
    """

    records: Count
    rows: dict[SplitName, Count]
    dropped: dict[str, Count]
    filled: dict[str, Count]


class RejectedEntry(TypedDict):
    """The rejected rows."""

    rows: Count
    reasons: dict[str, Count]
    files: list[FileEntry]


class SkippedEntry(TypedDict):
    """Lines of the input that are no rows.

    They are those above the header or the first row, comment lines and blank lines.
    """

    above: NotRequired[Count]
    comments: NotRequired[Count]
    blank: NotRequired[Count]


class InputEntry(TypedDict):
    """A file that was read."""

    path: AnyPath
    bytes: Count
    crc32c: Crc32c
    rows: Count
    split: NotRequired[SplitName]


class CheckedEntry(TypedDict):
    """The check of every row by the graph.

    It has the graph's signature, and its outputs in which a row needs a value; in new data those in
    `labels` may be missing.
    """

    signature: Literal["derive", "transform"]
    required: list[str]
    labels: list[str]


class RenamedColumn(TypedDict):
    """A column that isn't called what a header says.

    `position` counts from 1; `name` is the header's, empty if it has none.
    """

    position: AtLeastOne
    name: str
    column: str


class RenamedEntry(TypedDict):
    """A header's renamed columns, and the first file with it.

    The file's path is as the configuration gives it.
    """

    file: AnyPath
    columns: list[RenamedColumn]


class ListEntry(TypedDict):
    """The shape of a cell: see `ListShape`."""

    delimiter: _Filled
    elements: Elements
    weight_delimiter: _Character


class ColumnNames(TypedDict):
    """The raw columns that were read."""

    read: list[str]
    required: list[str]
    refused: NotRequired[dict[str, list[Refusal]]]
    lists: NotRequired[dict[str, list[ListEntry]]]
    optional: NotRequired[list[str]]
    checked: NotRequired[CheckedEntry]
    fold_by: NotRequired[FoldBy]
    renamed: NotRequired[list[RenamedEntry]]


class NotFiniteEntry(TypedDict):
    """The numbers of NaN and infinite values, if any.

    `columns` counts infinite cells by raw column; `nan` and `infinite` count values by feature.
    """

    columns: dict[str, Count]
    nan: dict[str, Count]
    infinite: dict[str, Count]


class ColumnSettings(TypedDict):
    """`[input.columns.NAME]`."""

    infinite: Infinite | None


class InputSettings(TypedDict):
    """`[input]`; `FinishedRun.dialect` checks the dialect."""

    files: list[str] | dict[SplitName, list[str]]
    dialect: dict[str, Any]
    infinite: NotRequired[Infinite]
    columns: NotRequired[dict[str, ColumnSettings]]
    on_bad_row: Literal["reject", "fail"]
    max_bad_fraction: Fraction


class FeatureSettings(TypedDict):
    """A feature declared as a table, with its kind's parameters."""

    kind: str


class ValidateSettings(TypedDict):
    """`[validate]`, as new data of the run is validated by."""

    on_anomaly: Literal["warn", "fail"]
    infinity_norm: Fraction
    jensen_shannon: Fraction


class Settings(TypedDict):
    """The configuration, with its defaults."""

    input: InputSettings
    output: OutputSettings
    features: dict[str, str | FeatureSettings]
    split: NotRequired[SplitSettings]
    rows: NotRequired[RowSettings]
    sequence: NotRequired[SequenceSettings]
    window: NotRequired[WindowSettings]
    validate: NotRequired[ValidateSettings]
    preprocessing_fn: NotRequired[str]
    label: NotRequired[list[str]]
    derive: NotRequired[str]


class AnomalyEntry(TypedDict):
    """An anomaly of the input.

    `column` is empty where it is about all rows.
    """

    column: str
    anomaly: str
    details: str


class ExtendedEntry(TypedDict):
    """The tokens of a vocabulary that extends another."""

    kept: Count
    appended: Count


class AppliedEntry(TypedDict):
    """The run that made an applied run's graph."""

    manifest_sha256: Sha256


class Manifest(TypedDict):
    """The whole manifest."""

    format: int
    config: Settings
    named_files: NotRequired[dict[str, Sha256]]
    versions: dict[str, str]
    rows: RowCounts
    groups: NotRequired[GroupsEntry]
    splits: dict[SplitName, SplitEntry]
    rejected: RejectedEntry
    filtered: NotRequired[dict[str, Count]]
    unmatched: NotRequired[dict[str, list[str]]]
    shared_keys: NotRequired[SharedKeysEntry]
    skipped: NotRequired[SkippedEntry]
    input: list[InputEntry]
    columns: ColumnNames
    not_finite: NotRequired[NotFiniteEntry]
    rounded: NotRequired[dict[str, Count]]
    extended: NotRequired[dict[str, ExtendedEntry]]
    anomalies: NotRequired[list[AnomalyEntry]]
    files: list[FileEntry]
    applied: NotRequired[AppliedEntry]
    engine: NotRequired[str]
    metrics: NotRequired[dict[str, Count]]


class _Marked(TypedDict):
    format: int


def decode_manifest(data: bytes, path: str) -> Manifest:
    """Reads a manifest.

    Args:
        data: The file's bytes.
        path: The file's path, for messages.

    Raises:
        DataError: It isn't a manifest, has keys or values that shardmill never writes, or has the
            layout of another version of shardmill.
    """
    manifest: Manifest = decode_json(data, _Marked, path)
    found = manifest["format"]
    if found != FORMAT:
        raise DataError(
            f"{path!r} has format {shown(found)}; this version of shardmill reads format {FORMAT}; run again with this version, or "
            "use the version that wrote it (`versions` in the manifest)"
        )
    check_shape(manifest, Manifest, path)
    _check_splits(manifest, path)
    _check_sharding(manifest, path)
    return manifest


def split_names(settings: Settings) -> tuple[str, ...] | None:
    """Returns the splits that the settings name, in order.

    Returns None where all rows are of one split.
    """
    files = settings["input"]["files"]
    if isinstance(files, dict):
        return tuple(files)
    split = settings.get("split")
    return SplitConfig.of_settings(split).names if split else None


def _check_splits(manifest: Manifest, path: str) -> None:
    """Checks splits against the configuration, and their fractions."""
    settings, splits = manifest["config"], list(manifest["splits"])
    names = list(split_names(settings) or (TRAIN,))
    if sorted(splits) != sorted(names):
        raise wrong(path, "splits", f"the splits of config, {shown(names)}", shown(splits))
    split = settings.get("split")
    if split and "folds" in split and not split["folds"][0] < split["folds"][1] <= MOST_FOLDS:
        raise wrong(path, "config.split.folds", "a fold and the number of folds", shown(split["folds"]))
    if split and "time" in split:
        _check_times(split["time"], path)
    total = sum(split["fractions"].values()) if split and "time" not in split else 1
    if abs(total - 1) > FRACTIONS_TOLERANCE:
        raise wrong(path, "config.split.fractions", "shares that sum to 1", f"a sum of {total:g}")
    for index, entry in enumerate(manifest["input"]):
        name = entry.get("split")
        if (name is not None) != isinstance(settings["input"]["files"], dict) or (name and name not in splits):
            raise wrong(path, f"input[{index}].split", f"what config.input.files says of {shown(splits)}", shown(name))


def _check_times(time: TimeSettings, path: str) -> None:
    """Checks that the ends of splits ascend."""
    until = time["until"]
    ends = TimeSplit(time["column"], tuple(until)).bounds if len(set(map(type, until))) == 1 else ()
    if not ends or None in ends or sorted(set(ends)) != list(ends):
        raise wrong(path, "config.split.time.until", "ascending times or numbers", shown(until))


def _check_sharding(manifest: Manifest, path: str) -> None:
    """Checks that the settings give the number of shards, once.

    `apply` will write as many shards.
    """
    output = manifest["config"]["output"]
    given = [each for each in (output["shards"], output["rows_per_shard"], output["bytes_per_shard"]) if each]
    if len(given) != 1:
        raise wrong(
            path,
            "config.output",
            "one of shards, rows_per_shard and bytes_per_shard",
            shown(given) if given else "none",
        )
    for name, split in manifest["splits"].items():
        if output["shards"] and len(split["shards"]) != output["shards"]:
            expected = f"{output['shards']:,} shards, as config.output.shards says"
            raise wrong(path, f"splits.{name}.shards", expected, f"{len(split['shards']):,}")
