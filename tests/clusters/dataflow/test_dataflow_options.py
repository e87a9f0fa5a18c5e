"""What is looked at before anything is submitted to Dataflow: options, paths, credentials, the bucket for staging."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from shardmill.pipelines.doctor.connection import examine_engine
from shardmill.pipelines.engines.beam_options import set_file_options
from shardmill.pipelines.engines.dataflow import check_paths, check_service, dataflow_args
from shardmill.pipelines.engines.engine import Engine, option
from shardmill.pipelines.engines.ready import check_ready
from shardmill.pipelines.engines.run_pipeline import run_pipeline
from shardmill.schemas.errors import ConfigError, OutputError, ShardmillError
from tests.clusters.dataflow.cloud import REQUIRED, Cloud


def test_doctor_looks_with_the_jobs_options(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the report tries in the store it tries as the job would."""
    monkeypatch.setattr(FileSystems, "_pipeline_options", PipelineOptions([]))
    found = {each.name: each for each in examine_engine("dataflow", cloud.args(), "gs://bucket/runs/x")}
    assert found["Dataflow"].ok
    assert found["a worker that writes the output"].value.startswith("not tried: ")
    assert FileSystems._pipeline_options.get_all_options()["project"] == "some-project"


def test_a_bucket_that_isnt_there_is_the_reason(cloud: Cloud) -> None:
    """Where nothing can be staged the report says so; no job has been tried."""
    jobs = len(cloud.service.jobs)
    args = cloud.args("--staging_location=gs://nowhere/staging")
    (found,) = (each for each in examine_engine("dataflow", args, "gs://bucket/runs/x") if not each.ok)
    assert found.name == "Dataflow"
    assert found.value.startswith("can't stage the job in --staging_location 'gs://nowhere/staging'")
    assert len(cloud.service.jobs) == jobs


def test_all_that_is_missing_is_told_at_once() -> None:
    """A job without project, region, image and bucket: one message names them all, and how an image is built."""
    with pytest.raises(ConfigError) as error:
        dataflow_args([], "out/flights")
    for name in ("--project=", "--region=", "--sdk_container_image=", "--temp_location=", "docker build"):
        assert name in str(error.value)
    with pytest.raises(ConfigError, match="needs this option, too:\n  --temp_location=gs://BUCKET"):
        dataflow_args(REQUIRED)


def test_what_is_given_stays() -> None:
    """Options that are given aren't given again; the rest follows from the output folder."""
    args = dataflow_args([*REQUIRED, "--temp_location", "gs://mine/temp", "--job_name=mine"], "gs://bucket/out/")
    assert [arg for arg in args if arg.startswith(("--temp_location", "--job_name"))] == [
        "--temp_location",
        "--job_name=mine",
    ]
    assert "--sdk_location=container" in args
    args = dataflow_args(REQUIRED, "gs://bucket/2013/Flights & more_/")
    assert {"--temp_location=gs://bucket/dataflow", "--job_name=shardmill-flights-more"} <= set(args)
    assert "--no_save_main_session" not in dataflow_args([*REQUIRED, "--save_main_session"], "gs://bucket/out")


def test_a_jobs_name_is_one_that_the_service_takes() -> None:
    """At most 63 characters, of which the last is no dash."""
    for name in ("a" * 99, "a" * 52 + "-b"):
        found = option(dataflow_args(REQUIRED, f"gs://bucket/{name}"), "--job_name") or ""
        assert re.fullmatch("shardmill-a{52,53}", found)


@pytest.mark.parametrize("name", ["--temp_location", "--staging_location", "--template_location"])
def test_a_local_folder_for_the_service(name: str) -> None:
    """The service can't reach a folder of this machine."""
    with pytest.raises(ConfigError, match=f"{name}: expected a gs:// path, .*received '/tmp/x'"):
        dataflow_args([*REQUIRED, f"{name}=/tmp/x"], "gs://bucket/out")


def test_local_input_and_output() -> None:
    """Files that the workers don't see are told before anything is submitted, all at once."""
    check_paths([("input", "gs://bucket/*.csv"), ("output", "gs://bucket/out")])
    with pytest.raises(
        ConfigError, match=r"machine's files: expected gs:// paths, received input 'data/\*\.csv', output 'out/x'; copy"
    ):
        check_paths([("input", "data/*.csv"), ("schema", "gs://bucket/schema.pbtxt"), ("output", "out/x")])


def test_a_run_with_local_files(cloud: Cloud) -> None:
    """A run that would read or write here isn't begun."""
    with pytest.raises(ConfigError, match=r"machine's files: .* received input 'mine/\*\.csv', output 'out/x'"):
        cloud.run("out/x", "--temp_location=gs://bucket/temp", settings=["input.files=mine/*.csv"])


def test_options_that_beam_refuses() -> None:
    """What Beam finds wrong with the service's options is told as it says it."""
    args = dataflow_args(["--project=123", *REQUIRED[1:], "--dry_run=True"], "gs://bucket/out")
    with pytest.raises(ConfigError, match=r"^Dataflow's options: Invalid Project ID \(123\)"):
        run_pipeline(lambda _: None, Engine("dataflow", tuple(args)))


@pytest.mark.parametrize("missing", ["google.cloud.dataflow", "google.cloud"])
def test_without_googles_client(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """Where Beam's Google Cloud extra isn't installed, in part or whole, it is said how to install it."""
    if missing == "google.cloud":
        monkeypatch.delitem(sys.modules, "google.cloud.dataflow", raising=False)
        monkeypatch.setitem(sys.modules, missing, None)
    else:
        monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"pip install .*\[gcp\]"):
        dataflow_args(REQUIRED, "gs://bucket/out")
    with pytest.raises(ConfigError, match=r"pip install .*\[gcp\]"):
        check_ready(Engine("DataflowRunner", ("--runner=DataflowRunner",)))


def test_without_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Missing credentials are told at once, and how to get some."""
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "STORAGE_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    with pytest.raises(ShardmillError, match=r"no Google Cloud credentials .*gcloud auth application-default login"):
        check_service(dataflow_args(REQUIRED, "gs://bucket/out"))
    check_service(["--no_auth"])


@pytest.mark.parametrize("name", ["--temp_location", "--staging_location"])
def test_a_staging_bucket_that_isnt_there(cloud: Cloud, name: str) -> None:
    """A bucket that nothing can be staged in is told before the analysis, not after Beam has tried for ten minutes."""
    engine = Engine("dataflow", tuple(dataflow_args(cloud.args(f"{name}=gs://nowhere/staging"), "gs://bucket/out")))
    set_file_options(engine)
    with pytest.raises(OutputError, match=rf"can't stage the job in {name} 'gs://nowhere/staging': .*404"):
        check_ready(engine)


def test_looking_leaves_nothing(cloud: Cloud) -> None:
    """Whether a bucket can be written is found out by writing there; what was written is removed."""
    engine = Engine("dataflow", tuple(dataflow_args(cloud.args(), "gs://bucket/out")))
    set_file_options(engine)
    before = cloud.found("")
    check_ready(engine)
    assert cloud.found("") == before
