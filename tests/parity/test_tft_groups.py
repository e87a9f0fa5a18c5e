"""TF Transform as the oracle of what is scaled by key."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.parity.oracle import run_ours, run_tf_transform

tft = pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")


def test_scores_by_key_are_tf_transforms(tmp_path: Path) -> None:
    """As far as its float32 sums can tell; a key of one value, a constant one, and rows without a key are groups too."""
    random = np.random.default_rng(0)
    keys = [*random.choice(["a", "b", "größe", ""], 60), "once", "same", "same"]
    numbers = [*random.normal(3, 7, 60), 5, 4, 4]
    columns = {"x": pa.array(np.array(numbers, np.float32)), "k": pa.array([str(key) for key in keys])}
    theirs = run_tf_transform(columns, lambda inputs: {"x": tft.scale_to_z_score_per_key(inputs["x"], inputs["k"])})
    ours = run_ours(columns, {"x": {"kind": "group_z_score", "key": "k"}}, tmp_path)
    np.testing.assert_allclose(ours.outputs["x"], theirs.outputs["x"].to_numpy(), rtol=1e-5, atol=1e-6)
    assert ours.outputs["x"][-3:].tolist() == [0, 0, 0]
