"""An engine: its name, and Beam's options for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

LOCAL = "local"
_IN_PROCESS = (LOCAL, "prism", "DirectRunner", "PrismRunner")
ENGINES = (LOCAL, "prism", "flink", "spark", "dataflow")

# By engine: Beam's runner for a cluster's own address, and the option that gives the address.
MASTERS = {"flink": ("FlinkRunner", "--flink_master"), "spark": ("SparkRunner", "--spark_master_url")}
# Options that name workers of the user's own.
WORKER_OPTIONS = (
    "--environment_type",
    "--environment_config",
    "--environment_option",
    "--environment_options",
    "--sdk_container_image",
    "--harness_docker_image",
)


@dataclass(frozen=True)
class Engine:
    """The engine that runs a pipeline.

    Attributes:
        name: One of `ENGINES`, or the runner that Beam's options name.
        beam_args: Beam's options, complete.
        workers: Threads of the local engine. None means one per core.
    """

    name: str = LOCAL
    beam_args: tuple[str, ...] = ()
    workers: int | None = None

    @property
    def is_local(self) -> bool:
        """Whether pipelines run in threads of this process."""
        return self.name == LOCAL

    @property
    def in_process(self) -> bool:
        """Whether workers are threads that share this process's memory."""
        return self.is_local or (self.name in _IN_PROCESS and not has_workers(self.beam_args))

    @property
    def is_dataflow(self) -> bool:
        """Whether Google Cloud Dataflow runs pipelines."""
        return self.name in ("dataflow", "DataflowRunner")

    @property
    def template(self) -> str | None:
        """The Dataflow template to write instead of running."""
        return option(self.beam_args, "--template_location") if self.is_dataflow else None

    def here(self) -> "Engine":
        """Returns the local engine with the same file system options."""
        return replace(self, name=LOCAL, beam_args=_without(self.beam_args, "--runner"))


def option(beam_args: Sequence[str], name: str) -> str | None:
    """Returns the value of one of Beam's options.

    It is given as `--name=value` or `--name value`, and the last one counts; None where it isn't
    given.

    Args:
        beam_args: Beam's options.
        name: The option, with its dashes.
    """
    found = None
    for position, arg in enumerate(beam_args):
        given, equals, value = arg.partition("=")
        if given == name:
            found = value if equals else "".join(beam_args[position + 1 : position + 2])
    return found


def flink_master(beam_args: Sequence[str]) -> str | None:
    """Returns the address of Flink's REST service, if given.

    None also stands for Beam's names (such as `[local]`) of a Flink that it starts itself.

    Args:
        beam_args: Beam's options.
    """
    address = option(beam_args, "--flink_master")
    return address if address and not address.startswith("[") else None


def has_workers(beam_args: Sequence[str]) -> bool:
    """Whether Beam's options name workers of the user's own.

    Args:
        beam_args: Beam's options.
    """
    return any(option(beam_args, given) is not None for given in WORKER_OPTIONS)


def _without(beam_args: tuple[str, ...], name: str) -> tuple[str, ...]:
    kept = []
    skip = False
    for arg in beam_args:
        given, equals, _ = arg.partition("=")
        if not skip and given != name:
            kept.append(arg)
        skip = not skip and given == name and not equals
    return tuple(kept)
