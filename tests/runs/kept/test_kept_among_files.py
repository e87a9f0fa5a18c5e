"""Runs whose rows depend on those of other files: what is kept of a unit counts while that is the same, too."""

import json
import random
from pathlib import Path

import pytest

from shardmill.pipelines.job import run_job
from shardmill.schemas.errors import OutputError
from tests.support.runs import files_of, run

pytestmark = pytest.mark.usefixtures("shared_tracer")

ROWS = 300
INPUT = """
[input]
files = ["day-*.csv"]
schema = "schema.pbtxt"
max_bad_fraction = 0.9
"""
SCHEMA = """
feature { name: "id" type: BYTES }
feature { name: "shop" type: BYTES }
feature { name: "time" type: INT }
feature { name: "x" type: FLOAT }
"""
FEATURES = """
[features]
x = { kind = "robust", missing = "median" }
shop = { kind = "vocabulary", num_oov_buckets = 1 }
"""
# Rows that repeat those of other days, and shops whose rows are in several splits.
RELATED = f"""
{INPUT}
[rows]
dedup = ["id"]
[split]
by = "time"
column = "time"
train_until = 500
key = ["shop"]
{FEATURES}"""
WINDOWS = f"""
{INPUT}
[split]
by = "time"
column = "time"
train_until = 500
[window]
size = 3
group_by = ["shop"]
order_by = "time"
{FEATURES}"""
FUNCTION = f"""
preprocessing_fn = "mine.py:preprocess"
{INPUT}
"""
MINE = """
import tensorflow_transform as tft

def preprocess(inputs):
    x = tft.sparse_tensor_to_dense_with_shape(inputs["x"], [None, 1], default_value=0.0)
    return {"x": tft.scale_to_z_score(x)}
"""


def _write(folder: Path, toml: str, days: tuple[int, ...]) -> None:
    """Writes a configuration with a cache and one without, and the days' files."""
    (folder / "plain.toml").write_text(toml)
    (folder / "cached.toml").write_text(f'{toml}[analysis]\ncache = "cache"\n')
    (folder / "schema.pbtxt").write_text(SCHEMA)
    (folder / "mine.py").write_text(MINE)
    for day in days:
        _day(folder, day)


def _day(folder: Path, day: int) -> None:
    """A day's rows, some bad; those of days 1 and 3 have ids in common, and some have none."""
    draw = random.Random(day)
    first = {1: 200, 2: 1000, 3: 0}[day]
    lines = [
        f"{'' if row % 20 == 5 and day != 2 else first + row % 280},shop {draw.randrange(9)},{3 * row + day},"
        f"{'bad' if row % 70 == 3 else draw.gauss(0, 1)}\n"
        for row in range(ROWS)
    ]
    (folder / f"day-{day}.csv").write_text("id,shop,time,x\n" + "".join(lines))


def _metric(run_dir: Path, name: str) -> int:
    """A metric of a run, 0 if there is none."""
    return int(json.loads((run_dir / "manifest.json").read_text())["metrics"].get(name, 0))


def _stopped_and_resumed(folder: Path) -> Path:
    """A run that is stopped once all but its publication is done, and one that goes on from it."""

    def stop(*_: object, **__: object) -> None:
        raise OutputError("stopped")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_job, "publish", stop)
        with pytest.raises(OutputError, match="stopped"):
            run(folder / "plain.toml", folder / "resumed", resume=True)
    run(folder / "plain.toml", folder / "resumed", resume=True)
    return folder / "resumed"


def test_rows_that_depend_on_other_files_are_kept_while_these_are_alike(tmp_path: Path) -> None:
    """A new day's rows are repeated by a later day's, which is analyzed again; a day without such rows isn't."""
    _write(tmp_path, RELATED, (2, 3))
    run(tmp_path / "cached.toml", tmp_path / "yesterday")
    _day(tmp_path, 1)
    run(tmp_path / "plain.toml", tmp_path / "full")
    run(tmp_path / "cached.toml", tmp_path / "today")
    assert _metric(tmp_path / "today", "rows-kept") == ROWS
    assert files_of(tmp_path / "today") == files_of(tmp_path / "full")
    manifest = json.loads((tmp_path / "today" / "manifest.json").read_text())
    assert manifest["filtered"]["dedup"] > 0
    assert manifest["shared_keys"]["shared"]


def test_a_run_with_rows_that_depend_on_other_files_goes_on(tmp_path: Path) -> None:
    """All findings and parts are taken, though the lists of repeated rows are made anew."""
    _write(tmp_path, RELATED, (1, 3))
    run(tmp_path / "plain.toml", tmp_path / "full")
    resumed = _stopped_and_resumed(tmp_path)
    written = json.loads((resumed / "manifest.json").read_text())["rows"]["written"]
    assert (_metric(resumed, "rows-kept"), _metric(resumed, "rows-resumed")) == (2 * ROWS, written)
    assert files_of(resumed) == files_of(tmp_path / "full")


def test_a_run_of_windows_goes_on_after_its_analysis(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Findings are taken; windows, which have rows of several files, are made anew. A folder of another machine is named."""
    _write(tmp_path, WINDOWS, (1, 2))
    left = tmp_path / "full.incomplete-elsewhere-12-0123abcd"
    left.mkdir()
    run(tmp_path / "plain.toml", tmp_path / "full")
    assert f"killed may have left {str(left)!r}; if none is at work there, remove it\n" in capfd.readouterr().err
    resumed = _stopped_and_resumed(tmp_path)
    assert (_metric(resumed, "rows-kept"), _metric(resumed, "rows-resumed")) == (2 * ROWS, 0)
    assert files_of(resumed) == files_of(tmp_path / "full")


def test_a_run_of_a_function_goes_on(tmp_path: Path) -> None:
    """Counts, statistics and parts are taken; TF Transform analyzes anew, and its graph is the same."""
    pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")
    _write(tmp_path, FUNCTION, (1, 2))
    run(tmp_path / "plain.toml", tmp_path / "full")
    resumed = _stopped_and_resumed(tmp_path)
    written = json.loads((resumed / "manifest.json").read_text())["rows"]["written"]
    assert (_metric(resumed, "rows-kept"), _metric(resumed, "rows-resumed")) == (2 * ROWS, written)
    assert files_of(resumed) == files_of(tmp_path / "full")
