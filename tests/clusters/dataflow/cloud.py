"""The service, its store and a job to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shardmill.pipelines import run as run_module
from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.dataflow import dataflow_args
from shardmill.pipelines.engines.engine import Engine
from tests.clusters.dataflow.dataflow_server import Dataflow
from tests.support.stores.gcs import Gcs

IMAGE = "registry.test/project/shardmill:0.1.0"
REQUIRED = ["--project=some-project", "--region=us-central1", f"--sdk_container_image={IMAGE}"]
SCHEMA = """
feature { name: "x" type: FLOAT }
feature { name: "s" type: BYTES }
"""
TOML = """
[input]
files = "{data}"
schema = "schema.pbtxt"
[split]
train = 0.75
eval = 0.25
[features]
x = "z_score"
s = {{ kind = "vocabulary", missing = "" }}
[output]
shards = 2
"""
ROWS = "x,s\n" + "".join(f"{row / 7},word{row % 5}\n" for row in range(400)) + "no number,word1\n"


@dataclass
class Cloud:
    """The service, its store and a job to do.

    Attributes:
        service: Dataflow.
        store: Google Cloud Storage, with the data in `gs://bucket/data.csv`.
        config: The configuration file.
    """

    service: Dataflow
    store: Gcs
    config: Path

    def args(self, *more: str) -> list[str]:
        """Beam's options that lead here."""
        return [f"--dataflow_endpoint={self.service.endpoint}", *REQUIRED, *more]

    def run(self, output: str, *more: str, settings: Sequence[str] = ()) -> None:
        """Runs the job on the service, as `shardmill run --engine dataflow` does."""
        engine = Engine("dataflow", tuple(dataflow_args(self.args(*more), output)))
        config = load_config(str(self.config), settings, output)
        run_module.run(config, overwrite=False, engine=engine, progress=Progress(quiet=True))

    def found(self, prefix: str) -> dict[str, bytes]:
        """The objects below a prefix."""
        objects = self.store.objects.buckets["bucket"]
        return {name[len(prefix) :]: content for name, content in objects.items() if name.startswith(prefix)}
