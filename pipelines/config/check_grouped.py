"""Checks `[sequence]` and `[window]` against columns and features."""

from collections.abc import Mapping, Sequence

from shardmill.pipelines.config.grouped_sections import Grouped, WindowConfig
from shardmill.schemas.errors import ConfigError
from shardmill.schemas.messages import suggest
from shardmill.schemas.mistakes import Mistakes
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.transforms.features.placeholder import dummy_statistics
from shardmill.transforms.grouping.window_encoding import check_window
from shardmill.transforms.kinds.base import Kind


def check_grouped(
    grouped: Grouped,
    schema: Schema,
    split_columns: Mapping[str, tuple[str, ...]],
    mistakes: Mistakes,
) -> None:
    """Checks that the columns exist, and that groups stay together.

    Args:
        grouped: The section.
        schema: The raw columns.
        split_columns: The columns that `[split]` names, by their setting.
        mistakes: Collects the mistakes.
    """
    for key, names in (
        ("group_by", grouped.group_by),
        ("order_by", grouped.columns[len(grouped.group_by) :]),
        ("forward_fill", grouped.forward_fill),
    ):
        for name in names:
            if name not in schema:
                has = f"the columns are {', '.join(map(repr, schema.names))}"
                error = ConfigError(f"there is no column {name!r}{suggest(name, schema.names, has)}")
                mistakes.add(error, (grouped.section, key))
            elif key == "group_by" and schema[name].type is ColumnType.FLOAT:
                problem = (
                    f"expected columns of type BYTES or INT, received {name!r}, which is FLOAT{schema[name].advice}"
                )
                mistakes.add(ConfigError(problem), (grouped.section, key))
    _check_split(grouped, split_columns, mistakes)


def _check_split(grouped: Grouped, columns: Mapping[str, tuple[str, ...]], mistakes: Mistakes) -> None:
    """Checks that all rows of a key share a split.

    They needn't where times decide it: then a group ends where its split does.
    """
    for setting in () if "column" in columns else ("key", "stratify"):
        for name in columns.get(setting, ()):
            if name not in grouped.group_by:
                problem = (
                    f"expected columns of [{grouped.section}] group_by, since a group is in one split, received {name!r}; "
                    f"leave {setting} out, or take some of these columns"
                )
                mistakes.add(ConfigError(problem), ("split", setting))
                break


def check_filled(grouped: Grouped, kinds: Sequence[Kind], schema: Schema) -> None:
    """Checks that missing cells of filled columns get that far.

    Args:
        grouped: The section.
        kinds: The features.
        schema: The raw columns.

    Raises:
        ConfigError: A filled column is a label's, or rejects the rows that lack it.
    """
    needed = dict.fromkeys(grouped.columns, f"[{grouped.section}] itself")
    for kind in kinds:
        named = f"label {kind.name!r}" if kind.is_label else f"feature {kind.name!r}"
        needed |= dict.fromkeys(kind.columns if kind.is_label else kind.required_columns(schema), named)
    for name in grouped.forward_fill:
        if name in needed:
            error = ConfigError(
                f"[{grouped.section}] forward_fill: expected columns whose rows stay where a cell is missing, received {name!r}, which "
                f"{needed[name]} needs in every row; give that feature another `missing`, or leave the column out"
            )
            error.key = (grouped.section, "forward_fill")
            raise error


def check_windowed(window: WindowConfig, kinds: Sequence[Kind], schema: Schema) -> None:
    """Checks that declared features fit into windows.

    Args:
        window: The section.
        kinds: The features.
        schema: The raw columns.

    Raises:
        ConfigError: A feature is of varying length, or a window would hold its own label.
    """
    statistics = dummy_statistics(kinds, schema)
    specs = [(kind, spec) for kind in kinds for spec in kind.outputs(schema, statistics)]
    labels = {spec.name for kind, spec in specs if kind.is_label}
    wanted = window.grouping.window
    assert wanted is not None
    check_window(wanted, [spec for _, spec in specs], labels)
    if window.horizon:
        return
    read = {column: kind for kind in kinds if not kind.is_label for column in kind.columns}
    for kind in kinds:
        shared = [column for column in kind.columns if column in read]
        if kind.is_label and kind.kind != "weight" and shared:
            error = ConfigError(
                f"[window] horizon: expected at least 1, since feature {read[shared[0]].name!r} is made of column {shared[0]!r}, as label "
                f"{kind.name!r} is, so that each window would hold what is to be foretold, received 0"
            )
            error.key = ("window", "horizon")
            raise error
