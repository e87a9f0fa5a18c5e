"""The store that a path is in, and its client."""

import threading

from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from shardmill.schemas.errors import ConfigError
from shardmill.schemas.installing import install_command
from shardmill.transforms.stores.beam_store import BeamStore
from shardmill.transforms.stores.gcs_store import GcsStore
from shardmill.transforms.stores.interface import Store, reason, split
from shardmill.transforms.stores.s3_store import S3Store

# The client of each scheme, and the extra of shardmill that it needs.
_STORES: dict[str, tuple[type[GcsStore | S3Store], str]] = {"gs": (GcsStore, "gcp"), "s3": (S3Store, "s3")}
_making = threading.Lock()
# The clients in use, by scheme, made with the options that were given last; threads may share them.
_made: dict[str, Store] = {}
_made_for: list[PipelineOptions] = []


def store_of(path: str) -> Store:
    """The store that a remote path is in.

    Raises:
        ConfigError: The path's scheme is unknown, its client isn't installed, an option that it
            needs is missing, or the path names no bucket.
        DataError: The store's server can't be reached.
    """
    scheme = path.partition("://")[0]
    if scheme in _STORES and not split(path)[0]:
        raise ConfigError(f"{path!r} names no bucket; expected {scheme}://BUCKET/...")
    with _making:
        if FileSystems._pipeline_options is None:  # noqa: SLF001  (Beam has no public way to ask)
            FileSystems.set_options(PipelineOptions([]))
        options = FileSystems._pipeline_options  # noqa: SLF001
        if _made_for != [options]:
            _made_for[:] = [options]
            _made.clear()
        if scheme not in _made:
            _made[scheme] = _make(scheme, path, options)
        return _made[scheme]


def _make(scheme: str, path: str, options: PipelineOptions) -> Store:
    if scheme in _STORES:
        kind, extra = _STORES[scheme]
        try:
            return kind(options, path)
        except ImportError as error:
            raise ConfigError(
                f"{path!r} needs a client that isn't installed ({error}): {install_command(extra)}"
            ) from error
    try:
        return BeamStore(FileSystems.get_filesystem(path))
    except (BeamIOError, ValueError) as error:
        raise ConfigError(
            f"can't use {path!r}: {reason(error)}; shardmill knows local paths, gs://, s3:// and what other file systems Beam has"
        ) from error
