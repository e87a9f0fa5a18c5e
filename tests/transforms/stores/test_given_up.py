"""Work that was given up makes nothing any more."""

import threading

import pytest

from shardmill.transforms.stores import given_up
from shardmill.transforms.stores.given_up import give_up, making


def test_nothing_is_made_below_it() -> None:
    """Neither the folder nor what is in it; a folder beside with a longer name is another."""
    give_up("/given/up")
    for path in ("/given/up", "/given/up/deep/file"):
        with pytest.raises(OSError, match="the work was given up"), making(path):
            pass
    with making("/given/upper"), making("/given"):
        pass


def test_what_is_just_being_made_is_waited_for() -> None:
    """A file that appears meanwhile is there before the folder is removed, not after."""
    begun, order = threading.Event(), []

    def make() -> None:
        with making("/going/up/file"):
            begun.set()
            # Until it is given up, nothing keeps others from being made.
            while "/going/up" not in given_up._given_up:
                pass
            order.append("made")

    thread = threading.Thread(target=make)
    thread.start()
    begun.wait()
    give_up("/going/up")
    order.append("given up")
    thread.join()
    assert order == ["made", "given up"]
