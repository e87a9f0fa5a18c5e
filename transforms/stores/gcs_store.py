"""Google Cloud Storage, through Beam's client: it has the credentials and tries again for two minutes what fails for a while."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from apache_beam.options.pipeline_options import PipelineOptions

from shardmill.transforms.stores.contact import check_contact
from shardmill.transforms.stores.interface import StreamWriter, explained, split


class GcsStore:
    """The store."""

    renames = False

    def __init__(self, options: PipelineOptions, path: str) -> None:
        """Makes a client.

        Args:
            options: Beam's.
            path: What is wanted of it first, for messages.

        Raises:
            DataError: The server can't be reached.
        """
        from apache_beam.io.gcp.gcsio import GcsIO
        from apache_beam.io.gcp.gcsio_retry import get_retry
        from google.cloud import storage  # type: ignore[import-untyped]

        # First of all: without a network the search for credentials takes half a minute. A client without them has the address.
        check_contact(path, storage.Client.create_anonymous_client().api_endpoint)
        with explained():
            self._gcs = GcsIO(pipeline_options=options)
        self._retry = get_retry(options)

    def _blob(self, path: str) -> Any:
        bucket, name = split(path)
        return self._gcs.client.bucket(bucket).blob(name)

    def size(self, path: str) -> int | None:
        """An object's bytes; None where there is none."""
        bucket, name = split(path)
        if not name:
            return None
        with explained():
            found = self._gcs.client.bucket(bucket).get_blob(name, retry=self._retry)
        return None if found is None else int(found.size)

    def fetch(self, path: str, start: int, stop: int) -> bytes:
        """An object's bytes from a start to a stop, all of them."""
        with explained():
            # As it is stored: the server would decompress what is marked as gzip.
            content: bytes = self._blob(path).download_as_bytes(
                start=start, end=stop - 1, raw_download=True, checksum=None, retry=self._retry
            )
        return content

    def find(self, prefix: str, limit: int | None = None) -> Iterator[tuple[str, int]]:
        """The paths and sizes of the objects whose paths start so, of all or of some; the bucket must be there."""
        bucket, name = split(prefix)
        with explained():
            yield from islice(self._gcs.list_files(f"gs://{bucket}/{name}"), limit)

    def start(self, path: str) -> "_GcsWriter":
        """Starts to write an object."""
        with explained():
            return _GcsWriter(self._gcs.open(path, "wb"))

    def create_new(self, path: str, data: bytes) -> bool:
        """Creates an object unless it exists; of concurrent calls only one returns True."""
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
        """Nothing can be renamed here."""
        raise NotImplementedError(f"renaming {source!r} to {target!r}")

    def make_folder(self, path: str) -> None:
        """There are no folders to make."""

    def delete(self, paths: Sequence[str]) -> None:
        """Removes objects; one that is gone is no error."""
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
            # Or it would try to upload what it has when it is collected as garbage, whenever that is.
            self._stream._buffer.close()  # noqa: SLF001
