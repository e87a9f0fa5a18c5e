"""TF Transform as the oracle: the same columns of real data through its pipeline and through ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tests.parity.oracle import Theirs, cast_cells, run_tf_transform
from tests.support.runs import flights_csv, read_split, run_toml

pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")
pytestmark = pytest.mark.usefixtures("shared_tracer")

BUCKETS = 10


@dataclass(frozen=True)
class Table:
    """A data set: its CSV with a header, and the columns to compare."""

    path: Path
    numbers: tuple[str, ...]
    integers: tuple[str, ...]
    texts: tuple[str, ...]

    @property
    def frame(self) -> pd.DataFrame:
        """The text of all columns, NaN where missing."""
        return pd.read_csv(self.path, dtype=str, keep_default_na=False, na_values=["", "NA", "?"])


def _housing(shared: Path, _: Path) -> Table:
    path = shared / "california_housing" / "housing.csv"
    return Table(path, ("median_income", "longitude"), ("total_bedrooms", "population"), ("ocean_proximity",))


def _census(shared: Path, folder: Path) -> Table:
    names = ["age", "workclass", "fnlwgt", "education", "years", "marital", "occupation", "relation", "race", "sex"]
    names += ["gain", "loss", "hours", "country", "income"]
    frame = pd.read_csv(shared / "census_income" / "adult.data.gz", names=names, dtype=str, skipinitialspace=True)
    frame.to_csv(folder / "census.csv", index=False)
    return Table(
        folder / "census.csv",
        (),
        ("age", "fnlwgt", "gain", "hours"),
        ("workclass", "education", "occupation", "country"),
    )


def _flights(_: Path, folder: Path) -> Table:
    return Table(flights_csv(folder), (), ("dep_delay", "arr_delay", "distance"), ("carrier", "tailnum", "dest"))


@pytest.mark.parametrize("prepare", [_housing, _census, _flights])
def test_outputs_are_tf_transforms(prepare: Any, shared_data: Path, tmp_path: Path) -> None:
    """z-score, min-max, bucketize and vocabulary give TF Transform's outputs, row by row, and its vocabularies, line by line."""
    table = prepare(shared_data, tmp_path)
    run_dir = run_toml(tmp_path, _toml(table))
    ours = read_split(run_dir)
    theirs = _tf_transform(table)
    for name, values in theirs.outputs.items():
        present = values.is_valid().to_numpy(zero_copy_only=False)
        wanted = values.drop_null().to_numpy(zero_copy_only=False)
        if wanted.dtype == np.float32:
            # TF Transform adds up in float32: its mean may be the float32 next to the true one.
            np.testing.assert_allclose(ours[name][present], wanted, rtol=1e-5, atol=1e-5, err_msg=name)
        else:
            np.testing.assert_array_equal(ours[name][present], wanted, err_msg=name)
    for column, tokens in theirs.vocabularies.items():
        assert (run_dir / "transform_fn" / "assets" / f"{column}-vocabulary").read_bytes() == tokens


def _toml(table: Table) -> str:
    lines = [f'[input]\nfiles = ["{table.path}"]\nnull_values = ["", "NA", "?"]\n[output]\nshuffle = false\n[features]']
    for name in (*table.numbers, *table.integers):
        lines.append(f'{name}-z_score = {{ kind = "z_score", column = "{name}" }}')
        lines.append(f'{name}-min_max = {{ kind = "min_max", column = "{name}" }}')
        lines.append(f'{name}-bucketize = {{ kind = "bucketize", column = "{name}", num_buckets = {BUCKETS} }}')
    lines += [
        f'{name}-vocabulary = {{ kind = "vocabulary", column = "{name}", num_oov_buckets = 1 }}' for name in table.texts
    ]
    return "\n".join(lines)


def _tf_transform(table: Table) -> Theirs:
    """TF Transform's outputs, each where there is a value, and its vocabulary files."""
    import tensorflow_transform as tft

    def preprocessing_fn(inputs: Mapping[str, Any]) -> dict[str, Any]:
        outputs = {}
        for name in (*table.numbers, *table.integers):
            outputs[f"{name}-z_score"] = tft.scale_to_z_score(inputs[name])
            outputs[f"{name}-min_max"] = tft.scale_by_min_max(inputs[name])
            # So small an epsilon makes TF Transform's quantiles exact on data of this size.
            outputs[f"{name}-bucketize"] = tft.bucketize(inputs[name], BUCKETS, epsilon=1e-7)
        for name in table.texts:
            outputs[f"{name}-vocabulary"] = tft.compute_and_apply_vocabulary(
                inputs[name], num_oov_buckets=1, vocab_filename=name
            )
        return outputs

    types = {
        **dict.fromkeys(table.numbers, pa.float32()),
        **dict.fromkeys(table.integers, pa.int64()),
        **dict.fromkeys(table.texts, pa.string()),
    }
    frame = table.frame
    columns = {
        name: cast_cells(pa.array(frame[name].to_numpy(object), pa.string(), from_pandas=True), kind)
        for name, kind in types.items()
    }
    return run_tf_transform(columns, preprocessing_fn, table.texts)
