"""How many different strings a column has."""

from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.schemas.inference.distinct import MOST_EXACT, Distinct, fingerprints


def test_distinct_values_are_exact_up_to_a_limit() -> None:
    """10,000 are counted, and one more is too many."""
    distinct = Distinct()
    distinct.update(pa.array([str(number) for number in range(MOST_EXACT)] * 2))
    assert distinct.count == MOST_EXACT
    distinct.update(pa.array(["more"]))
    assert distinct.count is None
    assert distinct.estimate == pytest.approx(MOST_EXACT, rel=0.25)


def test_long_values_are_not_kept() -> None:
    """The limit is on their bytes too; the estimate of a few long ones is still their number."""
    distinct = Distinct(most_bytes=1000)
    texts = [f"{number:03d}" * 20 for number in range(100)]
    distinct.update(pa.array(texts))
    assert distinct.count is None
    assert distinct.estimate == 100
    assert all(example in texts for example in distinct.examples)


@pytest.mark.parametrize(
    "make", [str, lambda number: f"user-{number:032d}", lambda number: f"{number * 7919:x}@example.com"]
)
def test_the_estimate_is_close(make: Callable[[int], str]) -> None:
    """Within 4 standard errors of 6 %, for numbers, padded identifiers and addresses."""
    distinct = Distinct()
    for start in range(0, 60_000, 20_000):
        distinct.update(pa.array([make(number) for number in range(start, start + 20_000)]))
    assert distinct.estimate == pytest.approx(60_000, rel=0.25)


@given(st.lists(st.text(min_size=1, max_size=30).filter(lambda text: text.isascii()), min_size=1, unique=True))
def test_a_fingerprint_is_a_function_of_the_string(texts: list[str]) -> None:
    """Neighbours in the buffer make no difference; strings of up to 24 bytes differ in theirs."""
    together = fingerprints(pa.array(texts)).tolist()
    alone = [fingerprints(pa.array(["x", text, "y"]).slice(1, 1)).tolist()[0] for text in texts]
    assert together == alone
    short = {text: value for text, value in zip(texts, together, strict=True) if len(text) <= 16}
    assert len(set(short.values())) == len(short)
