"""Google Cloud Storage, through Beam's client.

The client finds the credentials, and retries for two minutes when the failure may be temporary.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from apache_beam.options.pipeline_options import PipelineOptions

from shardmill.transforms.stores.contact import check_contact
from shardmill.transforms.stores.interface import StreamWriter, explained, split


class GcsStore:
    """A store in Google Cloud Storage."""

    renames = False

    def __init__(self, options: PipelineOptions, path: str) -> None:
        """Makes a client.

        Args:
            options: The options of Beam.
            path: The first path that is wanted from the store, for messages.

        Raises:
            DataError: The server can't be reached.
        """
        from apache_beam.io.gcp.gcsio import GcsIO
        from apache_beam.io.gcp.gcsio_retry import get_retry
        from google.cloud import storage  # type: ignore[import-untyped]

        # This comes first: without a network the search for credentials takes half a minute. A
        # client without credentials knows the address.
        check_contact(path, storage.Client.create_anonymous_client().api_endpoint)
        with explained():
            self._gcs = GcsIO(pipeline_options=options)
        self._retry = get_retry(options)

    def _blob(self, path: str) -> Any:
        bucket, name = split(path)
        return self._gcs.client.bucket(bucket).blob(name)

    def size(self, path: str) -> int | None:
        """An object's size in bytes.

        None means that there is no such object.
        """
        bucket, name = split(path)
        if not name:
            return None
        with explained():
            found = self._gcs.client.bucket(bucket).get_blob(name, retry=self._retry)
        return None if found is None else int(found.size)

    def fetch(self, path: str, start: int, stop: int) -> bytes:
        """All bytes of an object from offset `start` to `stop`."""
        with explained():
            # Without `raw_download` the server would decompress objects that are marked as gzip.
            content: bytes = self._blob(path).download_as_bytes(
                start=start, end=stop - 1, raw_download=True, checksum=None, retry=self._retry
            )
        return content

    def find(self, prefix: str, limit: int | None = None) -> Iterator[tuple[str, int]]:
        """The paths and sizes of objects, by their paths' prefix.

        The bucket must exist.

        Args:
            prefix: The beginning of the paths.
            limit: The most objects to find. None means all.
        """
        bucket, name = split(prefix)
        with explained():
            yield from islice(self._gcs.list_files(f"gs://{bucket}/{name}"), limit)

    def start(self, path: str) -> "_GcsWriter":
        """Starts to write an object."""
        with explained():
            return _GcsWriter(self._gcs.open(path, "wb"))

    def create_new(self, path: str, data: bytes) -> bool:
        """Creates an object unless it exists.

        Of concurrent calls only one returns True.
        """
        from google.api_core.exceptions import PreconditionFailed

        with explained():
            try:
                self._blob(path).upload_from_string(data, if_generation_match=0, retry=self._retry)
            except PreconditionFailed:
                return False
        return True

    def copy(self, source: str, target: str) -> None:
        """Copies an object within the store."""
        with explained():
            self._gcs.copy(source, target)

    def rename(self, source: str, target: str) -> None:
        """Raises an error: objects can't be renamed."""
        raise NotImplementedError(f"renaming {source!r} to {target!r}")

    def make_folder(self, path: str) -> None:
        """Does nothing: the store has no folders."""

    def delete(self, paths: Sequence[str]) -> None:
        """Removes objects; one that is gone already isn't an error."""
        with explained():
            failed = [(path, code) for path, code in self._gcs.delete_batch(list(paths)) if code]
        if failed:
            raise OSError(0, f"can't remove {failed[0][0]!r}: the server answers {failed[0][1]}")


class _GcsWriter(StreamWriter):
    """A resumable upload."""

    def abandon(self) -> None:
        try:
            with explained():
                self._stream.terminate()
        finally:
            # Otherwise the stream would try to upload its buffer whenever it is garbage-collected.
            self._stream._buffer.close()  # noqa: SLF001
