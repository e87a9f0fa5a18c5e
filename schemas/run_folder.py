"""The names in a run's folder, for writers and readers."""

MANIFEST = "manifest.json"
# The keys by which a manifest is recognized.
MANIFEST_KEYS = frozenset({"format", "splits", "rows"})
# Written last: a folder without it isn't a finished run.
SUCCESS = "_SUCCESS"
# The raw columns.
METADATA = "metadata"
RAW_SCHEMA = f"{METADATA}/schema.pbtxt"
# The schema that the input was validated by, if any.
EXPECTED_SCHEMA = f"{METADATA}/expected.pbtxt"
# The transform graph: a SavedModel.
TRANSFORM_FN = "transform_fn"
SAVED_MODEL = f"{TRANSFORM_FN}/saved_model.pb"
VOCABULARIES = f"{TRANSFORM_FN}/assets"
# The names of a graph's tensors, below its SavedModel's own folder.
NAMES_FILE = "assets.extra/shardmill.json"
# The features, as TF Transform describes them.
TRANSFORMED_METADATA = "transformed_metadata"
FEATURES_SCHEMA = f"{TRANSFORMED_METADATA}/schema.pbtxt"
ASSET_MAP = f"{TRANSFORMED_METADATA}/asset_map"
# The numbers that features' kinds learned, for people to look at.
LEARNED = f"{TRANSFORMED_METADATA}/learned.json"
RAW_STATISTICS = "pre_transform_feature_stats"
OUTPUT_STATISTICS = "post_transform_feature_stats"
STATISTICS_FILE = "FeatureStats.pb"
# The counts of the tokens of texts, a file for each vocabulary.
TOKEN_COUNTS = f"{RAW_STATISTICS}/token_counts"
REJECTED_FOLDER = "rejected"
REPORT = "report.html"
# The keys of each rejected row, besides the row itself.
REJECT_KEYS = ("file", "line", "column", "reason")
# Part files, and files that are still being written; removed before a run is published.
PARTS_FOLDER = "parts"

# The folders whose files the manifest lists: all but shards and rejected rows, which it counts.
LISTED_FOLDERS = (METADATA, OUTPUT_STATISTICS, RAW_STATISTICS, TRANSFORM_FN, TRANSFORMED_METADATA)

# The split whose rows the statistics come from.
TRAIN = "train"

GZIP_SUFFIX = ".gz"


def shard_name(split: str, shard: int, shards: int, *, compressed: bool) -> str:
    """A shard's file name, e.g. train-00000-of-00008.tfrecord.gz."""
    return f"{split}-{shard:05d}-of-{shards:05d}{shard_suffix(compressed=compressed)}"


def shard_suffix(*, compressed: bool) -> str:
    """The suffix of each shard's file name."""
    return ".tfrecord" + (GZIP_SUFFIX if compressed else "")


def rejected_name(*, compressed: bool) -> str:
    """The path of the rejected rows in a run's folder."""
    return f"{REJECTED_FOLDER}/rejected.jsonl" + (GZIP_SUFFIX if compressed else "")
