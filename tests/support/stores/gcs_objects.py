"""What Google Cloud Storage keeps, and what it says of it."""

import base64
import functools
import hashlib
import itertools
import json
import re
import threading
from dataclasses import dataclass, field
from typing import Any

import google_crc32c

_PAGE = 1000
_CHUNK = 256 << 10


@dataclass(frozen=True)
class Reply:
    """An answer.

    Attributes:
        status: Its status.
        body: Its body.
        headers: Its headers.
    """

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, value: Any) -> "Reply":
        """Something found."""
        return cls(200, json.dumps(value).encode(), {"Content-Type": "application/json; charset=UTF-8"})

    @classmethod
    def error(cls, status: int, message: str) -> "Reply":
        """An error as Google's APIs put it."""
        body = {"error": {"code": status, "message": message, "errors": [{"message": message, "reason": "test"}]}}
        return cls(status, json.dumps(body).encode(), {"Content-Type": "application/json; charset=UTF-8"})


@dataclass
class Objects:
    """Buckets with objects; for all of a server's threads.

    Attributes:
        buckets: The objects' bytes, by bucket and name.
        forbidden: The buckets that nobody may use.
        gzipped: The objects that are marked as gzip's output of something else.
        locked: The objects that nobody may remove, by bucket and name.
        uploads: Those that go on: bucket, name and what came so far, by session.
    """

    buckets: dict[str, dict[str, bytes]] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)
    gzipped: set[tuple[str, str]] = field(default_factory=set)
    locked: set[tuple[str, str]] = field(default_factory=set)
    uploads: dict[str, tuple[str, str, bytearray]] = field(default_factory=dict)
    _sessions: Any = field(default_factory=itertools.count)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def refused(self, bucket: str) -> Reply | None:
        """What is said of a bucket that isn't there, or that nobody may use."""
        if bucket in self.forbidden:
            return Reply.error(403, f"Anonymous caller does not have storage.objects.list access to {bucket}.")
        return None if bucket in self.buckets else Reply.error(404, "The specified bucket does not exist.")

    def create_bucket(self, name: str) -> Reply:
        """Makes a bucket."""
        self.buckets.setdefault(name, {})
        return Reply.json({"kind": "storage#bucket", "name": name})

    def store(self, bucket: str, name: str, content: bytes, *, new: bool = False) -> Reply:
        """Keeps an object; where it has to be new, only if there is none."""
        with self._lock:
            if new and name in self.buckets[bucket]:
                return Reply.error(412, "At least one of the pre-conditions you specified did not hold.")
            self.buckets[bucket][name] = bytes(content)
        return self.describe(bucket, name)

    def describe(self, bucket: str, name: str) -> Reply:
        """An object's facts."""
        content = self.buckets[bucket].get(name)
        return _missing(bucket, name) if content is None else Reply.json(_facts(bucket, name, content))

    def content(self, bucket: str, name: str, asked: str | None) -> Reply:
        """An object's bytes, or a range of them."""
        content = self.buckets[bucket].get(name)
        if content is None:
            return _missing(bucket, name)
        headers = {
            "Content-Type": "application/octet-stream",
            "X-Goog-Hash": _hashes(content),
            "X-Goog-Generation": "1",
            **({"Content-Encoding": "gzip"} if (bucket, name) in self.gzipped else {}),
        }
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", asked or "")
        if not found:
            return Reply(200, content, headers)
        start, stop = int(found[1]), min(int(found[2] or len(content)) + 1, len(content))
        if start >= len(content):
            return Reply.error(416, "The requested range cannot be satisfied.")
        return Reply(206, content[start:stop], {**headers, "Content-Range": f"bytes {start}-{stop - 1}/{len(content)}"})

    def delete(self, bucket: str, name: str) -> Reply:
        """Removes an object."""
        if (bucket, name) in self.locked:
            return Reply.error(403, f"You don't have storage.objects.delete access to {bucket}/{name}.")
        with self._lock:
            return _missing(bucket, name) if self.buckets[bucket].pop(name, None) is None else Reply(204)

    def copy(self, bucket: str, name: str, to: str, target: str, verb: str) -> Reply:
        """Copies an object."""
        refused = self.refused(to)
        content = self.buckets[bucket].get(name)
        if refused or content is None:
            return refused or _missing(bucket, name)
        self.store(to, target, content)
        facts = _facts(to, target, content)
        size = str(len(content))
        done = {"done": True, "resource": facts, "totalBytesRewritten": size, "objectSize": size}
        return Reply.json(facts if verb == "copyTo" else done)

    def list(self, bucket: str, query: dict[str, str]) -> Reply:
        """A page of a bucket's objects, by name."""
        prefix, after = query.get("prefix", ""), query.get("pageToken", "")
        with self._lock:
            names = sorted(name for name in self.buckets[bucket] if name.startswith(prefix) and name > after)
        page = names[: min(int(query.get("maxResults", _PAGE)), _PAGE)]
        more = {"nextPageToken": page[-1]} if len(page) < len(names) else {}
        items = [_facts(bucket, name, self.buckets[bucket].get(name, b"")) for name in page]
        return Reply.json({"kind": "storage#objects", "items": items, **more})

    def start_upload(self, bucket: str, name: str) -> str:
        """Begins to take an object in pieces."""
        session = f"session-{next(self._sessions)}"
        self.uploads[session] = (bucket, name, bytearray())
        return session

    def end_upload(self, session: str) -> Reply:
        """Gives an upload up."""
        return Reply.error(499 if self.uploads.pop(session, None) else 404, "the upload has ended")

    def resume(self, session: str, headers: dict[str, str], body: bytes) -> Reply:
        """Takes the next piece of an object; it is there once all of it came."""
        if session not in self.uploads:
            return Reply.error(404, "there is no such upload")
        bucket, name, taken = self.uploads[session]
        found = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", headers.get("content-range", "bytes */*"))
        if found is None or (found[1] and int(found[1]) != len(taken)) or (found[2] == "*" and len(body) % _CHUNK):
            return Reply.error(400, f"not the next piece: {headers.get('content-range')}")
        taken += body
        if found[2] == "*" or len(taken) < int(found[2]):
            return Reply(308, b"", {"Range": f"bytes=0-{len(taken) - 1}"} if taken else {})
        del self.uploads[session]
        return self.store(bucket, name, taken)


def _missing(bucket: str, name: str) -> Reply:
    return Reply.error(404, f"No such object: {bucket}/{name}")


@functools.lru_cache(maxsize=1 << 14)
def _checksums(content: bytes) -> tuple[str, str]:
    crc = google_crc32c.value(content).to_bytes(4, "big")
    return base64.b64encode(crc).decode(), base64.b64encode(hashlib.md5(content).digest()).decode()


def _hashes(content: bytes) -> str:
    crc, md5 = _checksums(content)
    return f"crc32c={crc},md5={md5}"


def _facts(bucket: str, name: str, content: bytes) -> dict[str, str]:
    crc, md5 = _checksums(content)
    return {
        "kind": "storage#object",
        "id": f"{bucket}/{name}/1",
        "bucket": bucket,
        "name": name,
        "size": str(len(content)),
        "crc32c": crc,
        "md5Hash": md5,
        "generation": "1",
        "metageneration": "1",
        "contentType": "application/octet-stream",
        "updated": "2026-01-01T00:00:00.000000Z",
        "timeCreated": "2026-01-01T00:00:00.000000Z",
    }
