"""Moto's server of Amazon's S3, with a log of the requests and faults on demand; objects are in memory."""

import contextlib
import functools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import unquote

import boto3
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.support.stores.faults import Asked, Faults

# What no message, log or manifest may show.
KEY_ID = "AKIAFAKEFAKEFAKEFAKE"
SECRET = "fake/secret/that/nothing/may/print"


@dataclass
class S3:
    """A server that runs.

    Attributes:
        endpoint: Its URL, for `--s3_endpoint_url`.
        faults: Its log, and what it is to do wrong.
    """

    endpoint: str
    faults: Faults = field(default_factory=Faults)

    scheme: ClassVar = "s3"
    secrets: ClassVar = (SECRET, KEY_ID)

    @property
    def beam_args(self) -> tuple[str, ...]:
        """What leads Beam here."""
        return (f"--s3_endpoint_url={self.endpoint}",)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that give a client its keys."""
        return {
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @functools.cached_property
    def client(self) -> Any:
        """A client of Amazon's."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )

    def names(self, bucket: str, prefix: str = "") -> list[str]:
        """All objects of a bucket."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", ())]

    def put(self, bucket: str, name: str, content: bytes) -> None:
        """Makes an object."""
        # Past the server, which takes its time.
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object(bucket, name, content)

    def lock(self, bucket: str, name: str) -> None:
        """Lets nobody remove an object."""
        statement = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:DeleteObject",
            "Resource": f"arn:aws:s3:::{bucket}/{name}",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.client.put_bucket_policy(Bucket=bucket, Policy=policy)

    def unlock(self, bucket: str) -> None:
        """Lets all objects be removed."""
        self.client.delete_bucket_policy(Bucket=bucket)

    def content(self, bucket: str, name: str) -> bytes:
        """An object's bytes."""
        content: bytes = self.client.get_object(Bucket=bucket, Key=name)["Body"].read()
        return content


@contextlib.contextmanager
def serve(*buckets: str) -> Iterator[S3]:
    """Runs a server with some empty buckets, in threads of this process, on a free port."""
    # Moto keeps what is stored for the whole process.
    s3_backends[DEFAULT_ACCOUNT_ID]["aws"].reset()
    faults = Faults()
    served = _Faulty(DomainDispatcherApplication(create_backend_app), faults)
    server = make_server("127.0.0.1", 0, served, threaded=True, request_handler=_Quiet)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    s3 = S3(f"http://127.0.0.1:{server.server_port}", faults)
    try:
        for bucket in buckets:
            s3.client.create_bucket(Bucket=bucket)
        faults.clear()
        yield s3
    finally:
        server.shutdown()
        server.server_close()


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_: Any) -> None:
        """The log of the requests is kept elsewhere."""


class _Faulty:
    """Moto's application behind the faults."""

    def __init__(self, application: Any, faults: Faults) -> None:
        self._application = application
        self._faults = faults

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        query = environ.get("QUERY_STRING")
        target = unquote(environ["PATH_INFO"] + (f"?{query}" if query else ""))
        fault = self._faults.of(Asked(environ["REQUEST_METHOD"], target, environ.get("HTTP_RANGE")))
        time.sleep(fault.seconds)
        if fault.status:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            code = "AccessDenied" if fault.status == HTTPStatus.FORBIDDEN else "SlowDown"
            body = f"<Error><Code>{code}</Code><Message>as the test wishes</Message></Error>".encode()
            start(f"{fault.status} Fault", [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
            return [body]
        answer: Iterable[bytes] = self._application(environ, start)
        return answer if fault.cut is None else _cut(answer, fault.cut, environ["werkzeug.socket"])


def _cut(answer: Iterable[bytes], size: int, connection: socket.socket) -> Iterator[bytes]:
    if size:
        yield b"".join(answer)[:size]
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError
