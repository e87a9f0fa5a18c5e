"""Dataflow: what it is asked for, what it gets, and that this runs, at once or as a template."""

import json
from pathlib import Path

import pytest
from apache_beam.portability.api import beam_runner_api_pb2

from shardmill.pipelines import apply
from shardmill.pipelines import run as run_module
from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.dataflow import dataflow_args
from shardmill.pipelines.engines.engine import Engine
from tests.clusters.dataflow.cloud import IMAGE, Cloud
from tests.clusters.dataflow.dataflow_server import Job
from tests.pipelines.engines.test_job_graph import LARGEST, local_paths
from tests.support.runs import files_of


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
    metrics = json.loads(cloud.found("runs/uncounted/")["manifest.json"])["metrics"]
    assert {name for name in metrics if not name.startswith("clock-")} == set()


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
