"""Writes the text of a starter configuration.

It runs unedited; its comments say what was seen in the data.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from shardmill.pipelines.config.output_section import SHARDINGS
from shardmill.pipelines.init.feature_line import FeatureLine
from shardmill.pipelines.init.input_lines import StarterPaths, input_lines
from shardmill.pipelines.init.label_lines import guess_label, label_lines
from shardmill.pipelines.init.toml_text import toml_key, toml_value
from shardmill.pipelines.survey.starter_request import StarterRequest
from shardmill.pipelines.survey.survey import Survey


def starter_config(
    paths: StarterPaths, survey: Survey, features: Sequence[FeatureLine], request: StarterRequest
) -> str:
    """Writes the text of a starter configuration.

    Args:
        paths: The paths that it names.
        survey: The findings about the files.
        features: The lines of `[features]`.
        request: The labels, split and settings that the command line asks for; their columns are in
            the schema.

    Returns:
        TOML that `shardmill run` takes unedited.
    """
    return "\n".join(
        [
            "# Written by `shardmill init`. Run it with: shardmill run <this file>",
            f"# {survey.profiled.read:,} rows and {len(survey.schema):,} columns were looked at.",
            "",
            *input_lines(paths, survey, request, guess_label(survey, features).name),
            "",
            *_table_lines("[rows]  # rows that are left out are counted", request.table("rows")),
            *_split_lines(request.table("split")),
            "",
            "[features]",
            '# A feature is named after its column, or says which: name = { kind = "z_score", column = "..." }.',
            *label_lines(survey, features, request),
            *(line.render() for line in features),
            "",
            *_table_lines("[sequence]  # rows with one key become one record", request.table("sequence")),
            "[output]",
            *_output_lines(paths.output, request.table("output")),
            "",
        ]
    )


def _table_lines(heading: str, table: Mapping[str, Any]) -> list[str]:
    """A table, if the command line sets something in it."""
    settings = [f"{toml_key(name)} = {toml_value(value)}" for name, value in table.items()]
    return [heading, *settings, ""] if settings else []


def _split_lines(split: Mapping[str, Any]) -> list[str]:
    if split.get("by") == "time":
        settings = [f"{toml_key(name)} = {toml_value(value)}" for name, value in split.items()]
        return ["[split]  # one split ends where the next begins; statistics come from `train` only", *settings]
    if split:
        key = (
            []
            if {"key", "stratify"} & split.keys()
            else ['# key = ["..."]  # columns whose rows stay together; without it, the whole row']
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
