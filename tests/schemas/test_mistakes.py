"""Mistakes, collected so that all are told at once."""

import pickle

import pytest

from shardmill.schemas.errors import ConfigError, DataError, OutputError
from shardmill.schemas.mistakes import Mistakes, restated


def test_one_mistake_is_raised_as_it_is() -> None:
    """With its own class, and the key at which it was found."""
    mistakes = Mistakes()
    with mistakes.at("input", "files"):
        raise DataError("no file")
    with pytest.raises(DataError, match=r"^no file$") as caught:
        mistakes.raise_any()
    assert caught.value.key == ("input", "files")


def test_several_mistakes_are_one_error() -> None:
    """Each has a line; collected again, they are single ones again; what was known of their keys stays."""
    first = Mistakes()
    for number in (1, 2):
        with first.at("a", str(number)):
            raise OutputError(f"problem {number}")
    second = Mistakes()
    with second.at("b"):
        first.raise_any()
    assert [(str(each), each.key) for each in second.found] == [("problem 1", ("a", "1")), ("problem 2", ("a", "2"))]
    with pytest.raises(OutputError) as caught:
        second.raise_any()
    assert str(caught.value) == "2 mistakes:\nproblem 1\nproblem 2"


def test_mistakes_of_several_kinds_are_wrong_configuration() -> None:
    """The exit status is that of wrong usage; the error survives pickling."""
    mistakes = Mistakes()
    mistakes.add(DataError("no file"), ("input",))
    mistakes.add(OutputError("exists"))
    with pytest.raises(ConfigError) as caught:
        mistakes.raise_any()
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.exit_status) == ("2 mistakes:\nno file\nexists", 2)
    assert [type(each) for each in again.errors] == [DataError, OutputError]


def test_nothing_found_is_no_error() -> None:
    """Nothing is raised."""
    Mistakes().raise_any()


def test_other_exceptions_pass() -> None:
    """A defect isn't a mistake of the user's."""
    with pytest.raises(ZeroDivisionError), Mistakes().at("a"):
        raise ZeroDivisionError


def test_a_key_concerns_what_is_below_it() -> None:
    """Not what is above or beside it."""
    mistakes = Mistakes()
    mistakes.add(DataError("no file"), ("input", "files", "train"))
    assert mistakes.concern(("input",))
    assert mistakes.concern(("input", "files", "train"))
    assert not mistakes.concern(("input", "files", "eval"))
    assert not mistakes.concern(("input", "files", "train", "x"))


def test_each_message_can_be_changed() -> None:
    """Of one error, and of several as one."""
    mistakes = Mistakes()
    mistakes.add(DataError("a"), ("k",))
    assert str(restated(mistakes.found[0], lambda error: f"{error.key[0]}: {error}")) == "k: a"
    mistakes.add(DataError("b"), ("l",))
    with pytest.raises(DataError) as caught:
        mistakes.raise_any()
    assert str(restated(caught.value, lambda error: f"{error.key[0]}: {error}")) == "2 mistakes:\nk: a\nl: b"
