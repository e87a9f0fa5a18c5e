"""Dates as people's files have them: `init`, then `run` on what it wrote, read back with TensorFlow."""

import csv
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from shardmill.pipelines.config.table import read_toml
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.init.init import init
from shardmill.transforms.kinds.dates.date_kind import parts_of
from shardmill.transforms.kinds.dates.date_text import parse_format
from shardmill.transforms.rows.splits import ShardRule
from tests.support.csv.strptime import COMMON, read, write
from tests.support.runs import read_split, run

pytestmark = pytest.mark.usefixtures("shared_tracer")

LAYOUTS = (*COMMON[:21], "%Y%m%d")
ROWS = 500


def test_each_format_is_recognized_and_read(tmp_path: Path) -> None:
    """A starter runs unedited; a column's parts are those that `strptime` reads, in UTC; a bad cell is missing.

    The graph that serves gives the same for the raw texts.
    """
    import tensorflow as tf

    zones = [timezone.utc, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))]
    moments = [
        datetime(1999, 1, 1, 0, 7, 9, 250_000, zones[row % 3]) + timedelta(hours=277.77 * row) for row in range(ROWS)
    ]
    columns = {f"c{number}": [write(moment, layout) for moment in moments] for number, layout in enumerate(LAYOUTS)}
    columns["c0"][3] = ""
    with (tmp_path / "dates.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    starter = init([str(tmp_path / "dates.csv")], str(tmp_path / "p.toml"), Progress(quiet=True))
    run(tmp_path / "p.toml", tmp_path / "run")

    features = read_toml(str(tmp_path / "p.toml"))["features"]
    assert [features[name]["format"] for name in columns] == list(LAYOUTS)
    assert {str(each).split(" (")[0] for each in starter.decisions if "dates as" in each.reason} >= {
        "column 'c0': datetime"
    }
    order = np.argsort(ShardRule(shards=8, seed=0).assign(0, ROWS, ROWS), kind="stable")
    found = read_split(tmp_path / "run")
    served = tf.saved_model.load(str(tmp_path / "run" / "transform_fn")).signatures["serving_default"](
        **{name: tf.constant(np.array(cells, np.int64) if name == "c21" else cells) for name, cells in columns.items()}
    )
    for (name, cells), layout in zip(columns.items(), LAYOUTS, strict=True):
        for part in features[name]["parts"]:
            assert part in parts_of(parse_format(layout))
            moments_read = [read(cell, layout) for cell in cells]
            values = [-1 if each is None else _part(each, part) for each in moments_read]
            np.testing.assert_array_equal(found[f"{name}_{part}"], np.array(values)[order], err_msg=f"{layout} {part}")
            np.testing.assert_array_equal(served[f"{name}_{part}"].numpy().ravel(), values, err_msg=f"{layout} {part}")


def _part(moment: datetime, part: str) -> int:
    return moment.weekday() if part == "weekday" else int(getattr(moment, part))
