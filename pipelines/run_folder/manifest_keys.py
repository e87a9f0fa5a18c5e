"""The keys of `manifest.json`: declared here for what writes it, what reads it and what checks it.

A run's folder may be a stranger's: `decode_manifest` takes nothing that isn't declared so. A new key is declared here first, as
`NotRequired` where runs that were made before lack it; docs/architecture.md describes it.
"""

import sys
from typing import Annotated, Any, Literal, TypedDict

from msgspec import Meta

from shardmill.schemas.errors import DataError
from shardmill.schemas.json_shapes import (
    AnyPath,
    AtLeastOne,
    Count,
    Crc32c,
    FileName,
    InnerPath,
    Sha256,
    SplitName,
    check_shape,
    decode_json,
    shown,
    wrong,
)
from shardmill.schemas.run_folder import TRAIN

if sys.version_info >= (3, 11):
    from typing import NotRequired
else:
    from typing_extensions import NotRequired

FORMAT = 2
_Fraction = Annotated[float, Meta(ge=0, le=1)]


class FileEntry(TypedDict):
    """A file of the run."""

    file: InnerPath
    bytes: Count
    sha256: Sha256


class ShardEntry(TypedDict):
    """A shard, which stands at the top of the run's folder."""

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
    """All rows."""

    read: Count
    written: Count
    rejected: Count


class RejectedEntry(TypedDict):
    """The rejected rows."""

    rows: Count
    reasons: dict[str, Count]
    files: list[FileEntry]


class InputEntry(TypedDict):
    """A file that was read."""

    path: AnyPath
    bytes: Count
    crc32c: Crc32c
    rows: Count
    split: NotRequired[SplitName]


class CheckedEntry(TypedDict):
    """The signature of the graph that every row has to pass, and the outputs in which it needs a value; labels may be left out."""

    signature: Literal["derive", "transform"]
    required: list[str]
    labels: list[str]


class ColumnNames(TypedDict):
    """The raw columns that were read."""

    read: list[str]
    required: list[str]
    optional: NotRequired[list[str]]
    checked: NotRequired[CheckedEntry]


class NotFiniteEntry(TypedDict):
    """By raw column its infinite cells, and by feature its NaN and infinite values, where there are any."""

    columns: dict[str, Count]
    nan: dict[str, Count]
    infinite: dict[str, Count]


class ColumnSettings(TypedDict):
    """`[input.columns.NAME]`."""

    infinite: Literal["keep", "missing", "reject"] | None


class InputSettings(TypedDict):
    """`[input]`; the dialect is checked as that of a configuration is (`FinishedRun.dialect`)."""

    files: list[str] | dict[SplitName, list[str]]
    dialect: dict[str, Any]
    infinite: NotRequired[Literal["keep", "missing", "reject"]]
    columns: NotRequired[dict[str, ColumnSettings]]
    on_bad_row: Literal["reject", "fail"]
    max_bad_fraction: _Fraction


class SplitSettings(TypedDict):
    """`[split]`."""

    fractions: dict[SplitName, _Fraction]
    key: list[str] | None


class FeatureSettings(TypedDict):
    """A feature that is declared as a table; its other keys are its kind's parameters."""

    kind: str


class OutputSettings(TypedDict):
    """`[output]`."""

    shards: AtLeastOne | None
    rows_per_shard: AtLeastOne | None
    bytes_per_shard: AtLeastOne | None
    shuffle: bool
    seed: Count
    compression: Literal["gzip", "none"]
    level: Annotated[int, Meta(ge=0, le=3)]


class Settings(TypedDict):
    """The configuration, with its defaults."""

    input: InputSettings
    output: OutputSettings
    features: dict[str, str | FeatureSettings]
    split: NotRequired[SplitSettings]
    preprocessing_fn: NotRequired[str]
    label: NotRequired[list[str]]
    derive: NotRequired[str]


class AppliedEntry(TypedDict):
    """Of an applied run: the run that made its graph."""

    manifest_sha256: Sha256


class Manifest(TypedDict):
    """The whole."""

    format: int
    config: Settings
    versions: dict[str, str]
    rows: RowCounts
    splits: dict[SplitName, SplitEntry]
    rejected: RejectedEntry
    input: list[InputEntry]
    columns: ColumnNames
    not_finite: NotRequired[NotFiniteEntry]
    files: list[FileEntry]
    applied: NotRequired[AppliedEntry]
    engine: NotRequired[str]
    metrics: NotRequired[dict[str, Count]]


class _Marked(TypedDict):
    format: int


def decode_manifest(data: bytes, path: str) -> Manifest:
    """Reads a manifest.

    Args:
        data: Its bytes.
        path: Its file, for messages.

    Raises:
        DataError: It isn't one, has keys or values that no run of shardmill's has, or another version of shardmill wrote it in
            another layout.
    """
    manifest: Manifest = decode_json(data, _Marked, path)
    found = manifest["format"]
    if found != FORMAT:
        raise DataError(
            f"{path!r} has format {shown(found)}; this version of shardmill reads format {FORMAT}. Run again with this version, or "
            "use the version that wrote it (`versions` in the manifest)"
        )
    check_shape(manifest, Manifest, path)
    _check_splits(manifest, path)
    _check_sharding(manifest, path)
    return manifest


def split_names(settings: Settings) -> tuple[str, ...] | None:
    """The splits that the settings name, in order; None: all rows are of one split."""
    files = settings["input"]["files"]
    if isinstance(files, dict):
        return tuple(files)
    split = settings.get("split")
    return tuple(split["fractions"]) if split else None


def _check_splits(manifest: Manifest, path: str) -> None:
    """The splits are those of the configuration, and their shares one whole."""
    settings, splits = manifest["config"], list(manifest["splits"])
    names = list(split_names(settings) or (TRAIN,))
    if sorted(splits) != sorted(names):
        raise wrong(path, "splits", f"the splits of config, {shown(names)}", shown(splits))
    split = settings.get("split")
    total = sum(split["fractions"].values()) if split else 1
    if abs(total - 1) > _TOLERANCE:
        raise wrong(path, "config.split.fractions", "shares that sum to 1", f"a sum of {total:g}")
    for place, entry in enumerate(manifest["input"]):
        name = entry.get("split")
        if (name is not None) != isinstance(settings["input"]["files"], dict) or (name and name not in splits):
            raise wrong(path, f"input[{place}].split", f"what config.input.files says of {shown(splits)}", shown(name))


_TOLERANCE = 1e-3


def _check_sharding(manifest: Manifest, path: str) -> None:
    """The settings say in one way how many shards there are, and there are as many: `apply` will write as many."""
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
