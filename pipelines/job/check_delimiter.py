"""Compares the delimiter with the header.

This comes before all of the data is read to infer the columns' types.
"""

import json
from collections.abc import Sequence

from shardmill.pipelines.config.load import Config
from shardmill.pipelines.console.progress import Progress
from shardmill.schemas.errors import ConfigError
from shardmill.transforms.csv.header import other_delimiter
from shardmill.transforms.features.registry import allowed_types


def check_delimiter(config: Config, names: Sequence[str], progress: Progress) -> None:
    """Reports a header that seems to have another delimiter.

    Args:
        config: The configuration.
        names: The columns' names, as the configuration's delimiter cuts the header.
        progress: Prints a warning where a feature uses one of these columns, so that the delimiter
            may be intended.

    Raises:
        ConfigError: No feature uses any of them.
    """
    dialect = config.input.dialect
    other = other_delimiter(names, dialect)
    if other is None:
        return
    problem = (
        f"the first line has {len(names)} column{'s' * (len(names) > 1)} with {json.dumps(dialect.delimiter)} between them, and "
        f"{len(dialect.delimiter.join(names).split(other))} with {json.dumps(other)}; set [input] delimiter = {json.dumps(other)}"
    )
    used = allowed_types(config.features, names, config.split_key)
    if used and not any(name in names for name in used):
        raise ConfigError(f"{config.path}: {problem}")
    progress.warn(f"{problem} if that is meant")
