"""Infinite numbers in columns of floats, from the CSV to the shards and to serving."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.verify.verify import verify
from shardmill.schemas.errors import ConfigError
from tests.support.runs import read_rejected, read_split, run_toml

pytestmark = pytest.mark.usefixtures("shared_tracer")

RATES = ["1.5", "inf", "2.5", "-inf", "3.5", "", "inf"]
TOML = """
derive = "mine.py:derive"
[input]
files = ["rows.csv"]
max_bad_fraction = 1
infinite = "missing"
[input.columns.other]
infinite = "reject"
[input.columns.kept]
infinite = "keep"
[features]
rate = { kind = "z_score", indicator = true }
half = { kind = "numeric", missing = -1 }
other = "numeric"
kept = "z_score"
[output]
shards = 1
shuffle = false
"""


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a few rates, one of them in a column whose infinite cells are rejected."""
    folder = tmp_path_factory.mktemp("infinite")
    rows = [f"{rate},{'inf' if at == 4 else at + 0.5},{'inf' if at == 2 else at}.0" for at, rate in enumerate(RATES)]
    (folder / "rows.csv").write_text("rate,other,kept\n" + "\n".join(rows).replace("inf.0", "inf") + "\n")
    (folder / "mine.py").write_text('def derive(inputs):\n    return {"half": inputs["rate"] / 2}\n')
    return run_toml(folder, TOML)


def test_infinite_numbers_are_missing_where_that_is_said(run_dir: Path) -> None:
    """To statistics, fillings, indicators and derived columns; another column rejects its row, a third keeps its value."""
    found = read_split(run_dir)
    np.testing.assert_allclose(found["rate"], [-1, 0, 1, 0, 0, 0], atol=1e-6)
    assert found["rate_missing"].tolist() == [0, 1, 0, 1, 1, 1]
    assert found["half"].tolist() == [0.75, -1, 1.25, -1, -1, -1]
    assert np.isinf(found["kept"]).tolist() == [False, False, True, False, False, False]
    (rejected,) = read_rejected(run_dir)
    assert (rejected["line"], rejected["column"]) == (6, "other")
    assert rejected["reason"] == "expected a finite number, found 'inf'"


def test_infinite_numbers_are_counted(run_dir: Path) -> None:
    """By column, and by feature what is left of them; and the run verifies."""
    manifest = json.loads((run_dir / "manifest.json").read_text())
    assert manifest["not_finite"] == {
        "columns": {"kept": 1, "other": 1, "rate": 3},
        "nan": {},
        "infinite": {"kept": 1},
    }
    checks = verify(str(run_dir), None, 1, Progress(quiet=True))
    assert [problem for check in checks for problem in check.problems] == []


@pytest.mark.parametrize("signature", ["serving_default", "transform_fn"])
def test_serving_takes_infinite_numbers_as_the_run_did(run_dir: Path, signature: str) -> None:
    """Whoever asks may compute a rate by itself."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(run_dir / "transform_fn"))

    def answer(rate: float) -> dict[str, Any]:
        values = {"rate": tf.constant([rate]), "other": tf.constant([1.0]), "kept": tf.constant([1.0])}
        if signature == "serving_default":
            served = loaded.signatures[signature](**values)
        else:
            sparse = {"rate": tf.sparse.from_dense(tf.expand_dims(values["rate"], 1))}
            served = loaded.transform_fn({**values, **sparse})
        return {name: value.numpy().tolist() for name, value in served.items()}

    found = answer(float("inf"))
    assert found == answer(float("nan"))
    assert (found["rate"], found["rate_missing"], found["half"]) == ([0], [1], [-1])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("kind", r"config.toml:3: input.columns.kind: there is no column 'kind'"),
        ("word", "config.toml:4: input.columns.word.infinite: is for numbers, but column 'word' is text"),
    ],
)
def test_settings_are_of_columns_of_numbers(tmp_path: Path, name: str, message: str) -> None:
    """A name that is no column, and one of text, are mistakes."""
    (tmp_path / "rows.csv").write_text("rate,word\n1.5,a\n")
    text = (
        f'[input]\nfiles = ["rows.csv"]\n[input.columns.{name}]\ninfinite = "missing"\n[features]\nrate = "z_score"\n'
    )
    with pytest.raises(ConfigError, match=message):
        run_toml(tmp_path, text, name="config")
