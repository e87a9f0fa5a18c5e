"""A small WebHDFS server over a local folder, as much of it as Beam's client uses."""

import contextlib
import http.server
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.stores.servers import running

_PREFIX = "/webhdfs/v1"


@dataclass(frozen=True)
class Hdfs:
    """A server that runs.

    Attributes:
        root: The folder that is served.
        port: Where it listens.
    """

    root: Path
    port: int

    @property
    def beam_args(self) -> tuple[str, ...]:
        """What leads Beam here."""
        return ("--hdfs_host=127.0.0.1", f"--hdfs_port={self.port}", "--hdfs_user=me")


@contextlib.contextmanager
def serve(root: Path) -> Iterator[Hdfs]:
    """Serves a folder in threads of this process, on a free port."""
    with running(_Handler) as server:
        server.root = root  # type: ignore[attr-defined]
        yield Hdfs(root, server.server_port)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        root: Path = self.server.root  # type: ignore[attr-defined]
        path = root / unquote(url.path).removeprefix(_PREFIX).strip("/")
        getattr(self, f"_{query['op'].lower()}")(path, query)

    do_GET = do_PUT = do_DELETE = _serve  # noqa: N815  (http.server's names)

    def _getfilestatus(self, path: Path, _: dict[str, str]) -> None:
        if path.exists():
            self._reply({"FileStatus": _status(path)})
        else:
            self._missing(path)

    def _liststatus(self, path: Path, _: dict[str, str]) -> None:
        if not path.exists():
            self._missing(path)
            return
        found = sorted(path.iterdir()) if path.is_dir() else [path]
        statuses = [_status(each) | {"pathSuffix": each.name if path.is_dir() else ""} for each in found]
        self._reply({"FileStatuses": {"FileStatus": statuses}})

    def _open(self, path: Path, query: dict[str, str]) -> None:
        start = int(query.get("offset", 0))
        content = path.read_bytes()
        self._send(200, content[start : start + int(query.get("length", len(content)))])

    def _create(self, path: Path, query: dict[str, str]) -> None:
        if path.exists() and query["overwrite"] != "true":
            self._error(403, "FileAlreadyExistsException", f"{path.name} already exists")
            return
        if "data" not in query:
            self._send(307, b"", Location=f"http://{self.headers['Host']}{self.path}&data=true")
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        body = self._body()
        try:
            with path.open("wb" if query["overwrite"] == "true" else "xb") as file:
                file.write(body)
        except FileExistsError:
            self._error(403, "FileAlreadyExistsException", f"{path.name} already exists")
            return
        self._send(201, b"")

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _mkdirs(self, path: Path, _: dict[str, str]) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self._reply({"boolean": True})

    def _rename(self, path: Path, query: dict[str, str]) -> None:
        root: Path = self.server.root  # type: ignore[attr-defined]
        target = root / query["destination"].strip("/")
        # As HDFS does it: into a folder that is there.
        target = target / path.name if target.is_dir() else target
        done = path.exists() and not target.exists() and target.parent.is_dir()
        if done:
            path.rename(target)
        self._reply({"boolean": done})

    def _delete(self, path: Path, _: dict[str, str]) -> None:
        there = path.exists()
        if path.is_dir():
            shutil.rmtree(path)
        elif there:
            path.unlink()
        self._reply({"boolean": there})

    def _missing(self, path: Path) -> None:
        self._error(404, "FileNotFoundException", f"File does not exist: {path.name}")

    def _error(self, status: int, kind: str, message: str) -> None:
        self._send(status, json.dumps({"RemoteException": {"exception": kind, "message": message}}).encode())

    def _reply(self, value: Any) -> None:
        self._send(200, json.dumps(value).encode())

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        kind = "application/json" if body.startswith(b"{") else "application/octet-stream"
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing is logged."""


def _status(path: Path) -> dict[str, Any]:
    found = path.stat()
    kind = "DIRECTORY" if path.is_dir() else "FILE"
    size = 0 if path.is_dir() else found.st_size
    return {"type": kind, "length": size, "modificationTime": int(found.st_mtime * 1000), "pathSuffix": path.name}
