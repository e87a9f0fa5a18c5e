"""Beam's options, as they are checked before anything runs."""

import pytest
from apache_beam.options.pipeline_options import StandardOptions
from apache_beam.runners.runner import create_runner

from shardmill.pipelines.engines.check_options import check_beam_args
from shardmill.schemas.errors import ConfigError


@pytest.mark.parametrize(
    ("runner", "hint"),
    [
        ("FlinkRuner", "; did you mean 'FlinkRunner'?"),
        ("flinkruner", "; did you mean 'FlinkRunner'?"),
        ("flnk", "; did you mean 'flink'?"),
        ("", ""),
        ("qqq", ""),
    ],
)
def test_a_runner_that_beam_does_not_know_is_refused(runner: str, hint: str) -> None:
    """The message lists the runners and names the nearest; Beam itself would refuse the name, once it runs."""
    with pytest.raises(ConfigError) as caught:
        check_beam_args([f"--runner={runner}"])
    assert str(caught.value).startswith("--runner: expected one of DataflowRunner, ")
    assert str(caught.value).endswith(f", or a class with its module, received {runner!r}{hint}")
    with pytest.raises(ValueError, match="Unexpected pipeline runner"):
        create_runner(runner)


@pytest.mark.parametrize(
    "runner",
    [
        *StandardOptions.KNOWN_RUNNER_NAMES,
        "direct",
        "FLINK",
        "sparkrunner",
        "PythonRPCDirectRunner",
        "my.module.MyRunner",
    ],
)
def test_runners_that_beam_knows_pass(runner: str) -> None:
    """A runner may be spelled in any case, without its end, or as a class with its module."""
    check_beam_args(["--runner", runner])


def test_an_engine_says_whether_unknown_options_are_refused() -> None:
    """Options that aren't completed for an engine are judged by its name; job servers may know more than Beam does."""
    check_beam_args(["--object_reuse_mode=x"], engine="flink")
    check_beam_args(["--runner=FlinkRuner"], engine="prism")
    with pytest.raises(ConfigError, match=r"unknown option '--prism_locaton'; did you mean '--prism_location'\? It is"):
        check_beam_args(["--prism_locaton=x"], engine="prism")


def test_an_option_like_no_other_gets_no_hint() -> None:
    """The message is whole where no option is near."""
    with pytest.raises(ConfigError, match=r"unknown option '--qqq'; it is neither an option of `shardmill run` nor"):
        check_beam_args(["--qqq=1"])
