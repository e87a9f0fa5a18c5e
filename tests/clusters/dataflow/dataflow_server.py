"""A small server of Dataflow's REST API that does its jobs, each from its staged pipeline alone, in a thread of this process."""

import contextlib
import http.server
import json
import re
import threading
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.transforms.environments import EmbeddedPythonEnvironment

from tests.support.stores.servers import running

_JOBS = re.compile(
    r"^/v1b3/projects/(?P<project>[^/]+)/locations/(?P<region>[^/]+)/jobs(?:/(?P<job>[^/]+)(?P<part>/\w+)?)?$"
)


@dataclass
class Job:
    """A job, as the service knows it.

    Attributes:
        id: Its number.
        request: What was asked for.
        state: Its state, in the service's words.
        messages: What went wrong, as the console shows it.
        done: Is set at its end.
    """

    id: str
    request: dict[str, Any]
    state: str = "JOB_STATE_RUNNING"
    messages: list[str] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def options(self) -> dict[str, Any]:
        """Beam's options, as workers get them: the request's numbers are all floating-point."""
        options = self.request["environment"]["sdkPipelineOptions"]["options"]
        return {
            name: int(value) if isinstance(value, float) and value.is_integer() else value
            for name, value in options.items()
        }

    @property
    def pipeline(self) -> beam_runner_api_pb2.Pipeline:
        """The graph that was staged."""
        with FileSystems.open(self.options["pipelineUrl"]) as staged:
            return beam_runner_api_pb2.Pipeline.FromString(staged.read())

    def run(self) -> None:
        """Does the job; the environment aside, which is a container, all comes from what was staged."""
        try:
            graph = self.pipeline
            for environment in graph.components.environments.values():
                environment.CopyFrom(EmbeddedPythonEnvironment.default().to_runner_api(None))
            FnApiRunner().run_via_runner_api(graph, PipelineOptions.from_dictionary(self.options)).wait_until_finish()
        except BaseException:  # noqa: BLE001  (a worker may raise anything, and options that Beam refuses end the thread)
            self.end("JOB_STATE_FAILED", traceback.format_exc())
        else:
            self.end("JOB_STATE_DONE")

    def end(self, state: str, message: str | None = None) -> None:
        """Ends it, by itself or by somebody in the console."""
        if message:
            self.messages.append(message)
        self.state = state
        self.done.set()


@dataclass
class Dataflow:
    """A service that runs.

    Attributes:
        endpoint: Its URL, for `--dataflow_endpoint`.
        jobs: All jobs that were created, in order.
        refusal: The HTTP status and the message that answer whoever creates a job; None: it is welcome.
        ending: The state and the message that a job ends with when it is looked at, instead of being done.
        counts: Whether it tells what was counted.
        active: Whether a job of the name that is asked for goes on already: it is what the client is told of.
    """

    endpoint: str
    jobs: list[Job] = field(default_factory=list)
    refusal: tuple[int, str] | None = None
    ending: tuple[str, str | None] | None = None
    counts: bool = True
    active: bool = False

    def create(self, request: dict[str, Any]) -> Job:
        """Starts a job: from a client's request, or from the file of a template, which is the same."""
        job = Job(f"2026-01-01_00_00_00-{len(self.jobs)}", request)
        self.jobs.append(job)
        if not self.ending:
            threading.Thread(target=job.run, daemon=True).start()
        return job

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """A request's HTTP status and JSON."""
        found = _JOBS.match(urlsplit(path).path)
        if not found:
            return _error(HTTPStatus.NOT_FOUND, f"no such method: {method} {path}")
        if found["job"] is None and self.refusal:
            return _error(*self.refusal)
        job = next((job for job in self.jobs if job.id == found["job"]), None)
        if found["job"] is None:
            job = self.create(json.loads(body))
        elif job is None:
            return _error(HTTPStatus.NOT_FOUND, f"no such job: {found['job']}")
        elif self.ending and not job.done.is_set():
            job.end(*self.ending)
        if method == "PUT" and "requestedState" in json.loads(body):
            job.end("JOB_STATE_CANCELLED")
        if found["part"] == "/messages":
            return HTTPStatus.OK, {"jobMessages": [_message(text) for text in job.messages]}
        if found["part"] == "/metrics":
            counted = (HTTPStatus.OK, {"metricTime": _now(), "metrics": []})
            return counted if self.counts else _error(HTTPStatus.FORBIDDEN, "metrics aren't for you")
        place = {"projectId": found["project"], "location": found["region"], "name": job.request["name"]}
        if self.active:
            place["clientRequestId"] = "another"
        return HTTPStatus.OK, {**place, "id": job.id, "currentState": job.state, "createTime": _now()}


def _error(status: int, message: str) -> tuple[int, dict[str, Any]]:
    return status, {"error": {"code": int(status), "message": message, "status": HTTPStatus(status).name}}


def _message(text: str) -> dict[str, str]:
    return {"id": "1", "time": _now(), "messageText": text, "messageImportance": "JOB_MESSAGE_ERROR"}


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@contextlib.contextmanager
def serve() -> Iterator[Dataflow]:
    """Runs a server, in threads of this process, on a free port."""
    with running(_Handler) as server:
        # The client speaks REST, not gRPC, to a host of this name.
        service = Dataflow(f"http://localhost:{server.server_port}")
        server.service = service  # type: ignore[attr-defined]
        yield service


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        service: Dataflow = self.server.service  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, reply = service.answer(self.command, self.path, body)
        data = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = _serve  # noqa: N815  (http.server's names)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""
