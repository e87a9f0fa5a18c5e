"""Rows' ids."""

from pathlib import Path

import pytest
import tensorflow as tf

from shardmill.schemas.errors import ConfigError
from shardmill.transforms.features.registry import parse_features
from tests.support.kinds import run, schema_of

S = schema_of(ride="bytes", leg="int")


def test_ids_depend_on_the_key_alone(tmp_path: Path) -> None:
    """They are the fingerprint of the joined cells, wherever the row stands; other keys have other ids."""
    count = 5000
    rows = {"ride": [f"r{row // 3}" for row in range(count)], "leg": [row % 3 for row in range(count)]}
    table = {"id": {"kind": "row_id", "columns": ["ride", "leg"]}, "ride": "row_id"}
    out = run(table, S, rows, tmp_path)
    keys = [f"{ride}\x1f{leg}" for ride, leg in zip(rows["ride"], rows["leg"], strict=True)]
    assert out["id"].tolist() == tf.strings.to_hash_bucket_fast(keys, 2**63 - 1).numpy().tolist()
    assert len(set(out["id"].tolist())) == count
    assert len(set(out["ride"].tolist())) == len(set(rows["ride"]))
    folder = tmp_path / "moved"
    folder.mkdir()
    moved = {name: cells[100:] for name, cells in rows.items()}
    assert run(table, S, moved, folder)["id"].tolist() == out["id"][100:].tolist()


def test_a_row_without_its_key_is_rejected() -> None:
    """A missing cell of any of the columns; there is no other rule."""
    (kind,) = parse_features({"id": {"kind": "row_id", "columns": ["ride", "leg"]}}, S)
    assert kind.required_columns(S) == ("ride", "leg")
    with pytest.raises(ConfigError, match='expected `missing` to be "reject", received 0'):
        parse_features({"id": {"kind": "row_id", "column": "ride", "missing": 0}}, S)
