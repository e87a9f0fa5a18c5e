"""How features relate to the label."""

import numpy as np
import pyarrow as pa
import pytest

from shardmill.pipelines.report.sample.label_relation import LEAST_ROWS, label_of, relate

RANDOM = np.random.default_rng(0)
ROWS = 4000
AMOUNTS = RANDOM.normal(size=ROWS)


def test_a_label_of_few_integers_has_classes() -> None:
    """Of two classes the second is shown; of more, the most frequent."""
    two = label_of("y", np.array([0, 1, 1, 0]))
    assert two is not None
    assert (two.class_name, two.targets.shape) == ("1", (4, 2))
    three = label_of("y", pa.array([b"a", b"c", b"c", b"b"], pa.large_binary()))
    assert three is not None
    assert (three.class_name, three.targets[:, three.shown].tolist()) == ("c", [0, 1, 1, 0])


def test_a_label_of_many_values_is_an_amount() -> None:
    """Its mean is what buckets show."""
    label = label_of("y", AMOUNTS)
    assert label is not None
    assert (label.class_name, label.targets.shape) == (None, (ROWS, 1))


@pytest.mark.parametrize(
    "values",
    [
        np.zeros(5),
        np.array([1.5, np.nan, 2.0]),
        pa.array([str(each).encode() for each in range(30)], pa.large_binary()),
    ],
)
def test_some_labels_cant_be_related_to(values: np.ndarray) -> None:
    """Those that are constant, not finite, or texts of many kinds."""
    assert label_of("y", values) is None


def test_a_copy_of_the_label_tells_all_of_it() -> None:
    """And so does any monotone function of it, nearly; noise tells nothing."""
    label = label_of("y", AMOUNTS)
    assert label is not None
    copied, cubed, noise = (relate(label, each) for each in (AMOUNTS, AMOUNTS**3, RANDOM.normal(size=ROWS)))
    assert copied is not None
    assert cubed is not None
    assert noise is not None
    assert copied.power > 0.95
    assert cubed.power > 0.95
    assert noise.power < 0.02
    means = [bucket.mean for bucket in copied.buckets]
    assert means == sorted(means)
    assert sum(bucket.rows for bucket in copied.buckets) == ROWS


def test_a_class_is_told_by_its_text() -> None:
    """A text that goes with each class tells all of the label."""
    classes = RANDOM.integers(0, 3, ROWS)
    label = label_of("y", classes)
    assert label is not None
    found = relate(label, pa.array([b"abc"[each : each + 1] for each in classes.tolist()], pa.large_binary()))
    assert found is not None
    assert found.power > 0.99


def test_ids_of_single_rows_tell_nothing() -> None:
    """A feature with a value for each row isn't taken for one that predicts."""
    label = label_of("y", RANDOM.integers(0, 2, ROWS))
    assert label is not None
    found = relate(label, np.arange(ROWS), categorical=True)
    assert found is not None
    assert found.power < 0.01


def test_a_value_of_most_rows_has_a_bucket_of_its_own() -> None:
    """The others aren't lost in it."""
    values = np.where(np.arange(ROWS) % 10 == 0, 1.0 + np.arange(ROWS), 0.0)
    label = label_of("y", (values > 0).astype(np.int64))
    assert label is not None
    found = relate(label, values)
    assert found is not None
    assert (found.buckets[0].low, found.buckets[0].high, found.buckets[0].mean) == (0, 0, 0)
    assert {bucket.mean for bucket in found.buckets[1:]} == {1.0}
    assert found.power > 0.99


def test_missing_values_have_a_bucket_that_isnt_shown() -> None:
    """NaN has no place among the values, but may tell of the label."""
    missing = np.arange(ROWS) % 2 == 0
    label = label_of("y", np.where(RANDOM.random(ROWS) < 0.5, 0, 1) * 0 + missing)
    values = np.where(missing, np.nan, AMOUNTS)
    assert label is not None
    found = relate(label, values)
    assert found is not None
    assert sum(bucket.rows for bucket in found.buckets) == ROWS // 2


def test_little_is_said_of_few_rows_or_of_a_constant() -> None:
    """There is no relation then."""
    label = label_of("y", AMOUNTS)
    few = label_of("y", AMOUNTS[: LEAST_ROWS - 1])
    assert label is not None
    assert few is not None
    assert relate(label, np.zeros(ROWS)) is None
    assert relate(few, AMOUNTS[: LEAST_ROWS - 1]) is None
