"""What a job on Dataflow ends in that fails, is refused, is cancelled or can't be staged: one message, and nothing is published."""

import pkgutil
import signal
import subprocess
import time
from collections.abc import Sequence

import pytest

from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.engines.failure import explain_failure
from shardmill.schemas.errors import DataError, OutputError, ShardmillError
from tests.clusters.dataflow.cloud import Cloud
from tests.pipelines.cli.test_commands import INTERRUPTIBLE


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
