"""Servers of object stores that the tests of this folder share."""

from collections.abc import Iterator

import pytest
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from tests.support.needs import needs_google
from tests.support.stores import gcs, s3
from tests.support.stores.running import BIG, Server


@pytest.fixture(scope="module", params=[gcs, s3], ids=["gs", "s3"])
def running(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server with a large object."""
    if request.param is gcs:
        needs_google()
    with request.param.serve("bucket") as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        patch.setattr(FileSystems, "_pipeline_options", PipelineOptions(list(server.beam_args)))
        server.put("bucket", "big", BIG)
        yield server


@pytest.fixture
def server(running: Server) -> Server:
    """A server without faults, that nobody has asked anything."""
    running.faults.clear()
    return running
