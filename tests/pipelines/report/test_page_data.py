"""The data that the page draws: small, also for thousands of columns."""

from shardmill.pipelines.page.render_page import embedded
from shardmill.pipelines.page.shown_statistics import ColumnStatistics
from shardmill.pipelines.report.column_entries import Entry, Output
from shardmill.pipelines.report.page_data import page_data
from shardmill.pipelines.report.sample.label_relation import Bucket, Relation
from shardmill.pipelines.report.sample.vocabulary_coverage import Vocabulary

SPLITS = ("train", "eval", "test")


def statistics(value: float) -> ColumnStatistics:
    """A numeric column's statistics with many digits."""
    bars = tuple((value * index, value * (index + 1), value / (index + 1)) for index in range(20))
    return ColumnStatistics(
        rows=10**9,
        missing=10**6,
        is_number=True,
        mean=value,
        deviation=value / 3,
        least=-value,
        greatest=value,
        bars=bars,
    )


def entry(index: int) -> Entry:
    """A column with a feature, both in three splits."""
    found = {split: statistics(index + 1 / 3) for split in SPLITS}
    buckets = tuple(Bucket(each / 3, each / 3 + 0.3, 1000, each / 7) for each in range(10))
    output = Output(
        name=f"column_{index}",
        feature=f"column_{index}",
        kind="z_score",
        dtype="float32",
        shape=(),
        is_categorical=False,
        statistics=found,
        relation=Relation(1 / 3, buckets),
    )
    return Entry(name=f"column_{index}", is_raw=True, dtype="FLOAT", statistics=found, outputs=(output,))


def test_two_thousand_columns_stay_small() -> None:
    """Each takes some 5 kB with its feature and the histograms of three splits: 20 MB would be too much for a page."""
    text = str(embedded(page_data([entry(index) for index in range(2000)], SPLITS, None, {})))
    assert len(text) < 12_000_000


def test_ids_have_no_mean() -> None:
    """A mean of ids says nothing; the tokens of the lowest ids do."""
    found = ColumnStatistics(rows=3, missing=0, is_number=True, mean=1.0, deviation=1.0, least=0.0, greatest=2.0)
    output = Output(
        name="x",
        feature="x",
        kind="vocabulary",
        dtype="int64",
        shape=(),
        is_categorical=True,
        ids=9,
        statistics={"train": found},
        relation=Relation(0.5, (Bucket(0, 0, 2, 1.0), Bucket(7, 7, 1, 0.0))),
    )
    data = page_data(
        [Entry(name="x", is_raw=False, dtype="int64", outputs=(output,))],
        ["train"],
        None,
        {"x": Vocabulary(2, ("a", "b"))},
    )
    made = data["columns"][0]["outputs"][0]
    assert made["splits"]["train"] == {"rows": 3, "missing": 0, "min": 0, "max": 2}
    assert made["tokens"] == [2, ["a", "b"]]
    assert made["embedding"] == [9, 5]
    assert [bucket[0] for bucket in made["buckets"]] == ["a", "7"]


def test_what_json_lacks_is_text() -> None:
    """Infinite limits of a column stay readable."""
    found = ColumnStatistics(rows=1, missing=0, is_number=True, mean=0.0, least=float("-inf"), greatest=float("inf"))
    data = page_data([Entry(name="x", is_raw=True, dtype="FLOAT", statistics={"train": found})], ["train"], None, {})
    assert data["columns"][0]["splits"]["train"]["max"] == "∞"
