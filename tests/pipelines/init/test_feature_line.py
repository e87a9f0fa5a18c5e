"""A line of `[features]`."""

import pytest

from shardmill.pipelines.init.feature_line import LABEL, FeatureLine


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ('"z_score"', "z_score"),
        ('{ kind = "vocabulary", num_oov_buckets = 1 }', "vocabulary"),
        ('{ column = "my col", kind = "numeric" }', "numeric"),
        (LABEL, "label"),
    ],
)
def test_the_kind_is_that_of_the_value(value: str, kind: str) -> None:
    """Wherever it stands among the keys of a table."""
    assert FeatureLine("x", value, "").kind == kind
