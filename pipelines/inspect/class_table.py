"""Prints the classes of a run's labels."""

import os
from collections.abc import Mapping

from rich.console import Console

from shardmill.pipelines.console.fitting_table import FittingTable
from shardmill.pipelines.console.plain_console import PlainText
from shardmill.pipelines.run_folder.manifest_keys import FeatureSettings
from shardmill.schemas.errors import DataError
from shardmill.schemas.run_folder import TOKEN_COUNTS
from shardmill.transforms.files import enclosed
from shardmill.transforms.graph.vocabulary_files import asset_name
from shardmill.transforms.kinds.categorical.class_label import ClassLabel

# Classes shown of a label.
_MOST = 20
# Characters shown of a class.
_SHOWN = 100


def print_classes(out: Console, folder: str, declared: Mapping[str, str | FeatureSettings]) -> None:
    """Prints the classes of each label, and balancing weights.

    A weight is rows / (number of classes * rows of the class), so that all classes weigh the same
    together, as scikit-learn's `class_weight="balanced"` has it.

    Args:
        out: The console.
        folder: The run's folder.
        declared: The run's features.

    Raises:
        DataError: A file of counts can't be read.
    """
    for feature, settings in declared.items():
        table = {"kind": settings} if isinstance(settings, str) else dict(settings)
        name = f"{TOKEN_COUNTS}/{asset_name(str(table.get('shared', feature)))}"
        # A given vocabulary isn't counted, and a run that `apply` wrote has no statistics.
        if table["kind"] == ClassLabel.kind and os.path.lexists(os.path.join(folder, name)):
            _print(out, feature, _counts(folder, name))


def _counts(folder: str, name: str) -> list[tuple[str, int]]:
    lines = enclosed.read(folder, name).splitlines()
    found = [line.rpartition(b" ") for line in lines]
    if not all(count.isdigit() for _, _, count in found):
        raise DataError(f"{os.path.join(folder, name)!r}: expected lines of a token and its count; get the run anew")
    return [(token.decode("utf-8", "backslashreplace"), int(count)) for token, _, count in found]


def _print(out: Console, feature: str, counts: list[tuple[str, int]]) -> None:
    rows = sum(count for _, count in counts)
    table = FittingTable(
        title=f"{len(counts):,} classes of {feature} in {rows:,} rows", title_justify="left", title_style="bold"
    )
    for column in ("class", "rows", "share", "balanced weight"):
        table.add_column(column, justify="left" if column == "class" else "right")
    for token, count in counts[:_MOST]:
        weight = rows / (len(counts) * count)
        table.add_row(PlainText(token[:_SHOWN]), f"{count:,}", f"{count / rows:.2%}", f"{weight:.4g}")
    out.print(table)
    if len(counts) > _MOST:
        out.print(f"and {len(counts) - _MOST:,} more", markup=False)
