"""Explains why a Dataflow job failed, in one message each."""

import re
from http import HTTPStatus

from shardmill.schemas.errors import ConfigError, OutputError, ShardmillError
from shardmill.schemas.messages import shortened

_ENDINGS = {"CANCELLED": "was cancelled", "DRAINED": "was drained", "FAILED": "failed and gave no reason"}
_REQUEST = re.compile(r"\b(?:GET|POST|PUT|DELETE) https?://\S+: ")


def explain(error: Exception) -> ShardmillError | None:
    """Explains an error of Dataflow, its API or its store.

    Returns None where `error` is something else, such as a worker's error.

    Args:
        error: The exception that Beam's client raised.
    """
    from apache_beam.runners.dataflow.dataflow_runner import DataflowRuntimeException
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError

    if isinstance(error, DataflowRuntimeException):
        return _ended(error.result.job_id(), str(error.result.state), str(error))
    if isinstance(error, GoogleAPICallError):
        return _refused(error.code or 0, error.message or "")
    if isinstance(error, GoogleAuthError | RetryError):
        return ShardmillError(
            f"Dataflow can't be reached: {shortened(str(error))}; check the credentials and the network, then run again"
        )
    return _said(str(error))


def _ended(job: str, state: str, text: str) -> ShardmillError | None:
    if state == "FAILED" and not text.endswith("\nNone"):
        return None
    return ShardmillError(
        f"Dataflow's job {job} {_ENDINGS.get(state, f'ended as {state}')}, and nothing was published; see its page in "
        "the console"
    )


def _refused(code: int, message: str) -> ShardmillError:
    """Adds advice to an error message of Google's API."""
    if code == HTTPStatus.TOO_MANY_REQUESTS or "quota" in message.lower():
        advice = "wait until the quota is free, ask for more on the console's quota page, or take fewer workers with --max_num_workers"
    elif code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        advice = (
            "check that the Dataflow API is enabled in --project, and that the account may create jobs there "
            "(roles/dataflow.developer) and use the bucket"
        )
    elif code == HTTPStatus.CONFLICT:
        advice = (
            "a job of this name is running already, maybe into the same output: wait for it, or give another --job_name"
        )
    elif code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        advice = "the service failed: run again later"
    else:
        advice = "check --project, --region, the buckets and the other options that are passed to Beam"
    return ShardmillError(f"Dataflow refused: {_without_request(message)} (HTTP {code}); {advice}")


def _said(text: str) -> ShardmillError | None:
    """Explains errors that Beam raises as one general class."""
    if text.startswith("There is already active job named"):
        return _refused(HTTPStatus.CONFLICT, text.partition(". ")[0])
    if text.startswith("Could not upload to GCS path"):
        return OutputError(
            f"the job's files can't be staged: {_without_request(text)}; give another folder with --staging_location"
        )
    if text.startswith("Pipeline has validations errors"):
        return ConfigError(f"Dataflow's options: {' '.join(text.partition(':')[2].split())}")
    if text.startswith("Job did not reach to a terminal state"):
        return ShardmillError(
            "Dataflow no longer reports the job's state, so nothing is published, but the job may still be running; "
            f"check it, and cancel it, at {text.partition('Console URL: ')[2]}"
        )
    return None


def _without_request(message: str) -> str:
    return shortened(_REQUEST.sub("", message)).rstrip(".")
