"""Amazon S3, and other servers with its protocol.

Beam's own client retries for ten minutes if a server is down, can't leave an upload unfinished, and
needs three requests for the smallest file. So this store has its own client, set up by Beam's
options.
"""

import errno
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from apache_beam.options.pipeline_options import PipelineOptions, S3Options

from shardmill.schemas.errors import ConfigError
from shardmill.transforms.stores.contact import check_contact
from shardmill.transforms.stores.interface import explained, reason, safe_cause, split

# Attempts of a request: with the client's waits in between, a minute. AWS_MAX_ATTEMPTS in the
# environment takes precedence.
_ATTEMPTS = 8
_ATTEMPTS_VARIABLE = "AWS_MAX_ATTEMPTS"
# HTTP status: there is no such object.
_MISSING = 404
# HTTP statuses: the object exists, or is just being created.
_THERE_ALREADY = (412, 409)
# HTTP status: the server has no conditional writes.
_UNKNOWN = 501
# Most objects that one request deletes.
_DELETED_AT_ONCE = 1000
# Bytes of an upload's first parts.
_PART_BYTES = 8 << 20
# Parts after which the next ones become larger by `_PART_BYTES`: an upload has at most 10,000
# parts, and so has room for 430 GiB.
_PARTS_OF_A_SIZE = 1000


class S3Store:
    """A store in S3."""

    renames = False

    def __init__(self, options: PipelineOptions, path: str) -> None:
        """Makes a client.

        Args:
            options: The options of Beam.
            path: The first path that is wanted from the store, for messages.

        Raises:
            ConfigError: A setting is wrong.
            DataError: The server can't be reached.
            OSError: The client can't be made for another reason.
        """
        import boto3  # type: ignore[import-untyped]
        from botocore.config import Config  # type: ignore[import-untyped]

        self._attempts = _attempts()
        given = options.view_as(S3Options)
        with _endpoint_checked(), explained():
            self._client = boto3.session.Session().client(
                "s3",
                region_name=given.s3_region_name,
                api_version=given.s3_api_version,
                use_ssl=not given.s3_disable_ssl,
                verify=given.s3_verify,
                endpoint_url=given.s3_endpoint_url,
                aws_access_key_id=given.s3_access_key_id,
                aws_secret_access_key=given.s3_secret_access_key,
                aws_session_token=given.s3_session_token,
                config=Config(retries={"mode": "standard", "total_max_attempts": self._attempts}),
            )
        check_contact(path, self._client.meta.endpoint_url)

    def size(self, path: str) -> int | None:
        """An object's size in bytes.

        None means that there is no such object.
        """
        bucket, key = split(path)
        if not key:
            return None
        with explained():
            try:
                return int(self._client.head_object(Bucket=bucket, Key=key)["ContentLength"])
            except self._client.exceptions.ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] == _MISSING:
                    return None
                raise

    def fetch(self, path: str, start: int, stop: int) -> bytes:
        """All bytes of an object from offset `start` to `stop`."""
        from botocore.exceptions import HTTPClientError, IncompleteReadError  # type: ignore[import-untyped]

        bucket, key = split(path)
        with explained():
            for attempt in range(1, self._attempts + 1):
                body = self._client.get_object(Bucket=bucket, Key=key, Range=f"bytes={start}-{stop - 1}")["Body"]
                # The client itself retries only until the body begins.
                try:
                    content: bytes = body.read()
                except (HTTPClientError, IncompleteReadError):
                    if attempt == self._attempts:
                        raise
                    time.sleep(min(2**attempt / 10, 10))
                else:
                    return content
        raise AssertionError("a last attempt returns or raises")

    def find(self, prefix: str, limit: int | None = None) -> Iterator[tuple[str, int]]:
        """The paths and sizes of objects, by their paths' prefix.

        The bucket must exist.

        Args:
            prefix: The beginning of the paths.
            limit: The most objects to find. None means all.
        """
        bucket, key = split(prefix)
        with explained():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix=key, PaginationConfig={"MaxItems": limit}
            )
            for page in pages:
                for found in page.get("Contents", ()):
                    yield f"s3://{bucket}/{found['Key']}", found["Size"]

    def start(self, path: str) -> "_S3Writer":
        """Starts to write an object."""
        return _S3Writer(self._client, path)

    def create_new(self, path: str, data: bytes) -> bool:
        """Creates an object unless it exists.

        Of concurrent calls only one returns True. A server without conditional writes overwrites
        the object.
        """
        bucket, key = split(path)
        request = {"Bucket": bucket, "Key": key, "Body": data}
        with explained():
            try:
                self._client.put_object(**request, IfNoneMatch="*")
            except self._client.exceptions.ClientError as error:
                status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                if status in _THERE_ALREADY:
                    return False
                if status != _UNKNOWN:
                    raise
                self._client.put_object(**request)
        return True

    def copy(self, source: str, target: str) -> None:
        """Copies an object within the store.

        The client copies an object in parts if it is too large for a single request.
        """
        (bucket, key), (to, name) = split(source), split(target)
        with explained():
            self._client.copy({"Bucket": bucket, "Key": key}, to, name)

    def rename(self, source: str, target: str) -> None:
        """Raises an error: objects can't be renamed."""
        raise NotImplementedError(f"renaming {source!r} to {target!r}")

    def make_folder(self, path: str) -> None:
        """Does nothing: the store has no folders."""

    def delete(self, paths: Sequence[str]) -> None:
        """Removes objects; one that is gone already isn't an error."""
        for first in range(0, len(paths), _DELETED_AT_ONCE):
            some = [split(path) for path in paths[first : first + _DELETED_AT_ONCE]]
            objects = {"Objects": [{"Key": key} for _, key in some], "Quiet": True}
            with explained():
                failed = self._client.delete_objects(Bucket=some[0][0], Delete=objects).get("Errors")
            if failed:
                raise OSError(0, f"can't remove {failed[0]['Key']!r}: {failed[0]['Message']}")


def _attempts() -> int:
    given = os.environ.get(_ATTEMPTS_VARIABLE, str(_ATTEMPTS))
    if not given.isdecimal() or not int(given):
        raise ConfigError(f"{_ATTEMPTS_VARIABLE} in the environment: expected a number from 1, received {given!r}")
    return int(given)


@contextmanager
def _endpoint_checked() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        # The URL is taken from the client's message, since it may also come from a configuration
        # file of the client.
        what, _, url = reason(error).partition(":")
        if what != "Invalid endpoint":
            raise
        raise ConfigError(
            "--s3_endpoint_url, or AWS_ENDPOINT_URL_S3 in the environment: expected a URL such as http://HOST:PORT, received "
            f"{url.strip()!r}"
        ) from safe_cause(error)


class _S3Writer:
    """A new object: one request if small, else parts."""

    def __init__(self, client: Any, path: str) -> None:
        self._client = client
        bucket, key = split(path)
        self._target = {"Bucket": bucket, "Key": key}
        self._waiting = bytearray()
        self._upload: dict[str, str] = {}
        self._parts: list[dict[str, Any]] = []
        self._abandoned = False

    def write(self, data: bytes | memoryview, /) -> None:
        self._waiting += data
        size = _PART_BYTES * (1 + len(self._parts) // _PARTS_OF_A_SIZE)
        # At least one byte stays: the last part is sent when the object is complete.
        while len(self._waiting) > size:
            self._send(bytes(self._waiting[:size]))
            del self._waiting[:size]

    def _send(self, part: bytes) -> None:
        with explained():
            if not self._upload:
                started = self._client.create_multipart_upload(**self._target)
                self._upload = {**self._target, "UploadId": started["UploadId"]}
            number = len(self._parts) + 1
            sent = self._client.upload_part(**self._upload, PartNumber=number, Body=part)
            self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        if self._abandoned:
            # Another thread abandoned it meanwhile: a part that arrives after that would stay, and
            # be billed.
            self.abandon()
            raise OSError(errno.ECANCELED, "the upload was given up")

    def close(self) -> None:
        if not self._upload:
            with explained():
                self._client.put_object(**self._target, Body=bytes(self._waiting))
            return
        self._send(bytes(self._waiting))
        with explained():
            self._client.complete_multipart_upload(**self._upload, MultipartUpload={"Parts": self._parts})

    def abandon(self) -> None:
        self._abandoned = True
        if self._upload:
            with explained():
                self._client.abort_multipart_upload(**self._upload)
