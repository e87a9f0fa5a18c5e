"""Paths as users give them: what can't be meant is told, instead of becoming a local folder."""

import pytest

from shardmill.pipelines.config.paths import check_output, check_path, has_scheme, output_problem, path_problem
from shardmill.schemas.errors import ConfigError


@pytest.mark.parametrize(
    "path",
    [
        "run",
        "data/*.csv",
        "/data/run/",
        "./s3:/folder",
        "a:b/c",
        "2024:/x",
        "s3://bucket",
        "gs://bucket/a/*.csv",
        "hdfs://host:9000/run",
        "hdfs:///run",
    ],
)
def test_paths_that_can_be_meant_pass(path: str) -> None:
    """A local path passes, whatever colons it has, and so does a scheme with something behind it."""
    assert path_problem(path) is None
    assert output_problem(path) is None


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("s3:/bucket/run", " Write './s3:/bucket/run' for a local path"),
        ("hdfs:/", " Write './hdfs:/' for a local path"),
        ("a+B.c-1:/x", " Write './a+B.c-1:/x' for a local path"),
        ("s3://", ""),
        ("gs:///", ""),
    ],
)
def test_a_scheme_with_a_slip_is_told(path: str, hint: str) -> None:
    """A message shows what was received, what is expected, and how to say that it is a local path, where it can be one."""
    assert has_scheme(path)
    with pytest.raises(ConfigError) as caught:
        check_path("--input", path)
    assert str(caught.value) == (
        f"--input: expected a local path or one such as s3://BUCKET/FOLDER, received {path!r}; is a variable empty, "
        f"or a / missing?{hint}"
    )
    with pytest.raises(ConfigError, match=r"--output: expected a local path or one such as s3://BUCKET/FOLDER"):
        check_output(path)


def test_an_empty_path_is_told() -> None:
    """What an unset variable of the shell leaves is no path."""
    with pytest.raises(ConfigError, match=r"RUN_DIR: expected a path, received ''; is a variable empty\?"):
        check_path("RUN_DIR", "")
    with pytest.raises(ConfigError, match=r"--output: expected a path, received ''; is a variable empty\?"):
        check_output("")


@pytest.mark.parametrize("path", ["/", "//"])
def test_an_output_needs_a_name(path: str) -> None:
    """Slashes alone may be looked at but not written."""
    assert path_problem(path) is None
    with pytest.raises(ConfigError, match=rf"--output: expected a path with a name, received '{path}'; is a variable"):
        check_output(path)
