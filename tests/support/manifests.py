"""A manifest as a run writes it, for tests that need no run."""

from typing import Any


def manifest(**changes: Any) -> dict[str, Any]:
    """A manifest of two splits and one rejected row, with some keys of its own."""
    shard = {"sha256": "ab" * 32, "bytes": 2048, "rows": 90, "file": "train-00000-of-00001.tfrecord.gz"}
    eval_shard = {"sha256": "cd" * 32, "bytes": 70, "rows": 10, "file": "eval-00000-of-00001.tfrecord.gz"}
    made: dict[str, Any] = {
        "format": 2,
        "config": {
            "input": {
                "files": ["flights.csv"],
                "dialect": {"delimiter": ",", "quote": '"', "null_values": [""], "columns": None},
                "on_bad_row": "reject",
                "max_bad_fraction": 0.01,
            },
            "output": {
                "shards": 1,
                "rows_per_shard": None,
                "bytes_per_shard": None,
                "shuffle": True,
                "seed": 0,
                "compression": "gzip",
                "level": 3,
            },
            "split": {"fractions": {"train": 0.9, "eval": 0.1}, "key": None},
            "features": {"dep_delay": "z_score", "carrier": {"kind": "vocabulary"}},
        },
        "versions": {"shardmill": "0.1.0"},
        "rows": {"read": 101, "written": 100, "rejected": 1},
        "splits": {
            "train": {"rows": 90, "bytes": 2048, "shards": [shard]},
            "eval": {"rows": 10, "bytes": 70, "shards": [eval_shard]},
        },
        "rejected": {"rows": 1, "reasons": {"dep_delay: expected a number": 1}, "files": []},
        "input": [{"path": "flights.csv", "bytes": 9000, "crc32c": "0a1b2c3d", "rows": 101}],
        "columns": {"read": ["carrier", "dep_delay"], "required": ["dep_delay"]},
        "files": [{"file": "metadata/schema.pbtxt", "bytes": 100, "sha256": "ef" * 32}],
    }
    return made | changes
