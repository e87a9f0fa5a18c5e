"""A run of a stranger's: its configuration, and what is done with its folder: applied, shown, replaced by another's."""

import io
import shutil
from pathlib import Path

from shardmill.pipelines import apply as apply_module
from shardmill.pipelines.apply import Application
from shardmill.pipelines.console.plain_console import PlainConsole
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.inspect.inspect import inspect_path
from shardmill.pipelines.job.run_job import RunResult

TOML = """
[input]
files = "{data}"
[split]
train = 0.5
eval = 0.5
key = ["id"]
[features]
age = "z_score"
city = {{ kind = "vocabulary", num_oov_buckets = 1 }}
price = "label"
[output]
shards = 1
"""
# The names that a run keeps beside its graph.
NAMES = "transform_fn/assets.extra/shardmill.json"


def apply(run: Path | str, data: Path, output: Path | str, *, overwrite: bool = False) -> RunResult:
    """Applies a run to a file."""
    application = Application(str(run), (str(data),))
    return apply_module.apply(
        application, str(output), overwrite=overwrite, engine=Engine(workers=1), progress=Progress(quiet=True)
    )


def show(run: Path) -> str:
    """What `inspect` prints of a run."""
    console = PlainConsole(width=200, record=True, file=io.StringIO())
    inspect_path(str(run), 3, console)
    return console.export_text()


def replace(run: Path, other: Path) -> None:
    """Puts another run into the place of a run."""
    shutil.rmtree(run)
    shutil.copytree(other, run)
