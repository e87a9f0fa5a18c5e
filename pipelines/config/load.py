"""Reads the TOML configuration and checks all of it.

A relative path in the file is relative to the file's own folder, so that a configuration means the
same wherever it is run from; a path on the command line (`--output`, `--set`) is relative to the
current folder. Paths with a scheme (`gs://`) aren't changed. `${NAME}` in a path of the file is an
environment variable.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from shardmill.pipelines.config.grouped_sections import Grouped, parse_sequence, parse_window
from shardmill.pipelines.config.input_section import (
    InputConfig,
    ValidateConfig,
    parse_input,
    parse_path,
    parse_validate,
)
from shardmill.pipelines.config.output_section import SHARDINGS, OutputConfig, parse_output
from shardmill.pipelines.config.paths import check_output, has_scheme, output_problem, resolve_paths
from shardmill.pipelines.config.row_settings import add_weight
from shardmill.pipelines.config.rows_section import RowsConfig, parse_rows
from shardmill.pipelines.config.split_section import SplitConfig, parse_split
from shardmill.pipelines.config.table import (
    Source,
    Table,
    apply_overrides,
    read_source,
)
from shardmill.schemas.errors import ConfigError, Key
from shardmill.schemas.messages import did_you_mean
from shardmill.schemas.mistakes import Mistakes
from shardmill.schemas.run_folder import TRAIN

if TYPE_CHECKING:
    from shardmill.schemas.schema import Schema

SECTIONS = ("input", "rows", "split", "sequence", "window", "analysis", "features", "output")
# All keys of a configuration.
KEYS = (*SECTIONS, "validate", "preprocessing_fn", "label", "derive")
ANALYSIS_KEYS = ("cache", "keep_days")


@dataclass(frozen=True)
class AnalysisConfig:
    """`[analysis]`: how the data is analyzed.

    It changes no byte of the output.

    Attributes:
        cache: The folder in which runs keep what they find in the input. None means that each run
            analyzes all of it.
        keep_days: The days for which they keep at least what no run uses.
    """

    cache: str | None = None
    keep_days: int = 90


_ANALYSIS = AnalysisConfig()
# No run lasts as long as the least, so that none writes where another removes.
_KEEP_DAYS = (7, 3650)


@dataclass(frozen=True)
class Config:
    """A checked configuration.

    Attributes:
        path: The configuration file, as it was given.
        input: The input files, and how to read them.
        split: How rows are divided. None means by file, or that all rows are `train`.
        features: By output name or pattern, a kind or a table with `kind`;
            `transforms.features.registry` checks kinds and parameters, and the schema. Empty
            where there is a `preprocessing_fn`.
        output: The run's folder and its shards.
        preprocessing_fn: A TF Transform function that replaces `features`, as `file.py:function`.
        labels: The outputs of `preprocessing_fn` that are labels.
        derive: A function from raw to derived columns that features may refer to, as
            `file.py:function`.
        grouped: How rows become groups or windows. None means that each row is a record.
        source: The file's text and lines, for messages.
        validate: What the input is held against first. None means nothing.
        analysis: How the data is analyzed.
    """

    path: str
    input: InputConfig
    split: SplitConfig | None
    features: Mapping[str, str | Mapping[str, Any]]
    output: OutputConfig
    preprocessing_fn: str | None = None
    labels: tuple[str, ...] = ()
    derive: str | None = None
    grouped: Grouped | None = None
    source: Source = field(default=Source(""), compare=False, repr=False)
    rows: RowsConfig | None = None
    validate: ValidateConfig | None = None
    analysis: AnalysisConfig = _ANALYSIS

    @property
    def splits(self) -> tuple[str, ...]:
        """The names of the splits, in the configuration's order."""
        if self.split:
            return self.split.names
        return tuple(self.input.files) if isinstance(self.input.files, Mapping) else (TRAIN,)

    def check_columns(self, names: Sequence[str], mistakes: Mistakes) -> None:
        """Checks that columns exist which settings other than features name.

        They are those of `[input.columns.NAME]`, `[rows]` and `[split]`. The condition in `[rows]`
        is checked with the columns' types.

        Args:
            names: The names of the data's columns.
            mistakes: Collects the mistakes.
        """
        known = set(names)
        for name in self.input.columns:
            if name not in known:
                hint = did_you_mean(name, names)
                mistakes.add(ConfigError(f"there is no column {name!r}{hint}"), ("input", "columns", name))
        for key, columns in self._named_columns():
            for name in columns:
                if name not in known:
                    problem = f"there is no column {name!r}; the columns are {', '.join(map(repr, names))}"
                    mistakes.add(ConfigError(problem), key)

    def check_types(self, schema: "Schema", mistakes: Mistakes) -> None:
        """Checks `[rows]` and `[split]` against the columns' types.

        Args:
            schema: The raw columns.
            mistakes: Collects the mistakes.
        """
        if self.split:
            self.split.check_types(schema, mistakes)
        if self.rows:
            self.rows.check(schema, mistakes)

    def _named_columns(self) -> Iterator[tuple[Key, tuple[str, ...]]]:
        for setting, columns in self.split.columns.items() if self.split else ():
            yield ("split", setting), columns
        if self.rows:
            for key, columns in self.rows.named_columns.items():
                yield ("rows", *key), columns

    @property
    def split_key(self) -> tuple[str, ...]:
        """The columns of the split's key, or of its times.

        Empty where the whole row decides, or the file.
        """
        named = self.split.columns if self.split else {}
        return (*named.get("key", ()), *named.get("column", ()))

    def resolved(self) -> dict[str, Any]:
        """Returns all settings as plain data for the manifest.

        Defaults are filled in; the output folder and `[analysis]` are left out, since they change
        no byte of the output.
        """
        tables = {name: asdict(section) for name, section in (("input", self.input), ("output", self.output))}
        if self.split:
            tables["split"] = self.split.settings
        if self.validate:
            tables["validate"] = self.validate.settings
        if self.rows:
            tables["rows"] = self.rows.settings
        if self.grouped:
            tables[self.grouped.section] = asdict(self.grouped)
        tables["output"].pop("dir")
        tables["input"]["dialect"]["rename"] = dict(self.input.dialect.rename)
        # Of a format only what it says: a list of no cells is none of its settings.
        tables["input"]["dialect"]["numbers"] = {
            name: {key: value for key, value in asdict(each).items() if value}
            for name, each in self.input.dialect.numbers
        }
        functions = {"preprocessing_fn": self.preprocessing_fn, "label": list(self.labels), "derive": self.derive}
        return tables | {"features": dict(self.features)} | {key: value for key, value in functions.items() if value}


def load_config(path: str, overrides: Sequence[str] = (), output: str | None = None) -> Config:
    """Reads and checks a configuration file.

    Args:
        path: The TOML file.
        overrides: `key=value` with a dotted key, e.g. `output.shards=4`; a value that isn't TOML is
            text.
        output: Replaces `output.dir`.

    Raises:
        ConfigError: The file can't be read or isn't TOML, or keys or values aren't as expected: for
            each, the message names the line, the value received, the expected one and the nearest
            known key.
    """
    config, mistakes = parse_config(path, overrides, output)
    config.source.raise_any(mistakes)
    return config


def parse_config(path: str, overrides: Sequence[str] = (), output: str | None = None) -> tuple[Config, Mistakes]:
    """Reads a configuration file and collects its mistakes.

    Defaults replace the values of keys that are wrong.

    Args:
        path: As for `load_config`.
        overrides: As for `load_config`.
        output: As for `load_config`.

    Raises:
        ConfigError: The file can't be read or isn't TOML, or an option of the command line is
            wrong.
    """
    if output is not None:
        check_output(output)
    if has_scheme(path):
        raise ConfigError(
            f"a configuration is read from local files, received {path!r}; copy it here and name the copy"
        )
    text, raw = read_source(path)
    mistakes = Mistakes()
    resolve_paths(raw, path, mistakes)
    source = Source(path, text, override(raw, overrides))
    return _parse(source, raw, mistakes, output), mistakes


def override(raw: dict[str, Any], overrides: Sequence[str]) -> frozenset[Key]:
    """Applies `key=value` settings to a configuration in place.

    Returns:
        The keys that were set.

    Raises:
        ConfigError: As `apply_overrides`.
    """
    return apply_overrides(raw, overrides, exclusive=tuple(f"output.{name}" for name in SHARDINGS))


def check_config(path: str, raw: dict[str, Any], overridden: frozenset[Key] = frozenset()) -> Config:
    """Checks a configuration that isn't in a file yet.

    Args:
        path: The configuration's path, for messages.
        raw: The configuration's tables.
        overridden: The keys that came from the command line, for messages.

    Raises:
        ConfigError: Keys or values aren't as expected.
    """
    mistakes = Mistakes()
    config = _parse(Source(path, overridden=overridden), raw, mistakes, None)
    config.source.raise_any(mistakes)
    return config


def _parse(source: Source, raw: dict[str, Any], mistakes: Mistakes, output: str | None) -> Config:
    root = Table(source.path, (), raw, mistakes)
    root.check_keys(KEYS)
    _check_ways(root)
    inputs, rows, split, features, outputs = InputConfig(()), None, None, {}, OutputConfig()
    validate = None
    with mistakes.at("input"):
        inputs = parse_input(root.table("input", required=True))
    if "validate" in raw:
        with mistakes.at("validate"):
            validate = parse_validate(root.table("validate"), inputs.schema)
    if "rows" in raw:
        with mistakes.at("rows"):
            rows = parse_rows(root.table("rows"))
    if "split" in raw:
        with mistakes.at("split"):
            split = parse_split(root.table("split"))
    if "preprocessing_fn" not in raw:
        with mistakes.at("features"):
            features = _parse_features(root.table("features", required=True))
    if rows and rows.downsample:
        features = add_weight(root, rows.downsample, features)
    with mistakes.at("output"):
        outputs = parse_output(root.table("output"), output)
    if split and isinstance(inputs.files, Mapping):
        root.refuse(
            "split", "can't be used with input.files by split, which splits the rows already; remove one of them"
        )
    analysis = _ANALYSIS
    with mistakes.at("analysis"):
        analysis = _parse_analysis(root.table("analysis"))
    grouped, parse_grouped = None, parse_window if "window" in raw else parse_sequence
    with mistakes.at("window" if "window" in raw else "sequence"):
        grouped = parse_grouped(root, outputs.format, shards=outputs.shards, shuffle=outputs.shuffle)
    if grouped and split and split.key is None and split.time is None:
        split = replace(split, key=grouped.group_by)
    preprocessing_fn, derive = (_parse_function(root, name) for name in ("preprocessing_fn", "derive"))
    labels = _parse_labels(root)
    return Config(
        source.path,
        inputs,
        split,
        features,
        outputs,
        preprocessing_fn,
        labels,
        derive,
        grouped,
        source,
        rows,
        validate,
        analysis,
    )


def _check_ways(root: Table) -> None:
    """Checks that features are declared in one way only.

    Either tables declare them, or a TF Transform function makes them.
    """
    if "preprocessing_fn" in root.raw:
        for name in ("features", "derive"):
            if name in root.raw:
                root.refuse(name, f"can't be used with preprocessing_fn, which makes all features; remove {name}")
        if "analysis" in root.raw:
            root.refuse("analysis", "can't be used with preprocessing_fn, which TF Transform analyzes; remove analysis")
    elif "label" in root.raw:
        root.refuse(
            "label", 'says which outputs of a preprocessing_fn are labels; in [features], write y = { kind = "label" }'
        )


def _parse_function(root: Table, name: str) -> str | None:
    if name not in root.raw:
        return None
    reference = root.string(name)
    if reference and not re.fullmatch(r".+\.py:[A-Za-z_]\w*", reference):
        root.refuse(name, f'expected "file.py:function", received {reference!r}')
    return reference


def _parse_labels(root: Table) -> tuple[str, ...]:
    return (root.string("label"),) if isinstance(root.raw.get("label"), str) else root.strings("label")


def _parse_features(table: Table) -> dict[str, str | Mapping[str, Any]]:
    if not table.raw:
        raise table.error(None, 'expected at least one feature, for example age = "z_score"')
    features: dict[str, str | Mapping[str, Any]] = {}
    for name, value in table.raw.items():
        if not isinstance(value, str | dict):
            example = '"z_score", or { kind = "bucketize", num_buckets = 10 }'
            table.refuse(name, f"expected a kind or a table with `kind` ({example}), received {value!r}")
        elif isinstance(value, dict) and not isinstance(value.get("kind"), str):
            table.refuse(name, f"expected a table with `kind`, a string, received {value!r}")
        else:
            features[name] = value
            for key in ("file", "extend"):
                if isinstance(value, dict) and isinstance(value.get(key), str):
                    parse_path(table.table(name), key)
    return features


def _parse_analysis(table: Table) -> AnalysisConfig:
    table.check_keys(ANALYSIS_KEYS)
    if "keep_days" in table.raw and "cache" not in table.raw:
        table.refuse("keep_days", "is for a cache, and there is none; give cache = FOLDER or remove keep_days")
    return AnalysisConfig(
        parse_path(table, "cache", output_problem),
        table.integer("keep_days", minimum=_KEEP_DAYS[0], maximum=_KEEP_DAYS[1], default=_ANALYSIS.keep_days),
    )
