"""What tests do without a program that they need."""

import pytest

from tests.support.needs import needs


def test_a_program_that_is_there() -> None:
    """Nothing happens."""
    needs("sh")


def test_a_program_that_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test is skipped, and says what it lacks."""
    monkeypatch.delenv("SHARDMILL_REQUIRE_ALL", raising=False)
    with pytest.raises(pytest.skip.Exception, match="not installed here: no-such-program"):
        needs("sh", "no-such-program")


def test_an_absent_program_where_all_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test fails, and says why."""
    monkeypatch.setenv("SHARDMILL_REQUIRE_ALL", "1")
    with pytest.raises(pytest.fail.Exception, match="no-such-program; SHARDMILL_REQUIRE_ALL says that it must be"):
        needs("no-such-program")
