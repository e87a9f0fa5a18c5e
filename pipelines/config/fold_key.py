"""The key by which training rows share a fold."""

from collections.abc import Sequence

from shardmill.pipelines.config.grouped_sections import Grouped
from shardmill.pipelines.config.split_section import SplitConfig
from shardmill.schemas.errors import ConfigError
from shardmill.transforms.kinds.base import Kind
from shardmill.transforms.rows.folds import FoldRule


def fold_key(split: SplitConfig | None, grouped: Grouped | None) -> tuple[str, ...]:
    """Returns the columns of the key.

    A record of several rows has its own labels in none of its features, so its rows share a fold.
    Empty if the line of a row decides.

    Args:
        split: `[split]`.
        grouped: `[sequence]` or `[window]`.
    """
    if grouped is not None and not _by_split_key(split):
        return grouped.group_by
    return (split and split.key) or ()


def fold_rule(split: SplitConfig | None, grouped: Grouped | None, seed: int) -> FoldRule:
    """Returns the rule that assigns training rows to folds.

    Args:
        split: See `fold_key`.
        grouped: See `fold_key`.
        seed: `[output] seed`.
    """
    columns = fold_key(split, grouped)
    return FoldRule("key" if columns else "line", seed, () if _by_split_key(split) else columns)


def check_folds(kinds: Sequence[Kind], split: SplitConfig | None, grouped: Grouped | None) -> None:
    """Checks that targets stay out of their own means.

    Args:
        kinds: The features.
        split: See `fold_key`.
        grouped: See `fold_key`.

    Raises:
        ConfigError: All rows are one group, or the target decides a row's fold.
    """
    key = fold_key(split, grouped)
    for kind in kinds:
        if not kind.uses_folds:
            continue
        if grouped is not None and not key:
            error = ConfigError(
                f"[{grouped.section}] group_by: expected columns that tell series apart, since {kind.kind} {kind.name!r} leaves a row's "
                "own series out of its means, received none; name some, or take another kind"
            )
            error.key = (grouped.section, "group_by")
            raise error
        for target in kind.companions:
            if target in key:
                raise kind.error(
                    f"expected a `target` that doesn't decide a row's fold, received {target!r}, a column of the key by which rows are "
                    "kept together; leave it out of the key"
                )


def _by_split_key(split: SplitConfig | None) -> bool:
    return split is not None and split.time is None and split.key is not None
