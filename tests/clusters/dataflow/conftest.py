"""Dataflow and its store on this machine, for the tests of this folder."""

import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.dataflow import dataflow_runner

from tests.clusters.dataflow import dataflow_server
from tests.clusters.dataflow.cloud import ROWS, SCHEMA, TOML, Cloud
from tests.support.needs import needs_google
from tests.support.stores import gcs


@pytest.fixture(scope="module", autouse=True)
def google() -> None:
    """Google's clients."""
    needs_google()


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, shared_tracer: None) -> Iterator[Cloud]:
    """A service and a store on this machine."""
    folder = tmp_path_factory.mktemp("cloud")
    (folder / "schema.pbtxt").write_text(SCHEMA)
    (folder / "job.toml").write_text(TOML.format(data="gs://bucket/data.csv"))
    with pytest.MonkeyPatch.context() as patch, gcs.serve("bucket") as store, dataflow_server.serve() as service:
        for name, value in store.environment.items():
            patch.setenv(name, value)
        # New options: clients that were made for other ones, of a server that has gone, are made anew.
        patch.setattr(FileSystems, "_pipeline_options", PipelineOptions([]))
        # Beam's client asks every five seconds how the job is.
        patch.setattr(
            dataflow_runner, "time", SimpleNamespace(time=time.time, sleep=lambda seconds: time.sleep(seconds / 50))
        )
        store.objects.store("bucket", "data.csv", ROWS.encode())
        yield Cloud(service, store, folder / "job.toml")
