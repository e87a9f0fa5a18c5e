"""Labels, split and settings that `shardmill init` is asked for."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from shardmill.pipelines.config.input_section import SPLIT_NAME
from shardmill.pipelines.config.load import SECTIONS, check_config, override
from shardmill.pipelines.config.paths import has_scheme
from shardmill.pipelines.config.split_section import FRACTIONS_TOLERANCE, SPLIT_SETTINGS, parse_split
from shardmill.pipelines.config.table import Source, Table, naming
from shardmill.schemas.errors import ConfigError
from shardmill.schemas.messages import did_you_mean
from shardmill.schemas.mistakes import Mistakes
from shardmill.schemas.run_folder import TRAIN
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.features.column_patterns import expand_patterns, few_names
from shardmill.transforms.features.registry import allowed_types

NAME_COLUMNS = """--set input.header=false --set 'input.columns=["...", "..."]'"""
"""The options that name the columns of files without a header."""
_SPLIT_EXAMPLE = "--split 0.8,0.1,0.1 (train, eval, test), 0.9,0.1 (train, eval) or train=0.7,dev=0.3"
# The sections that say which rows are brought together, and in which order.
_GROUPINGS = ("sequence", "window")
_UNNAMED = {2: (TRAIN, "eval"), 3: (TRAIN, "eval", "test")}


@dataclass(frozen=True)
class StarterRequest:
    """Settings of a starter configuration given by the user.

    Attributes:
        labels: The columns that a model is to predict.
        tables: Sections of the configuration with the settings of `--split` and `--set`, checked.
        dialect: The dialect's fields that `--set` gives.
    """

    labels: tuple[str, ...] = ()
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    dialect: Mapping[str, Any] = field(default_factory=dict)

    def table(self, name: str) -> Mapping[str, Any]:
        """Returns the settings asked for in a section."""
        return self.tables.get(name, {})

    @property
    def label_columns(self) -> dict[str, str]:
        """The labels' names by column, including those of `--set`."""
        features = self.table("features").items()
        tables = {name: value if isinstance(value, Mapping) else {"kind": value} for name, value in features}
        asked = {str(table.get("column", name)): name for name, table in tables.items() if table.get("kind") == "label"}
        return {label: label for label in self.labels} | asked

    def infinite_of(self, column: str) -> str:
        """Returns the treatment of infinite numbers in a column.

        It is the one asked for, else missing, which a starter configuration proposes.
        """
        asked = self.table("input")
        own = asked.get("columns")
        settings = own.get(column, {}) if isinstance(own, Mapping) else {}
        found: str = settings.get("infinite") or asked.get("infinite", "missing")
        return found

    def for_columns(self, columns: Sequence[str], *, named: bool = True) -> "StarterRequest":
        """Checks the request's columns and expands patterns of features.

        Args:
            columns: The names of the files' columns.
            named: Whether the files or the command line name them.

        Raises:
            ConfigError: A column doesn't exist; the message names the nearest one.
        """
        split = (
            parse_split(Table("--set", ("split",), dict(self.table("split")))).columns if self.table("split") else {}
        )
        key = [name for names in split.values() for name in names]
        checked = [("--label", self.labels), *((f"--set split.{name}", split[name]) for name in split)]
        for section in _GROUPINGS:
            group_by, order_by = (self.table(section).get(key, ()) for key in ("group_by", "order_by"))
            checked.append((f"--set {section}.group_by", tuple(group_by)))
            checked.append((f"--set {section}.order_by", (order_by,) if order_by else ()))
        for where, names in checked:
            _check_columns(where, names, columns, named=named)
        with naming(Source("--set")):
            mistakes = Mistakes()
            expanded, _ = expand_patterns(self.table("features"), columns, (*self.labels, *key), mistakes)
            mistakes.raise_any()
            used = allowed_types(expanded)
        _check_columns("--set features", tuple(used), columns, named=named)
        return StarterRequest(self.labels, {**self.tables, "features": expanded}, self.dialect)


def parse_request(labels: Sequence[str], split: str | None, settings: Sequence[str], output: str) -> StarterRequest:
    """Checks the command line before the data is read.

    Args:
        labels: The values of `--label`.
        split: The value of `--split`.
        settings: The values of `--set`: `key=value`, as `run` takes them. Paths are relative to the
            current folder.
        output: The configuration's file, which paths in it are relative to.

    Raises:
        ConfigError: A value isn't as expected, or two of them contradict each other.
    """
    asked: dict[str, Any] = {} if split is None else {"split": _parse_split(split)}
    keys = override(asked, settings)
    _check_keys(asked, keys, labels)
    given = asked.get("input", {})
    raw = {**asked, "input": {"files": ["*.csv"], **given} if isinstance(given, dict) else given}
    raw["features"] = asked.get("features") or {"x": "numeric"}
    checked = check_config("--set", raw, keys)
    with naming(Source("--set")):
        allowed_types(raw["features"])
    dialect = {each.name: getattr(checked.input.dialect, each.name) for each in fields(Dialect) if each.name in given}
    if checked.input.dialect.numbers:
        dialect["numbers"] = checked.input.dialect.numbers
    return StarterRequest(tuple(dict.fromkeys(labels)), _with_paths_beside(asked, output), dialect)


def path_beside(path: str, config: str) -> str:
    """Converts a path of the command line for a configuration.

    A relative path becomes relative to the configuration's folder.
    """
    path = os.path.expanduser(path)
    if has_scheme(path) or os.path.isabs(path):
        return path
    return os.path.relpath(path, os.path.dirname(config) or ".")


def _parse_split(text: str) -> dict[str, float]:
    def error(problem: str) -> ConfigError:
        return ConfigError(f"--split: {problem}, received {text!r}; write {_SPLIT_EXAMPLE}")

    parts = [part.strip() for part in text.split(",")]
    pairs = [part.partition("=") for part in parts]
    if not any(equals for _, equals, _ in pairs):
        if len(parts) not in _UNNAMED:
            raise error("expected two or three fractions, or names with them")
        pairs = [(name, "=", part) for name, part in zip(_UNNAMED[len(parts)], parts, strict=True)]
    fractions: dict[str, float] = {}
    for name, _, number in ((name.strip(), equals, number.strip()) for name, equals, number in pairs):
        if not re.fullmatch(SPLIT_NAME, name) or name in fractions or name in SPLIT_SETTINGS:
            raise error(f"expected names of letters, digits and _, each once, found {name!r}")
        if not re.fullmatch(r"[0-9]*\.?[0-9]+", number) or not 0 < float(number) <= 1:
            raise error(f"expected fractions above 0 and up to 1, found {number!r}")
        fractions[name] = float(number)
    if TRAIN not in fractions:
        raise error(f"expected a split {TRAIN!r}, which the statistics come from")
    if abs(sum(fractions.values()) - 1) > FRACTIONS_TOLERANCE:
        raise error(f"expected fractions that sum to 1, found a sum of {sum(fractions.values()):g}")
    return fractions


def _check_keys(asked: Mapping[str, Any], keys: frozenset[tuple[str, ...]], labels: Sequence[str]) -> None:
    for name in asked:
        if name not in SECTIONS:
            hint = did_you_mean(name, SECTIONS)
            raise ConfigError(
                f"--set {name}: expected a setting of {', '.join(SECTIONS)}{hint}; write others into the file that is made"
            )
    for name, whose in (("files", "the arguments say which files"), ("schema", "init writes the schema itself")):
        if ("input", name) in keys:
            raise ConfigError(f"--set input.{name}: {whose}; remove this setting")
    for label in labels:
        if any(key[:2] == ("features", label) for key in keys):
            raise ConfigError(f"--label {label!r}: --set features.{label} declares it, too; remove one of them")


def _check_columns(where: str, names: Sequence[str], columns: Sequence[str], *, named: bool) -> None:
    known = set(columns)
    advice = "" if named else f"; the files have no header, so name their columns with {NAME_COLUMNS}"
    for name in names:
        if name not in known:
            hint = did_you_mean(name, columns) or f"; the columns are {few_names(columns)}"
            raise ConfigError(f"{where}: there is no column {name!r}{hint}{advice}")


def _with_paths_beside(asked: dict[str, Any], config: str) -> dict[str, Any]:
    if "dir" in asked.get("output", {}):
        asked["output"]["dir"] = path_beside(asked["output"]["dir"], config)
    for feature in asked.get("features", {}).values():
        if isinstance(feature, dict) and "file" in feature:
            feature["file"] = path_beside(feature["file"], config)
    return asked
