"""Runs that keep fewer rows of some values in `train`, and write the weights that make up for it."""

import html
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.pipelines.cli.test_commands import call_here
from tests.pipelines.test_apply import apply
from tests.support.runs import read_split, run_toml
from tests.support.verified import problems

pytestmark = pytest.mark.usefixtures("shared_tracer")

_ROWS = 600
_INPUT = '[input]\nfiles = "*.csv"\nmax_bad_fraction = 0.1\n[split]\ntrain = 0.5\neval = 0.5\nkey = ["id"]\n'
_DOWNSAMPLED = f"""{_INPUT}
[rows]
downsample = {{ column = "y", keep = {{ "no" = 0.25, "No" = 0.5 }} }}
[features]
x = "numeric"
z = {{ kind = "z_score", column = "x" }}
y = "class_label"
[output]
shards = 2
"""


def _csv() -> str:
    """A rare and a frequent class, one row without, one bad row; integers that tell the rows."""
    rows = [
        f"{row},{'bad' if row == 7 else row},{'yes' if row % 5 == 0 else 'no'},{1 + row % 3}" for row in range(_ROWS)
    ]
    return "id,x,y,w\n" + "\n".join(rows) + "\n"


@pytest.fixture(scope="module")
def downsampled(tmp_path_factory: pytest.TempPathFactory, shared_tracer: None) -> Path:
    """A run that keeps a quarter of the frequent class."""
    folder = tmp_path_factory.mktemp("downsampled")
    (folder / "a.csv").write_text(_csv())
    return run_toml(folder, _DOWNSAMPLED)


def test_train_has_fewer_rows_of_the_class_and_eval_has_all(downsampled: Path) -> None:
    """Weights of 4 make up for it in train, those of other rows are 1; every row is accounted for, and `verify` agrees."""
    train, evaluated = (read_split(downsampled, split) for split in ("train", "eval"))
    frequent = train["y"] == 0
    assert set(train["weight"][frequent].tolist()) == {4.0}
    assert set(train["weight"][~frequent].tolist()) == {1.0}
    assert set(evaluated["weight"].tolist()) == {1.0}
    assert train["weight"].dtype == np.float32
    manifest = json.loads((downsampled / "manifest.json").read_text())
    rows = manifest["rows"]
    assert rows["read"] == rows["written"] + rows["rejected"] + rows["filtered"] == _ROWS
    assert (rows["rejected"], rows["filtered"]) == (1, manifest["filtered"]["downsample"])
    assert abs(frequent.sum() - (frequent.sum() + rows["filtered"]) / 4) < 25
    written = {int(x) for split in (train, evaluated) for x in split["x"]}
    assert {row for row in range(_ROWS) if row % 5 == 0} <= written
    assert np.mean(train["z"]) == pytest.approx(0, abs=1e-6)
    assert problems(downsampled) == {}


def test_a_value_that_no_row_has_is_told(
    downsampled: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the summary, the report and the manifest: it may be misspelled."""
    assert json.loads((downsampled / "manifest.json").read_text())["unmatched"] == {"downsample": ["No"]}
    _, out, _ = call_here(monkeypatch, capsys, "inspect", str(downsampled))
    assert "no row has 'No', of which [rows] downsample keeps a share; check the spelling" in out
    assert "No row has 'No'" in html.unescape((downsampled / "report.html").read_text())


def test_weights_are_written_but_not_asked_for_in_serving(downsampled: Path) -> None:
    """The serving signature neither takes nor gives them."""
    signature = tf.saved_model.load(str(downsampled / "transform_fn")).signatures["serving_default"]
    assert set(signature.structured_input_signature[1]) == {"x"}
    assert set(signature.structured_outputs) == {"x", "z"}


def test_new_rows_are_all_written_and_weigh_the_same(downsampled: Path, tmp_path: Path) -> None:
    """In `apply`, even in a split called train."""
    (tmp_path / "new.csv").write_text(_csv())
    applied = apply(downsampled, [tmp_path / "new.csv"], tmp_path / "out", split="train")
    assert applied.manifest["rows"] == {"read": _ROWS, "written": _ROWS - 1, "rejected": 1}
    assert set(read_split(tmp_path / "out", "train")["weight"].tolist()) == {1.0}
    assert problems(tmp_path / "out") == {}


def test_printed_code_and_dry_run_tell_of_the_weights(
    downsampled: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The model that `inspect --code` prints is fitted with them; a dry run says which rows it would keep."""
    monkeypatch.chdir(downsampled.parent)
    _, out, _ = call_here(monkeypatch, capsys, "inspect", "run", "--code")
    assert 'weight = features.pop("weight")' in out
    _, out, _ = call_here(monkeypatch, capsys, "run", "run.toml", "--output", "dry", "--dry-run")
    assert "rows: in train 0.25 of 'no', 0.5 of 'No' by 'y', with weights in 'weight'" in out


def test_given_weights_are_multiplied(downsampled: Path) -> None:
    """Where a feature of kind `weight` is named; several values may have shares."""
    toml = _DOWNSAMPLED.replace('"no" = 0.25, "No" = 0.5 }', '"no" = 0.5, "yes" = 0.8 }, weight = "w"').replace(
        'y = "class_label"', 'y = "class_label"\nw = "weight"'
    )
    train = read_split(run_toml(downsampled.parent, toml, name="multiplied"), "train")
    numbers = train["x"].astype(np.int64)
    factors = np.where(numbers % 5 == 0, np.float32(1.25), np.float32(2))
    assert (train["w"] == (1 + numbers % 3) * factors).all()
    assert set(factors.tolist()) == {1.25, 2.0}
    assert problems(downsampled.parent / "multiplied") == {}
