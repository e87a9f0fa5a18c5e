"""Checks Beam's own options for typos.

Beam only logs a warning about an option that it doesn't know, so a typo would go unnoticed.
"""

from collections.abc import Sequence
from typing import Any, NoReturn

from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions, _BeamArgumentParser
from apache_beam.runners.runner import _RUNNER_MAP

from shardmill.schemas.errors import ConfigError
from shardmill.schemas.messages import did_you_mean, suggest

# Prefixes of runners whose job servers declare further options, unknown until the job is submitted.
_OPEN_RUNNERS = ("flink", "spark", "portable")
# Beam's option that is refused, so that it isn't advised: ours is `--dry-run`.
_REFUSED = "--dry_run"


def check_beam_args(
    beam_args: Sequence[str], command: str = "shardmill run", own: Sequence[str] = (), engine: str | None = None
) -> None:
    """Checks that Beam knows each option, and the runner.

    Args:
        beam_args: The arguments on the command line beyond shardmill's own options.
        command: The command, for messages.
        own: The command's own options, which a typo may have meant.
        engine: The value of `--engine`, where `beam_args` aren't completed for it yet; `--runner`
            is not checked then.

    Raises:
        ConfigError: An argument isn't one of Beam's options, or Beam rejects an option's value.
    """
    parser = _Parser(add_help=False, allow_abbrev=False)
    for options in PipelineOptions.__subclasses__():
        options._add_argparse_args(parser)  # noqa: SLF001  (Beam has no public way to list its options)
    values, unknown = parser.parse_known_args(list(beam_args))
    if engine is None and values.runner is not None:
        _check_runner(values.runner)
    if not unknown:
        return
    name = unknown[0].partition("=")[0]
    if not name.startswith("-"):
        raise ConfigError(
            f"unexpected argument {name!r}: {command} takes one argument and options, and the argument comes before Beam's options"
        )
    if (engine or values.runner or "").lower().startswith(_OPEN_RUNNERS):
        return
    known = (*own, *(each for each in parser.names if each != _REFUSED))
    problem = f"it is neither an option of `{command}` nor one of Apache Beam's"
    raise ConfigError(f"unknown option {name!r}{suggest(name, known, problem)}")


def _check_runner(name: str) -> None:
    """Checks that Beam knows the runner.

    It looks the name up as Beam's `create_runner` does, which would import the runner and fail
    late.
    """
    if "." in name or not _RUNNER_MAP.keys().isdisjoint((name.lower(), f"{name.lower()}runner")):
        return
    known = StandardOptions.KNOWN_RUNNER_NAMES
    short = [each.removesuffix("Runner").lower() for each in known]
    raise ConfigError(
        f"--runner: expected one of {', '.join(known)}, or a class with its module, received {name!r}"
        f"{did_you_mean(name, (*known, *short))}"
    )


class _Parser(_BeamArgumentParser):  # type: ignore[misc]
    """Beam's parser, raising `ConfigError` instead of exiting."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.names: list[str] = []

    def add_argument(self, *names: str, **settings: Any) -> Any:
        self.names += names
        return super().add_argument(*names, **settings)

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"Beam's options: {message}")
