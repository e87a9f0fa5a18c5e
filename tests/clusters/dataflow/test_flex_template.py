"""Dataflow's flex template: its launcher's command line, its parameters, and what it launches."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from shardmill.pipelines.flex_template import main as flex_template
from shardmill.schemas.errors import ConfigError
from tests.clusters.dataflow.cloud import TOML, Cloud

LAUNCHER = [
    "--job_name=from-template",
    "--runner=DataflowRunner",
    "--labels={}",
    "--temp_location=gs://bucket/temp",
    "--experiments=first",
    "--experiments=second",
    "--no_use_public_ips",
]


def test_the_launcher_of_the_flex_template(tmp_path: Path) -> None:
    """The template's parameters become the command line; Beam's options pass through, but for the runner: `--engine` says it."""
    args = [
        "--config=/p.toml",
        "--set=output.shards=4; output.seed = 1",
        "--output=gs://b/o",
        "--input=gs://b/*.csv",
        *LAUNCHER,
    ]
    assert flex_template.command([*args, "--overwrite=True"], str(tmp_path)) == [
        "run",
        "/p.toml",
        "--engine=dataflow",
        "--set=output.shards=4",
        "--set=output.seed = 1",
        "--set=input.files=gs://b/*.csv",
        "--output=gs://b/o",
        "--overwrite",
        *(arg for arg in LAUNCHER if arg != "--runner=DataflowRunner"),
    ]
    assert flex_template.command(["--config=/p.toml", "--overwrite=false"], "") == [
        "run",
        "/p.toml",
        "--engine=dataflow",
    ]


@pytest.mark.parametrize(
    ("args", "message"),
    [([], "parameter `config` is missing"), (["/p.toml"], "expected --name=value, received '/p.toml'")],
)
def test_a_launchers_mistake(args: list[str], message: str) -> None:
    """A parameter that is missing, or has another form, is told."""
    with pytest.raises(ConfigError, match=message):
        flex_template.command(args, "")


def test_the_launchers_log_says_what_is_wrong() -> None:
    """The program ends with one message, which the launcher logs."""
    done = subprocess.run(
        [sys.executable, "-m", flex_template.__name__], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: the template's parameter `config` is missing")
    assert done.stderr.count("\n") == 1


def test_the_flex_template_knows_its_parameters(tmp_path: Path) -> None:
    """Each parameter that the metadata offer is an option of the launcher's command or of Beam's."""
    metadata = json.loads((Path(flex_template.__file__).parent / "metadata.json").read_text(encoding="utf-8"))
    names = [parameter["name"] for parameter in metadata["parameters"]]
    assert names == ["config", "input", "output", "set", "overwrite", "sdk_container_image"]
    command = flex_template.command([f"--{name}={name}=1" for name in names], str(tmp_path))
    assert [arg for arg in command if arg.startswith("--sdk")] == ["--sdk_container_image=sdk_container_image=1"]
    assert not [parameter for parameter in metadata["parameters"] if parameter.keys() < {"name", "label", "helpText"}]


def test_the_flex_template_is_launched(cloud: Cloud) -> None:
    """Run as its launcher runs it, with a configuration in the store, the program writes a job's description; the job publishes."""
    toml = TOML.format(data="gs://bucket/data.csv").replace('schema = "schema.pbtxt"', "max_bad_fraction = 1")
    cloud.store.objects.store("bucket", "conf/job.toml", toml.encode())
    parameters = ["--config=gs://bucket/conf/job.toml", "--output=gs://bucket/runs/flex", "--set=output.shards=3"]
    done = subprocess.run(
        [
            sys.executable,
            flex_template.__file__,
            *parameters,
            *LAUNCHER,
            *cloud.args("--template_location=gs://bucket/launch/job_object"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    assert done.returncode == 0, done.stderr
    request = json.loads(cloud.found("launch/")["job_object"])
    assert request["name"] == "from-template"
    launched = cloud.service.create(request)
    assert launched.done.wait(120)
    assert launched.messages == []
    assert {"_SUCCESS", "train-00002-of-00003.tfrecord.gz"} <= cloud.found("runs/flex/").keys()
