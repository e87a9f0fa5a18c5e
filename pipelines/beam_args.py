"""Beam's own options, checked: Beam only logs a warning about those it doesn't know, so that a typo would be passed over."""

from collections.abc import Sequence
from typing import Any, NoReturn

from apache_beam.options.pipeline_options import PipelineOptions, _BeamArgumentParser

from pipelines.toml_table import did_you_mean
from schemas.errors import ConfigError

# Their job servers declare further options, which aren't known before the job is submitted.
_OPEN_RUNNERS = ("flink", "spark", "portable")


def check_beam_args(beam_args: Sequence[str], command: str = "shardmill run", own: Sequence[str] = ()) -> None:
    """Checks that Beam knows each option.

    Args:
        beam_args: What the command line gave beyond shardmill's own options.
        command: The command, for messages.
        own: Its own options, which a typo may have meant.

    Raises:
        ConfigError: An argument is no option of Beam's, or an option's value isn't as Beam expects.
    """
    parser = _Parser(add_help=False, allow_abbrev=False)
    for options in PipelineOptions.__subclasses__():
        options._add_argparse_args(parser)  # noqa: SLF001  (Beam has no public way to list its options)
    values, unknown = parser.parse_known_args(list(beam_args))
    if not unknown:
        return
    name = unknown[0].partition("=")[0]
    if not name.startswith("-"):
        raise ConfigError(
            f"unexpected argument {name!r}: {command} takes one argument and options, and the argument comes before Beam's options"
        )
    if (values.runner or "").lower().startswith(_OPEN_RUNNERS):
        return
    hint = did_you_mean(name, (*own, *parser.names))
    raise ConfigError(f"unknown option {name!r}{hint} It is neither an option of `{command}` nor one of Apache Beam's")


class _Parser(_BeamArgumentParser):  # type: ignore[misc]
    """Beam's parser, with its complaints as our errors."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.names: list[str] = []

    def add_argument(self, *names: str, **settings: Any) -> Any:
        self.names += names
        return super().add_argument(*names, **settings)

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"Beam's options: {message}")
