"""A small server of Google Cloud Storage's JSON API, as much of it as Beam's client and Dataflow's staging use; objects are in memory.

`STORAGE_EMULATOR_HOST` leads the client to it; it takes no key but its own.
"""

import contextlib
import http.server
import json
import os
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.parser import BytesParser
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from apache_beam.internal.gcp import auth
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.stores.faults import Asked, Fault, Faults
from tests.support.stores.gcs_objects import Objects, Reply
from tests.support.stores.servers import running

# What no message, log or manifest may show.
ACCESS_TOKEN = "fake-access-token-that-nothing-may-print"
_TOKEN_PATH = "/token"


@dataclass
class Gcs:
    """A server that runs.

    Attributes:
        endpoint: Its URL, for `STORAGE_EMULATOR_HOST`.
        credentials: A file of credentials for it.
        objects: What is stored.
        faults: Its log, and what it is to do wrong.
    """

    endpoint: str
    credentials: str
    objects: Objects = field(default_factory=Objects)
    faults: Faults = field(default_factory=Faults)

    scheme: ClassVar = "gs"
    beam_args: ClassVar[tuple[str, ...]] = ()
    secrets: ClassVar = (ACCESS_TOKEN, "PRIVATE KEY")

    def names(self, bucket: str, prefix: str = "") -> list[str]:
        """All objects of a bucket."""
        return sorted(name for name in list(self.objects.buckets[bucket]) if name.startswith(prefix))

    def content(self, bucket: str, name: str) -> bytes:
        """An object's bytes."""
        return self.objects.buckets[bucket][name]

    def put(self, bucket: str, name: str, content: bytes) -> None:
        """Makes an object."""
        self.objects.store(bucket, name, content)

    def lock(self, bucket: str, name: str) -> None:
        """Lets nobody remove an object."""
        self.objects.locked.add((bucket, name))

    def unlock(self, bucket: str) -> None:
        """Lets all objects be removed."""
        self.objects.locked = {place for place in self.objects.locked if place[0] != bucket}

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead a client here, with credentials: without, Beam looks for some for half a minute."""
        return {"STORAGE_EMULATOR_HOST": self.endpoint, "GOOGLE_APPLICATION_CREDENTIALS": self.credentials}


@contextlib.contextmanager
def serve(*buckets: str) -> Iterator[Gcs]:
    """Runs a server with some empty buckets, in threads of this process, on a free port."""
    with running(_Handler) as server:
        endpoint = f"http://127.0.0.1:{server.server_port}"
        credentials = _write_credentials(endpoint)
        gcs = Gcs(endpoint, credentials)
        # Beam looks for credentials once in a process.
        auth._Credentials._credentials_init = False
        for bucket in buckets:
            gcs.objects.buckets[bucket] = {}
        server.gcs = gcs  # type: ignore[attr-defined]
        try:
            yield gcs
        finally:
            os.unlink(credentials)
            auth._Credentials._credentials_init = False


def _write_credentials(endpoint: str) -> str:
    """A file of a service account whose tokens are given out at the endpoint."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    facts = {
        "type": "service_account",
        "project_id": "fake",
        "private_key": text,
        "client_email": "fake@example.com",
        "token_uri": endpoint + _TOKEN_PATH,
    }
    handle, path = tempfile.mkstemp(prefix="fake-credentials-", suffix=".json")
    with os.fdopen(handle, "w") as file:
        json.dump(facts, file)
    return path


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    _METHODS: ClassVar = ("GET", "POST", "PUT", "PATCH", "DELETE")

    @property
    def _gcs(self) -> Gcs:
        gcs: Gcs = self.server.gcs  # type: ignore[attr-defined]
        return gcs

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = self._chunked()
        fault = self._gcs.faults.of(Asked(self.command, unquote(self.path), self.headers.get("Range")))
        time.sleep(fault.seconds)
        if fault.status:
            self._send(Reply.error(fault.status, "as the test wishes"), fault)
        elif self.path != _TOKEN_PATH and self.headers.get("Authorization") != f"Bearer {ACCESS_TOKEN}":
            self._send(Reply.error(401, "Invalid Credentials"), fault)
        elif self.path.startswith("/batch/"):
            self._send(self._batch(body), fault)
        else:
            self._send(answer(self._gcs, self.command, self.path, dict(self.headers.items()), body), fault)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815  (http.server's names)

    def _chunked(self) -> bytes:
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _batch(self, body: bytes) -> Reply:
        """Several requests in the body of one, answered likewise."""
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        answers = []
        for part in BytesParser().parsebytes(head + body).get_payload():
            request = part.get_payload(decode=True)
            line, _, rest = request.partition(b"\r\n" if b"\r\n" in request else b"\n")
            method, url, _ = line.decode().split()
            target = urlsplit(url)
            reply = answer(self._gcs, method, f"{target.path}?{target.query}", {}, rest.partition(b"\n\n")[2])
            answers.append(
                f"--answers\r\nContent-Type: application/http\r\nContent-ID: <response-{part['Content-ID']}>\r\n\r\n"
                f"HTTP/1.1 {reply.status} Status\r\nContent-Type: application/json\r\nContent-Length: {len(reply.body)}\r\n\r\n".encode()
                + reply.body
                + b"\r\n"
            )
        return Reply(200, b"".join(answers) + b"--answers--", {"Content-Type": 'multipart/mixed; boundary="answers"'})

    def _send(self, reply: Reply, fault: Fault) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(reply.body if fault.cut is None else reply.body[: fault.cut])
            self.wfile.flush()
        if fault.cut is not None:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """The log of the requests is kept elsewhere."""


_OBJECTS = re.compile(r"/(?:storage/v1|download/storage/v1)/b/(?P<bucket>[^/]+)/o/(?P<name>[^/]+)")
_COPY = re.compile(_OBJECTS.pattern + r"/(?P<verb>copyTo|rewriteTo)/b/(?P<to>[^/]+)/o/(?P<target>[^/]+)")
_LIST = re.compile(r"/storage/v1/b/(?P<bucket>[^/]+)/o")
_BUCKET = re.compile(r"/storage/v1/b/(?P<bucket>[^/]+)")
_UPLOAD = re.compile(r"/(?:resumable/)?upload/storage/v1/b/(?P<bucket>[^/]+)/o")


def answer(gcs: Gcs, method: str, target: str, headers: dict[str, str], body: bytes) -> Reply:
    """Answers one request."""
    url = urlsplit(target)
    query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
    headers = {name.lower(): value for name, value in headers.items()}
    for pattern, handle in _ROUTES:
        found = pattern.fullmatch(url.path)
        if found:
            names = {name: unquote(value) for name, value in found.groupdict().items()}
            refused = gcs.objects.refused(names["bucket"])
            return refused or handle(gcs, method, names, query, headers, body)
    if url.path == _TOKEN_PATH:
        return Reply.json({"access_token": ACCESS_TOKEN, "expires_in": 3600, "token_type": "Bearer"})
    if url.path == "/storage/v1/b" and method == "POST":
        return gcs.objects.create_bucket(json.loads(body)["name"])
    return Reply.error(404, f"nothing is served at {url.path}")


def _object(
    gcs: Gcs, method: str, names: dict[str, str], query: dict[str, str], headers: dict[str, str], _: bytes
) -> Reply:
    bucket, name = names["bucket"], names["name"]
    if method == "DELETE":
        return gcs.objects.delete(bucket, name)
    if query.get("alt") == "media":
        return gcs.objects.content(bucket, name, headers.get("range"))
    return gcs.objects.describe(bucket, name)


def _copy(gcs: Gcs, _: str, names: dict[str, str], __: dict[str, str], ___: dict[str, str], ____: bytes) -> Reply:
    return gcs.objects.copy(names["bucket"], names["name"], names["to"], names["target"], names["verb"])


def _list(gcs: Gcs, _: str, names: dict[str, str], query: dict[str, str], __: dict[str, str], ___: bytes) -> Reply:
    return gcs.objects.list(names["bucket"], query)


def _bucket(gcs: Gcs, _: str, names: dict[str, str], __: dict[str, str], ___: dict[str, str], ____: bytes) -> Reply:
    return Reply.json({"kind": "storage#bucket", "name": names["bucket"], "id": names["bucket"], "projectNumber": "1"})


def _upload(
    gcs: Gcs, method: str, names: dict[str, str], query: dict[str, str], headers: dict[str, str], body: bytes
) -> Reply:
    bucket = names["bucket"]
    session = query.get("upload_id")
    if session is None and method == "DELETE":
        return Reply.error(400, "the upload isn't named")
    if session is not None:
        return gcs.objects.end_upload(session) if method == "DELETE" else gcs.objects.resume(session, headers, body)
    if query["uploadType"] == "resumable":
        name = query.get("name") or json.loads(body)["name"]
        session = gcs.objects.start_upload(bucket, name)
        place = f"{gcs.endpoint}/upload/storage/v1/b/{bucket}/o?uploadType=resumable&upload_id={session}"
        return Reply(200, b"", {"Location": place})
    new = query.get("ifGenerationMatch") == "0"
    if query["uploadType"] == "media":
        return gcs.objects.store(bucket, query["name"], body, new=new)
    head, content = _parts(headers["content-type"], body)
    return gcs.objects.store(bucket, query.get("name") or json.loads(head)["name"], content, new=new)


def _parts(kind: str, body: bytes) -> list[bytes]:
    """The bodies of a multipart message, byte for byte."""
    boundary = re.search(r'boundary="?([^";]+)"?', kind)
    assert boundary is not None
    found = body.split(b"--" + boundary[1].encode())[1:-1]
    return [re.split(rb"\r?\n\r?\n", part, maxsplit=1)[1].removesuffix(b"\n").removesuffix(b"\r") for part in found]


_ROUTES = ((_COPY, _copy), (_OBJECTS, _object), (_LIST, _list), (_UPLOAD, _upload), (_BUCKET, _bucket))
