"""What the package says that it needs."""

from importlib.metadata import files, metadata, requires
from pathlib import Path

from packaging.requirements import Requirement

import shardmill


def test_python_3_10_gets_no_google_clients() -> None:
    """They and tensorflow-metadata want different versions of protobuf there: pip would look for one for hours."""
    needed = [Requirement(each) for each in requires("shardmill") or ()]
    for python, wanted in (("3.10", False), ("3.11", True)):
        of_dev = [
            each for each in needed if each.marker and each.marker.evaluate({"python_version": python, "extra": "dev"})
        ]
        assert any(each.name == "apache-beam" and "aws" in each.extras for each in of_dev)
        assert any("gcp" in each.extras or each.name == "tensorflow-transform" for each in of_dev) is wanted


def test_the_licence_is_in_the_package() -> None:
    """The metadata names Apache-2.0, as LICENSE in the repository does, and its text is installed."""
    assert metadata("shardmill")["License-Expression"] == "Apache-2.0"
    texts = [each.read_text() for each in files("shardmill") or () if each.name == "LICENSE"]
    assert len(texts) == 1
    assert "Apache License" in texts[0]


def test_the_package_says_that_it_has_types() -> None:
    """One `py.typed`, in `shardmill`, counts for all packages below it (PEP 561)."""
    assert shardmill.__file__ is not None
    assert (Path(shardmill.__file__).parent / "py.typed").is_file()
