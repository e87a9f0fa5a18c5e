"""Dataflow: what it is asked for, what it gets, that this runs, and what its refusals become.

The service and its object store are small servers on this machine; the service runs what was staged, and nothing else.
"""

import importlib.util
import json
import os
import pkgutil
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.dataflow import dataflow_runner

from shardmill.pipelines import apply
from shardmill.pipelines import run as run_module
from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.doctor.connection import examine_engine
from shardmill.pipelines.engines.beam_options import set_file_options
from shardmill.pipelines.engines.dataflow import check_paths, check_service, dataflow_args
from shardmill.pipelines.engines.engine import Engine, option
from shardmill.pipelines.engines.failure import explain_failure
from shardmill.pipelines.engines.ready import check_ready
from shardmill.pipelines.engines.run_pipeline import run_pipeline
from shardmill.pipelines.flex_template import main as flex_template
from shardmill.pipelines.run_folder import publish_stage
from shardmill.schemas.errors import ConfigError, DataError, OutputError, ShardmillError
from tests.clusters import dataflow_server
from tests.clusters.dataflow_server import Dataflow, Job
from tests.pipelines.cli.test_commands import INTERRUPTIBLE
from tests.pipelines.engines.test_job_graph import LARGEST, local_paths
from tests.support.needs import needs_google
from tests.support.runs import files_of
from tests.support.stores import gcs
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


@pytest.fixture(scope="module", autouse=True)
def google() -> None:
    """Google's clients."""
    needs_google()


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, shared_tracer: None) -> Iterator[Cloud]:
    """A service and a store on this machine."""
    folder = tmp_path_factory.mktemp("cloud")
    (folder / "schema.pbtxt").write_text(SCHEMA)
    (folder / "job.toml").write_text(TOML.format(data="gs://bucket/data.csv"))
    with pytest.MonkeyPatch.context() as patch, gcs.serve("bucket") as store, dataflow_server.serve() as service:
        for name, value in store.environment.items():
            patch.setenv(name, value)
        # Beam's client asks every five seconds how the job is.
        patch.setattr(
            dataflow_runner, "time", SimpleNamespace(time=time.time, sleep=lambda seconds: time.sleep(seconds / 50))
        )
        store.objects.store("bucket", "data.csv", ROWS.encode())
        yield Cloud(service, store, folder / "job.toml")


@pytest.fixture(scope="module")
def job(cloud: Cloud) -> Job:
    """The job of a run that the service has done."""
    cloud.run("gs://bucket/runs/First_one", "--machine_type=n2-standard-4", "--max_num_workers=20", "--disk_size_gb=50")
    return cloud.service.jobs[0]


def test_what_is_staged_runs_and_is_published(cloud: Cloud, job: Job, tmp_path: Path) -> None:
    """The service, which has the staged graph alone, makes the bytes that a local run makes; nothing else is left."""
    config = load_config(str(cloud.config), (), str(tmp_path / "run"))
    run_module.run(config, overwrite=False, engine=Engine(workers=2), progress=Progress(quiet=True))
    expected = files_of(tmp_path / "run")
    found = cloud.found("runs/First_one/")
    assert found.keys() >= expected.keys()
    assert {name for name in expected if found[name] != expected[name]} == {"manifest.json"}
    assert json.loads(found["manifest.json"])["rows"] == {"read": 401, "written": 400, "rejected": 1}
    assert cloud.found("runs/").keys() == {f"First_one/{name}" for name in found}


def test_a_run_outlives_its_metrics(cloud: Cloud) -> None:
    """A service that doesn't tell what was counted doesn't undo what the job has done."""
    cloud.service.counts = False
    try:
        cloud.run("gs://bucket/runs/uncounted")
    finally:
        cloud.service.counts = True
    assert json.loads(cloud.found("runs/uncounted/")["manifest.json"])["metrics"] == {}


def test_a_run_of_this_machine_is_applied(cloud: Cloud, tmp_path: Path) -> None:
    """The service gets a copy of a local run's graph; the new rows and the output are in the store."""
    config = load_config(str(cloud.config), (), str(tmp_path / "run"))
    run_module.run(config, overwrite=False, engine=Engine(workers=2), progress=Progress(quiet=True))
    output = "gs://bucket/runs/applied"
    engine = Engine("dataflow", tuple(dataflow_args(cloud.args(), output)))
    application = apply.Application(str(tmp_path / "run"), ("gs://bucket/data.csv",))
    apply.apply(application, output, overwrite=False, engine=engine, progress=Progress(quiet=True))
    shard = "train-00001-of-00002.tfrecord.gz"
    assert cloud.found("runs/applied/")[shard] == (tmp_path / "run" / shard).read_bytes()


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


def test_the_request_names_the_image_and_the_machines(job: Job) -> None:
    """The job's name is the output's, workers run the image, and the machines are as the options say."""
    assert job.request["name"] == "shardmill-first-one"
    pool = job.request["environment"]["workerPools"][0]
    assert pool["workerHarnessContainerImage"] == IMAGE
    assert [image["containerImage"] for image in pool["sdkHarnessContainerImages"]] == [IMAGE]
    assert (pool["machineType"], pool["diskSizeGb"], pool["numThreadsPerWorker"]) == ("n2-standard-4", 50, 2)
    assert pool["autoscalingSettings"]["maxNumWorkers"] == 20
    assert "use_runner_v2" in job.request["environment"]["experiments"]
    # Nothing is installed when workers start, and nothing of this machine travels beside the graph.
    assert "packages" not in pool
    assert job.options["save_main_session"] is False
    assert job.options["pipelineUrl"].startswith("gs://bucket/dataflow/shardmill-first-one.")


def test_the_staged_graph_is_complete(cloud: Cloud, job: Job) -> None:
    """Every stage's environment is the image, every coder is there, and no path of this machine is in it."""
    graph = job.pipeline
    components = graph.components
    assert {_image(environment) for environment in components.environments.values()} == {IMAGE}
    assert not any(environment.dependencies for environment in components.environments.values())
    for stage in components.transforms.values():
        assert {*stage.inputs.values(), *stage.outputs.values()} <= components.pcollections.keys()
        assert stage.environment_id in components.environments or not _runs_python(stage)
    for collection in components.pcollections.values():
        assert collection.coder_id in components.coders
        assert collection.windowing_strategy_id in components.windowing_strategies
    for coder in components.coders.values():
        assert set(coder.component_coder_ids) <= components.coders.keys()
    # The manifest tells the configuration, and so the schema's place.
    assert local_paths(graph, str(cloud.config.parent)) == set()
    assert graph.ByteSize() < LARGEST


def _image(environment: beam_runner_api_pb2.Environment) -> str:
    image: str = beam_runner_api_pb2.DockerPayload.FromString(environment.payload).container_image
    return image


def _runs_python(stage: beam_runner_api_pb2.PTransform) -> bool:
    return not stage.subtransforms and stage.spec.urn not in (
        "beam:transform:impulse:v1",
        "beam:transform:group_by_key:v1",
        "beam:transform:flatten:v1",
        "beam:transform:reshuffle:v1",
    )


def test_a_workers_error_comes_back(cloud: Cloud) -> None:
    """What a worker says of a bad row is the run's error; nothing is published."""
    with pytest.raises(DataError, match=r"(?s)gs://bucket/data\.csv, line 402.*'x'.*on_bad_row is \"fail\""):
        cloud.run("gs://bucket/runs/bad", settings=["input.on_bad_row=fail"])
    assert cloud.found("runs/bad") == {}


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        (("JOB_STATE_CANCELLED", None), r"job 2026\S+ was cancelled, and nothing was published"),
        (("JOB_STATE_UPDATED", None), r"job 2026\S+ ended as UPDATED, and nothing was published"),
        (("JOB_STATE_FAILED", None), r"job 2026\S+ failed and gave no reason, and nothing was published"),
        (
            ("JOB_STATE_FAILED", "Workflow failed. Causes: The zone has no more n2-standard-4 machines."),
            "no more n2-standard-4 machines",
        ),
        (
            (
                "JOB_STATE_FAILED",
                "Traceback (most recent call last):\nModuleNotFoundError: No module named 'shardmill'",
            ),
            "don't have shardmill",
        ),
    ],
    ids=["cancelled", "replaced", "failed silently", "failed", "image without shardmill"],
)
def test_a_job_that_isnt_done(cloud: Cloud, ending: tuple[str, str | None], expected: str) -> None:
    """A job that failed, or that somebody cancelled in the console, is one message; nothing is published."""
    cloud.service.ending = ending
    try:
        with pytest.raises(ShardmillError, match=expected):
            cloud.run("gs://bucket/runs/ended")
    finally:
        cloud.service.ending = None
    assert cloud.found("runs/ended") == {}


def test_an_interruption_cancels_the_job(cloud: Cloud) -> None:
    """Ctrl-C while the job runs: it is cancelled, lest it go on and cost money."""
    cloud.service.ending = ("JOB_STATE_RUNNING", None)
    before = len(cloud.service.jobs)
    command = [
        *INTERRUPTIBLE,
        "run",
        str(cloud.config),
        "--output=gs://bucket/runs/interrupted",
        "--engine=dataflow",
        "--quiet",
    ]
    try:
        with subprocess.Popen([*command, *cloud.args()], stderr=subprocess.PIPE, text=True) as process:
            while not (cloud.service.jobs[before:] and cloud.service.jobs[before].done.is_set()):
                assert process.poll() is None
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=60)[1]
    finally:
        cloud.service.ending = None
    assert (process.returncode, said) == (130, "interrupted: nothing was published\n")
    assert [job.state for job in cloud.service.jobs[before:]] == ["JOB_STATE_CANCELLED"]
    assert cloud.found("runs/interrupted") == {}


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (
            (429, "Quota exceeded for quota metric 'Create job requests'"),
            "Quota exceeded for .*HTTP 429.*--max_num_workers",
        ),
        ((403, "(abc): The workflow could not be created. Causes: CPUS quota"), "CPUS quota .HTTP 403.*quota page"),
        ((403, "Dataflow API has not been used in project 1 before"), "has not been used .*roles/dataflow.developer"),
        ((404, "Project some-project was not found"), "not found .HTTP 404.*check --project"),
        ((409, "The workflow could not be created, since it is running already"), "--job_name"),
    ],
    ids=["quota", "quota of machines", "forbidden", "no project", "runs already"],
)
def test_the_service_refuses(cloud: Cloud, refusal: tuple[int, str], expected: str) -> None:
    """A quota that is used up, or any other refusal, is one message with Google's words in it; nothing is published."""
    cloud.service.refusal = refusal
    try:
        with pytest.raises(ShardmillError, match=f"(?s)^Dataflow refused: .*{expected}") as error:
            cloud.run("gs://bucket/runs/refused")
    finally:
        cloud.service.refusal = None
    assert "http://" not in str(error.value)
    assert cloud.found("runs/refused") == {}


def test_a_job_of_the_same_name_goes_on(cloud: Cloud) -> None:
    """The service takes no second job of a name while the first one is active, and gives the first one back: that isn't this run's."""
    cloud.service.active = True
    try:
        with pytest.raises(
            ShardmillError, match=r"^Dataflow refused: There is already active job named shardmill-again .*--job_name$"
        ):
            cloud.run("gs://bucket/runs/again")
    finally:
        cloud.service.active = False
    assert cloud.found("runs/again") == {}


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        (
            "google.api_core.exceptions:Unauthorized",
            ["Request had invalid credentials."],
            "invalid credentials .HTTP 401.*dataflow.dev",
        ),
        (
            "google.api_core.exceptions:InternalServerError",
            ["Oops"],
            "Oops .HTTP 500.; the service failed: run again later",
        ),
        (
            "google.api_core.exceptions:RetryError",
            ["Timeout of 60.0s exceeded", None],
            "can't be reached: Timeout of 60.0s exceeded",
        ),
        (
            "google.auth.exceptions:RefreshError",
            ["invalid_grant: Token has expired"],
            "can't be reached: invalid_grant.*check the credentials",
        ),
        (
            "builtins:AssertionError",
            ["Job did not reach to a terminal state after waiting indefinitely. Console URL: https://console/jobs/1"],
            "the job may still be running; check it, and cancel it, at https://console/jobs/1$",
        ),
    ],
    ids=["unauthorized", "server error", "timeout", "credentials", "unknown state"],
)
def test_what_else_the_client_raises(kind: str, arguments: Sequence[str | None], message: str) -> None:
    """What Google's and Beam's clients raise when the service can't be asked, or doesn't know, is one message that says what to do."""
    found = explain_failure(pkgutil.resolve_name(kind)(*arguments), Engine("dataflow"))
    assert type(found) is ShardmillError
    with pytest.raises(ShardmillError, match=message):
        raise found


def test_a_job_that_cannot_be_staged() -> None:
    """What Beam says of a bucket that it may not write to, after minutes, is an error of the output; the request isn't told."""
    text = (
        "Could not upload to GCS path gs://bucket/staging: 403 GET http://host/storage/v1/b/bucket: no access. Please verify that "
        "credentials are valid, that the specified path exists, and that you have write access to it."
    )
    found = explain_failure(OSError(text), Engine("dataflow"))
    assert isinstance(found, OutputError)
    assert str(found).startswith(
        "the job's files can't be staged: Could not upload to GCS path gs://bucket/staging: 403 no access."
    )
    assert str(found).endswith("write access to it; give another folder with --staging_location")


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


def test_a_template_runs_and_is_published_when_it_is_launched(cloud: Cloud) -> None:
    """With `--template_location` the job is written down, and no more; the service, given that, does it and publishes. Once."""
    jobs = len(cloud.service.jobs)
    cloud.run("gs://bucket/runs/later", "--template_location=gs://bucket/templates/job")
    assert len(cloud.service.jobs) == jobs
    assert not cloud.found("runs/later/")
    request = json.loads(cloud.found("templates/")["job"])
    launched = cloud.service.create(request)
    assert launched.done.wait(120)
    assert launched.messages == []
    assert {"_SUCCESS", "manifest.json", "transform_fn/saved_model.pb"} <= cloud.found("runs/later/").keys()
    assert not cloud.found("runs/later.incomplete")
    again = cloud.service.create(request)
    assert again.done.wait(120)
    assert "gone: the template has been launched before" in again.messages[0]
    assert "_SUCCESS" in cloud.found("runs/later/")


@pytest.mark.parametrize("left", ["nothing", "a file"])
def test_publishing_again_changes_nothing(tmp_path: Path, left: str) -> None:
    """An attempt at publishing that another one has been faster than takes nothing away, whatever it finds left."""
    work, output = tmp_path / "out.incomplete", tmp_path / "out"
    (work / "parts").mkdir(parents=True)
    (work / "manifest.json").write_text('{"rows": {"rejected": 1}}')
    publish_stage._publish(None, str(work), str(output), "dataflow")
    assert sorted(path.name for path in output.iterdir()) == ["_SUCCESS", "manifest.json"]
    assert json.loads((output / "manifest.json").read_text())["engine"] == "dataflow"
    if left == "a file":
        work.mkdir()
        (work / "train-00000-of-00001.tfrecord.gz").touch()
    publish_stage._publish(None, str(work), str(output), "dataflow")
    assert sorted(path.name for path in output.iterdir()) == ["_SUCCESS", "manifest.json"]
    assert not work.exists()


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
