"""Beam's options object for an engine, and the same options for its file systems in this process."""

from typing import TypeVar

from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.engines.processes import cores

_View = TypeVar("_View", bound=PipelineOptions)


def set_file_options(engine: Engine) -> None:
    """Gives Beam's file systems in this process the options that workers give them: endpoints, credentials, HDFS's address.

    Args:
        engine: The options' owner.
    """
    FileSystems.set_options(pipeline_options(engine))


def pipeline_options(engine: Engine) -> PipelineOptions:
    """Beam's options object.

    Args:
        engine: The options' owner.
    """
    threads = [f"--direct_num_workers={engine.workers or cores()}"] if engine.is_local else []
    return _Options([*threads, *engine.beam_args])


class _Options(PipelineOptions):  # type: ignore[misc]
    """Options that are parsed once for each kind.

    Beam asks for the same ones at every step that a pipeline is built of, and parses the arguments anew: of hundreds of steps, as TF
    Transform has them, a second.
    """

    def __init__(self, flags: list[str]) -> None:
        # Beam takes any other attribute for an option.
        object.__setattr__(self, "_views", {})
        super().__init__(flags)

    def view_as(self, cls: type[_View]) -> _View:
        """The options of a kind; they share their values with all others."""
        if cls not in self._views:
            self._views[cls] = super().view_as(cls)
        view: _View = self._views[cls]
        return view
