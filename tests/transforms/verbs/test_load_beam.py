"""Beam's import."""

import json
import subprocess
import sys
from typing import Any

import pytest

_LOADED = """
import gc, importlib, json, sys
from shardmill.transforms.workers.load_beam import load_beam
load_beam(local={local})
loaded = [name in sys.modules for name in (
    "apache_beam", "pandas", "google.cloud.bigquery", "apache_beam.io.gcp.bigquery"
)]
importlib.import_module("pandas")
importlib.import_module("apache_beam.io.gcp.bigquery")
print(json.dumps([*loaded, gc.isenabled()]))
"""

_OTHER_ENGINES = """
import json, sys
from shardmill.transforms.workers.load_beam import load_beam
load_beam(local=True)
import shardmill.pipelines.job.run_job
print(json.dumps([name for name in sys.modules if "flink_runner" in name or "spark_runner" in name]))
"""

_FAILED = """
import gc, json, sys
from shardmill.transforms.workers.load_beam import load_beam
sys.modules["apache_beam.pipeline"] = None
enabled = []
for before in (gc.enable, gc.disable):
    before()
    try:
        load_beam(local=True)
    except ImportError:
        enabled.append(gc.isenabled())
print(json.dumps(enabled))
"""


def _printed(code: str) -> list[Any]:
    """What a process of its own prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600, check=True)
    found: list[Any] = json.loads(done.stdout)
    return found


def loaded(*, local: bool) -> list[bool]:
    """Whether Beam, pandas, BigQuery's client and Beam's source of it are loaded, and garbage is collected."""
    pytest.importorskip("pandas")
    pytest.importorskip("google.cloud.bigquery")
    return _printed(_LOADED.format(local=local))


def test_the_local_engine_loads_less() -> None:
    """The local engine loads Beam without what it doesn't need; that can be imported afterwards."""
    assert loaded(local=True) == [True, False, False, False, True]


def test_a_local_job_imports_no_other_engine() -> None:
    """What builds and runs a job locally leaves the runners of Flink and Spark alone."""
    assert _printed(_OTHER_ENGINES) == []


def test_other_engines_load_all_of_beam() -> None:
    """For other engines Beam loads what is installed."""
    assert loaded(local=False) == [True, True, True, True, True]


def test_a_failed_import_leaves_garbage_collection_as_it_was() -> None:
    """Beam may be installed in part: the process that says so collects garbage if it did before."""
    assert _printed(_FAILED) == [True, False]
