"""Starter configurations of columns of cells, for tests of `shardmill init`."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from shardmill.pipelines.config.load import Config, load_config
from shardmill.pipelines.init.choose_features import feature_lines
from shardmill.pipelines.init.input_lines import StarterPaths
from shardmill.pipelines.init.starter import starter_config
from shardmill.pipelines.init.toml_text import toml_key
from shardmill.pipelines.survey.starter_request import StarterRequest
from shardmill.pipelines.survey.survey import Survey
from shardmill.schemas.inference.infer import Profiles
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.profile import Profiled

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Columns = Mapping[str, Sequence[str | None]]
NOTHING = StarterRequest()
NUMBERS = [str(number * 7) for number in range(1000)]


def profiles_of(columns: Columns) -> Profiles:
    """The profiles of columns of cells."""
    profiles = Profiles(list(columns))
    profiles.update(pa.record_batch({name: pa.array(values, pa.string()) for name, values in columns.items()}))
    return profiles


def survey_of(columns: Columns, dialect: Dialect | None = None) -> Survey:
    """The findings about columns of cells."""
    profiles = profiles_of(columns)
    return Survey(dialect or Dialect(), profiles.schema(), Profiled(profiles))


def starter(columns: Columns, dialect: Dialect | None = None, request: StarterRequest = NOTHING) -> str:
    """The configuration for columns of cells."""
    survey = survey_of(columns, dialect)
    paths = StarterPaths(["data/*.csv"], "data.schema.pbtxt", "out")
    return starter_config(paths, survey, feature_lines(survey, request), request)


def features(columns: Columns) -> dict[str, Any]:
    """The features that aren't commented out; a column to fall back on keeps it from being none."""
    found: dict[str, Any] = tomllib.loads(starter({"fallback": ["x", "y"] * 500, **columns}))["features"]
    del found["fallback"]
    return found


def line(columns: Columns, name: str) -> str:
    """The line of a column, commented out or not; the last, as an example may stand above."""
    text = starter({"fallback": ["x", "y"] * 500, **columns})
    return [line for line in text.splitlines() if line.removeprefix("# ").startswith(f"{toml_key(name)} = ")][-1]


def load(text: str, folder: Path) -> Config:
    """What `run` makes of a configuration."""
    path = folder / "pipeline.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(str(path))
