"""Configurations for tests, written and loaded, and what wrong ones are told."""

from pathlib import Path

import pytest

from shardmill.pipelines.config.load import Config, load_config
from shardmill.schemas.errors import ConfigError

FULL = """
[input]
files = ["data/flights-*.csv", "gs://bucket/more.csv"]
schema = "schemas/flights.pbtxt"
header = false
columns = ["a", "b"]
delimiter = ";"
quote = "'"
escape = "\\\\"
encoding = "latin-1"
comment = "#"
skip_rows = 2
null_values = ["", "NA"]
trim = true
missing_columns = "null"
extra_columns = "ignore"
on_bad_row = "fail"
max_bad_fraction = 0.5

[split]
train = 0.75
eval = 0.25
key = ["tailnum"]

[features]
dep_delay = "z_score"
carrier = { kind = "vocabulary", file = "carriers.txt" }

[output]
dir = "out/flights"
rows_per_shard = 1000
shuffle = false
seed = 7
compression = "none"
level = 3
"""
SMALL = '[input]\nfiles = "a.csv"\n[features]\nx = "numeric"\n'


def write(folder: Path, text: str) -> str:
    """Writes a configuration and returns its path."""
    path = folder / "pipeline.toml"
    path.write_text(text)
    return str(path)


def load(folder: Path, text: str, *overrides: str) -> Config:
    """Writes a configuration and loads it."""
    return load_config(write(folder, text), overrides)


def message(folder: Path, text: str, *overrides: str) -> str:
    """What a wrong configuration is told."""
    with pytest.raises(ConfigError) as caught:
        load(folder, text, *overrides)
    return str(caught.value)
