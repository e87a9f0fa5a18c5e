"""Beam's import."""

import json
import subprocess
import sys

import pytest

_LOADED = """
import gc, importlib, json, sys
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.engines.load_beam import load_beam
load_beam(Engine({name!r}))
loaded = [name in sys.modules for name in ("apache_beam", "pandas", "google.cloud.bigquery")]
importlib.import_module("pandas")
print(json.dumps([*loaded, gc.isenabled()]))
"""


def loaded(engine: str) -> list[bool]:
    """Whether Beam, pandas and BigQuery's client are loaded, and garbage is collected."""
    pytest.importorskip("pandas")
    pytest.importorskip("google.cloud.bigquery")
    done = subprocess.run(
        [sys.executable, "-c", _LOADED.format(name=engine)], capture_output=True, text=True, timeout=600, check=True
    )
    found: list[bool] = json.loads(done.stdout)
    return found


def test_the_local_engine_loads_less() -> None:
    """The local engine loads Beam without what it doesn't need; that can be imported afterwards."""
    assert loaded("local") == [True, False, False, True]


def test_other_engines_load_all_of_beam() -> None:
    """For other engines Beam loads what is installed."""
    assert loaded("flink") == [True, True, True, True]
