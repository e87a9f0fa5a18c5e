"""What the package says that it needs."""

from importlib.metadata import requires

from packaging.requirements import Requirement


def test_python_3_10_gets_no_google_clients() -> None:
    """They and tensorflow-metadata want different versions of protobuf there: pip would look for one for hours."""
    needed = [Requirement(each) for each in requires("shardmill") or ()]
    for python, wanted in (("3.10", False), ("3.11", True)):
        of_dev = [
            each for each in needed if each.marker and each.marker.evaluate({"python_version": python, "extra": "dev"})
        ]
        assert any(each.name == "apache-beam" and "aws" in each.extras for each in of_dev)
        assert any("gcp" in each.extras or each.name == "tensorflow-transform" for each in of_dev) is wanted
