"""Writes the text of a starter configuration.

It runs unedited; its comments say what was seen in the data.
"""

from collections.abc import Mapping
from typing import Any

from shardmill.pipelines.config.load import SHARDINGS
from shardmill.pipelines.init.choose_features import feature_lines
from shardmill.pipelines.init.input_lines import StarterPaths, input_lines
from shardmill.pipelines.init.label_lines import label_lines
from shardmill.pipelines.init.starter_request import StarterRequest
from shardmill.pipelines.init.toml_text import toml_key, toml_value
from shardmill.schemas.inference.infer import Profiles
from shardmill.schemas.schema import Schema
from shardmill.transforms.csv.dialect import Dialect


def starter_config(
    paths: StarterPaths,
    dialect: Dialect,
    schema: Schema,
    profiles: Profiles,
    request: StarterRequest = StarterRequest(),  # noqa: B008  (frozen)
) -> str:
    """Writes the text of a starter configuration.

    Args:
        paths: The paths that it names.
        dialect: The dialect of the files.
        schema: The schema.
        profiles: The profiles of the schema's columns.
        request: The labels, split and settings that the command line asks for; their columns are in
            the schema.

    Returns:
        TOML that `shardmill run` takes unedited.

    Raises:
        DataError: No column has a value, or a label has none.
    """
    lines = feature_lines(schema, profiles, request)
    return "\n".join(
        [
            "# Written by `shardmill init`. Run it with: shardmill run <this file>",
            f"# {profiles.rows:,} rows and {len(schema):,} columns were looked at.",
            "",
            *input_lines(paths, dialect, schema, profiles, request),
            "",
            *_split_lines(request.table("split")),
            "",
            "[features]",
            '# A feature is named after its column, or says which: name = { kind = "z_score", column = "..." }.',
            *label_lines(profiles, request),
            *(line.render() for line in lines),
            "",
            "[output]",
            *_output_lines(paths.output, request.table("output")),
            "",
        ]
    )


def _split_lines(split: Mapping[str, Any]) -> list[str]:
    if split:
        key = (
            [] if "key" in split else ['# key = ["..."]  # columns whose rows stay together; without it, the whole row']
        )
        return [
            "[split]  # by a hash of the key; statistics come from `train` only",
            *(f"{toml_key(name)} = {toml_value(value)}" for name, value in split.items()),
            *key,
        ]
    return [
        "# All rows are for training. To hold some out, by a hash of their key so that equal keys stay together:",
        "# [split]",
        "# train = 0.8",
        "# eval = 0.1",
        "# test = 0.1",
        '# key = ["..."]  # columns; without it, the whole row',
    ]


def _output_lines(folder: str, asked: Mapping[str, Any]) -> list[str]:
    settings: dict[str, Any] = {"dir": folder, **asked}
    sharded = any(name in settings for name in SHARDINGS)
    lines = [f"{name} = {toml_value(value)}" for name, value in settings.items()]
    return lines if sharded else [*lines, "shards = 8  # per split"]
