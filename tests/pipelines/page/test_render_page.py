"""Text of the data can't leave its place in the page."""

import json

import pytest

from shardmill.pipelines.page.render_page import embedded

HOSTILE = "</script><script>alert(1)</script><!--&\u2028\u2029\"'`"


def test_embedded_data_cant_end_the_script() -> None:
    """It has no character that could begin or end an element, and is the same data all the same."""
    text = str(embedded({"name": HOSTILE}))
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == {"name": HOSTILE}


def test_embedded_numbers_are_json() -> None:
    """JSON has no number for NaN; the model writes text for it."""
    with pytest.raises(ValueError, match="JSON"):
        embedded({"x": float("nan")})
