"""Plans a run from its configuration and its input."""

from importlib.metadata import version

from shardmill.pipelines.config.load import Config
from shardmill.pipelines.config.table import naming
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.job import input_files
from shardmill.pipelines.job.column_types import find_columns
from shardmill.pipelines.job.job import Job, parts_folder
from shardmill.pipelines.job.plan_features import FeaturePlan, plan_features
from shardmill.schemas.errors import ConfigError
from shardmill.schemas.mistakes import Mistakes
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.transforms.analyze import Reading
from shardmill.transforms.csv.selection import Selection, SplitKey
from shardmill.transforms.kinds.registry import allowed_types, parse_features
from shardmill.transforms.rows.splits import ShardRule, SplitRule

_VERSIONS = ("shardmill", "tensorflow", "pyarrow", "isal")


def plan_job(config: Config, work: str, engine: Engine, progress: Progress) -> Job:
    """Plans the main job.

    Where the configuration names no schema, all of the input is read once to infer its columns'
    types.

    Args:
        config: The configuration.
        work: The folder to write into.
        engine: The engine that reads the input to infer its schema. A template's engine doesn't run
            before its launch, so this process reads then.
        progress: Shows the reading of data, and the loading of functions.

    Raises:
        ConfigError: The features or the split key don't fit the columns.
        DataError: The input can't be found or read.
    """
    with naming(config.source):
        # Find the mistakes that need no columns first: inferring these may take long.
        allowed_types(config.features)
    inputs = input_files.list_files(config.input.patterns)
    schema, inputs = find_columns(config, inputs, input_files.text_size(inputs), parts_folder(work), engine, progress)
    _check_columns(config, schema)
    plan = plan_features(config, schema, work, engine, progress)
    return Job(
        inputs=inputs,
        reading=Reading(
            dialect=config.input.dialect,
            selection=_selection(config, schema, plan),
            split_rule=SplitRule.of_fractions(config.split.fractions) if config.split else SplitRule(config.splits),
            fail_on_bad_row=config.input.on_bad_row == "fail",
            row_graph=plan.row_graph,
            derived=plan.derived,
        ),
        schema=schema,
        features=plan.features,
        max_bad_fraction=config.input.max_bad_fraction,
        shard_rule=_shard_rule(config),
        level=config.output.level if config.output.compression == "gzip" else None,
        work=work,
        facts={"config": config.resolved(), "versions": versions(plan.features.packages)},
    )


def versions(packages: tuple[str, ...] = ()) -> dict[str, str]:
    """Returns the versions of packages that decide a run's bytes.

    Args:
        packages: Further packages that only this run needs.
    """
    return {name: version(name) for name in (*_VERSIONS, *packages)}


def _selection(config: Config, schema: Schema, plan: FeaturePlan) -> Selection:
    key = SplitKey(config.split.key or schema.names) if config.split else None
    columns = tuple(column for column in schema if column.name in plan.columns)
    infinite = {column.name: config.input.infinite_of(column.name) for column in columns}
    return Selection(columns, schema.names, plan.required, key, infinite=infinite)


def _check_columns(config: Config, schema: Schema) -> None:
    """Checks the settings and declared features against the columns.

    All mistakes are raised at once. Features of derived columns are checked once these are known.
    """
    mistakes = Mistakes()
    config.check_columns(schema.names, mistakes)
    for name, settings in config.input.columns.items():
        if settings.infinite is not None and name in schema and schema[name].type is ColumnType.BYTES:
            problem = f"is for numbers, but column {name!r} is text; remove it, or change the type"
            mistakes.add(ConfigError(problem), ("input", "columns", name, "infinite"))
    if config.features and not config.derive:
        with mistakes.at("features"):
            parse_features(config.features, schema, config.split_key)
    config.source.raise_any(mistakes)


def _shard_rule(config: Config) -> ShardRule:
    output = config.output
    return ShardRule(output.shards, output.rows_per_shard, output.bytes_per_shard, output.shuffle, output.seed)
