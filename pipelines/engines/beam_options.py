"""Beam's options object for an engine.

Beam's file systems in this process are given the same options.
"""

from typing import TypeVar

from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.engines.processes import cores

_View = TypeVar("_View", bound=PipelineOptions)


def set_file_options(engine: Engine) -> None:
    """Configures Beam's file systems in this process as on workers.

    They take endpoints, credentials and HDFS's address from the options.

    Args:
        engine: The engine whose options apply.
    """
    FileSystems.set_options(pipeline_options(engine))


def pipeline_options(engine: Engine) -> PipelineOptions:
    """Returns Beam's options object for an engine.

    Args:
        engine: The engine whose options apply.
    """
    threads = [f"--direct_num_workers={engine.workers or cores()}"] if engine.is_local else []
    return _Options([*threads, *engine.beam_args])


class _Options(PipelineOptions):  # type: ignore[misc]
    """Options that are parsed once per view class.

    Beam asks for the same views at every step of a pipeline and parses the arguments anew each
    time: with the hundreds of steps of TF Transform, that takes a second.
    """

    def __init__(self, flags: list[str]) -> None:
        # Beam takes any other attribute for an option.
        object.__setattr__(self, "_views", {})
        super().__init__(flags)

    def view_as(self, cls: type[_View]) -> _View:
        """Returns the options as `cls`; all views share their values."""
        if cls not in self._views:
            self._views[cls] = super().view_as(cls)
        view: _View = self._views[cls]
        return view
