"""A run of windows: read by TensorFlow, it has what Keras makes of the same rows."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from shardmill.pipelines.apply import Application, apply
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.choose import choose_engine
from shardmill.pipelines.inspect.code import code_for
from shardmill.pipelines.inspect.inspect import inspect_path
from shardmill.schemas.errors import ConfigError, DataError
from shardmill.transforms.grouping import partitions, row_files, sorted_rows, windows
from tests.support.printed import execute
from tests.support.runs import read_split, run_toml
from tests.support.verified import checks

pytestmark = pytest.mark.usefixtures("shared_tracer")

SIZE, SHIFT, STRIDE, HORIZON = 4, 2, 3, 2
# The rows of a series in which no window fits.
SHORT = 5
TOML = f"""
[input]
files = ["meters-*.csv"]
max_bad_fraction = 0.1
[split]
by = "time"
column = "time"
train_until = "2024-03-01"
[window]
size = {SIZE}
shift = {SHIFT}
stride = {STRIDE}
horizon = {HORIZON}
group_by = ["meter"]
order_by = "time"
forward_fill = ["wind"]
[features]
load = "z_score"
kind = {{ kind = "one_hot", missing = "" }}
place = "string"
wind = {{ kind = "numeric", missing = -1.0 }}
next = {{ kind = "label", column = "load" }}
[output]
shards = 2
"""


def rows_of(meters: range) -> pd.DataFrame:
    """Days of some meters in no order; the last meter has too few for a window, and one row has no time."""
    days = pd.date_range("2024-01-01", periods=90).strftime("%Y-%m-%d")
    generator = np.random.default_rng(meters.start)
    frames = [
        pd.DataFrame({"meter": f"m{meter}", "time": days, "place": [f"{meter}-{day}" for day in range(90)]})
        for meter in meters
    ]
    frames.append(frames[-1][:SHORT].assign(meter=f"short{meters.start}"))
    frame = pd.concat(frames, ignore_index=True)
    frame["load"] = generator.normal(50, 9, len(frame)).round(2)
    frame["wind"] = np.where(generator.random(len(frame)) < 0.4, np.nan, generator.normal(5, 1, len(frame)).round(2))
    frame["kind"] = generator.choice(["a", "b", "c"], len(frame))
    frame.loc[7, "time"] = None
    return frame.sample(frac=1, random_state=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two files, in small files, partitions, runs and batches."""
    folder = tmp_path_factory.mktemp("windows")
    for index in range(2):
        rows_of(range(index * 3, index * 3 + 3)).to_csv(folder / f"meters-{index}.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_files, "_FILE_BYTES", 4000)
        patch.setattr(row_files, "_SECTION_BYTES", 500)
        patch.setattr(partitions, "_PARTITION_BYTES", 3000)
        patch.setattr(sorted_rows, "_RUN_BYTES", 700)
        patch.setattr(sorted_rows, "_BATCH_BYTES", 100)
        patch.setattr(sorted_rows, "_MERGED_BATCHES", 3)
        patch.setattr(windows, "_BATCH_ROWS", 17)
        patch.setattr(windows, "_BATCH_STEPS", 13)
        run_toml(folder, TOML)
    return folder


def series() -> dict[str, list[pd.DataFrame]]:
    """The rows of each split and meter, in order."""
    frame = pd.concat([rows_of(range(index * 3, index * 3 + 3)) for index in range(2)]).dropna(subset=["time"])
    frame["split"] = np.where(frame["time"] < "2024-03-01", "train", "eval")
    ordered = frame.sort_values(["meter", "time"])
    return {
        split: [group.reset_index() for _, group in part.groupby("meter")] for split, part in ordered.groupby("split")
    }


def keras_windows(values: np.ndarray, targets: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """The windows of a series and their labels, by Keras."""
    reach = (SIZE - 1) * STRIDE + HORIZON
    if len(values) <= reach:
        return []
    made = tf.keras.utils.timeseries_dataset_from_array(
        values, targets[reach:], SIZE, sequence_stride=SHIFT, sampling_rate=STRIDE, batch_size=None
    )
    found = [(window.numpy(), float(label)) for window, label in made]
    # Without an end Keras stops where windows and labels both have a value.
    return [(window, label) for window, label in found if len(window) == SIZE]


@pytest.mark.parametrize("split", ["train", "eval"])
def test_windows_are_those_of_keras(folder: Path, split: str) -> None:
    """Those of `timeseries_dataset_from_array` in each series of a split, with statistics of train's rows alone."""
    train = pd.concat(series()["train"])["load"].to_numpy(np.float32).astype(np.float64)
    expected = []
    for group in series()[split]:
        places = np.arange(len(group))
        for inside, last in keras_windows(places, places):
            scaled = (group["load"][inside].to_numpy(np.float64) - train.mean()) / train.std()
            expected.append((tuple(group["place"][inside]), tuple(scaled.round(4)), np.float32(group["load"][last])))
    found = read_split(folder / "run", split)
    assert found["kind"].shape == (len(expected), SIZE, 3)
    stored = [
        (tuple(place.decode() for place in places), tuple(np.asarray(load, np.float64).round(4)), label)
        for places, load, label in zip(found["place"], found["load"], found["next"], strict=True)
    ]
    assert [(places, label) for places, _, label in sorted(stored)] == [
        (places, label) for places, _, label in sorted(expected)
    ]
    np.testing.assert_allclose(
        [load for _, load, _ in sorted(stored)], [load for _, load, _ in sorted(expected)], atol=2e-4
    )


@pytest.mark.parametrize("split", ["train", "eval"])
def test_gaps_are_filled_from_the_rows_before(folder: Path, split: str) -> None:
    """Within a series and a split, as pandas fills them; what comes before the first value is left to the feature's `missing`."""
    expected = {}
    for group in (group for group in series()[split] if len(group) > SHORT):
        expected |= dict(zip(group["place"], group["wind"].ffill().fillna(-1).to_numpy(np.float32), strict=True))
    found = read_split(folder / "run", split)
    places = [place.decode() for place in found["place"].reshape(-1)]
    assert found["wind"].reshape(-1).tolist() == [expected[place] for place in places]
    assert -1 in found["wind"]


def test_filled_cells_are_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The manifest and the summary say how many, by column."""
    filled = sum(
        int((group["wind"].isna() & group["wind"].ffill().notna()).sum())
        for groups in series().values()
        for group in groups
    )
    assert json.loads((folder / "run" / "manifest.json").read_text())["groups"]["filled"] == {"wind": filled}
    inspect_path(str(folder / "run" / "manifest.json"))
    assert f"filled {filled} missing cells of 'wind' from the rows before" in capsys.readouterr().out


def test_every_row_is_accounted_for(folder: Path) -> None:
    """Rows read = written + rejected + dropped: a row in several windows counts once, one in none is dropped."""
    manifest = json.loads((folder / "run" / "manifest.json").read_text())
    used = dict.fromkeys(series(), 0)
    for split, groups in series().items():
        for group in groups:
            places = np.arange(len(group))
            made = keras_windows(places, places)
            used[split] += len({int(place) for inside, last in made for place in (*inside, last)})
    rows = sum(len(group) for groups in series().values() for group in groups)
    assert manifest["rows"] == {"read": rows + 2, "written": sum(used.values()), "rejected": 2}
    assert manifest["groups"]["rows"] == used
    assert manifest["groups"]["dropped"] == {"in no window": rows - sum(used.values())}
    assert manifest["groups"]["records"] == sum(each["rows"] for each in manifest["splits"].values())


def test_statistics_count_each_row_once(folder: Path) -> None:
    """The features' statistics are of the rows in windows, whatever the number of windows that a row is in."""
    from shardmill.schemas.feature_stats import read_statistics

    datasets = read_statistics(str(folder / "run" / "post_transform_feature_stats" / "FeatureStats.pb")).datasets
    manifest = json.loads((folder / "run" / "manifest.json").read_text())
    for dataset in datasets:
        (load,) = [feature for feature in dataset.features if list(feature.path.step) == ["load"]]
        assert load.num_stats.common_stats.num_non_missing == manifest["groups"]["rows"][dataset.name]


def test_a_run_of_windows_is_verified(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`verify` makes all windows again, in other batches than the run; `inspect` shows shapes and counts."""
    found = checks(folder / "run")
    assert [check.problems for check in found.values() if check.problems] == []
    assert "windows of rows made again and compared" in found["rows"].facts
    inspect_path(str(folder / "run"))
    out = " ".join(capsys.readouterr().out.split())
    assert "dropped in no window; windows of rows in" in out
    assert "[4, 3]" in out
    assert "┃ file ┃ records ┃ bytes ┃" in out


def test_new_rows_become_windows(folder: Path, tmp_path: Path) -> None:
    """`apply` makes windows of new rows in the same way, with empty labels where the rows have none."""
    rows_of(range(3)).drop(columns="place").assign(place="x").to_csv(tmp_path / "new.csv", index=False)
    engine = choose_engine(None, (), workers=2)
    application = Application(str(folder / "run"), (str(tmp_path / "new.csv"),), "new")
    apply(application, str(tmp_path / "out"), overwrite=False, engine=engine, progress=Progress(quiet=True))
    frame = rows_of(range(3)).dropna(subset=["time"]).sort_values(["meter", "time"])
    windows_of = [
        len(keras_windows(np.arange(len(group)), np.arange(len(group)))) for _, group in frame.groupby("meter")
    ]
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["splits"]["new"]["rows"] == sum(windows_of)
    assert [check.problems for check in checks(tmp_path / "out").values() if check.problems] == []


def test_printed_code_reads_windows(folder: Path, tmp_path: Path) -> None:
    """Its reader gives windows and labels; there is no model, since serving takes rows."""
    code = code_for(str(folder / "run"))
    assert "No model: a record is a window of rows" in code
    names = execute(code, tmp_path)
    features, label = next(iter(names["dataset"]("eval", 5)))
    assert features["load"].shape == (5, SIZE)
    assert features["kind"].shape == (5, SIZE, 3)
    assert label.shape == (5,)


def test_windows_that_fit_into_no_series_end_the_run(folder: Path, tmp_path: Path) -> None:
    """The message has the split and the numbers of rows; nothing is published."""
    shutil.copy(folder / "meters-0.csv", tmp_path)
    with pytest.raises(DataError, match=r"at least 36 rows in split 'eval', .* received at most 30 in a group"):
        run_toml(tmp_path, TOML.replace(f"size = {SIZE}", "size = 12"))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("shards = 2", "rows_per_shard = 9", r"output: expected shards with \[window\]"),
        ("shards = 2", "shards = 2\nshuffle = false", "output: shuffle = false can't keep the input's order of windows"),
        ("shards = 2", 'shards = 2\nformat = "sequence_example"', r"window: makes tf.train.Examples of fixed shapes"),
        ("size = 4", "", r"window: expected size, the rows of a window"),
        ("size = 4", "size = 0", r"window.size: expected a whole number of at least 1, received 0"),
        ("size = 4", "size = 4\ndrop_remainder = false", r"window.drop_remainder: unknown key"),
        ('order_by = "time"', "", r"window: expected order_by, the column by which rows are ordered"),
        ('order_by = "time"', 'order_by = "tim"', r"window\.order_by: there is no column 'tim'; did you mean 'time'"),
        ('["meter"]', '["load"]', r"window\.group_by: expected columns of type BYTES or INT, received 'load'"),
        ('by = "time"\ncolumn = "time"\ntrain_until = "2024-03-01"', 'train = 0.5\neval = 0.5\nkey = ["place"]',
         r"split\.key: expected columns of \[window\] group_by, since a group"),
        ('by = "time"\ncolumn = "time"\ntrain_until = "2024-03-01"', "train = 0.5\neval = 0.5",
         r"split: expected by = \"time\", since rows that a hash picks are no series"),
        ("horizon = 2", "horizon = 0", r"horizon: expected at least 1, since feature 'load' is made of column 'load', as label 'next'"),
        ('["wind"]', '["wnd"]', r"window\.forward_fill: there is no column 'wnd'; did you mean 'wind'"),
        ('["wind"]', '["load"]', r"forward_fill: expected columns whose rows stay .* received 'load', which label 'next' needs"),
        ("missing = -1.0", 'missing = "reject"', r"forward_fill: .* received 'wind', which feature 'wind' needs in every row"),
        ("missing = -1.0", 'missing = "forward_fill"', r"received 'forward_fill'; name the column in forward_fill of \[window\]"),
        ('place = "string"', 'place = "tokens"', r"\[window\]: expected features of a fixed length, .* received 'place'"),
    ],
)  # fmt: skip
def test_settings_that_do_not_fit_are_told(folder: Path, before: str, after: str, message: str) -> None:
    """Before any row is read for features, the message says what is wrong and what to do."""
    toml = TOML.replace(before, after)
    if "hash picks" in message:
        toml = toml.replace('group_by = ["meter"]', "")
    with pytest.raises(ConfigError, match=message):
        run_toml(folder, toml, name="wrong")
