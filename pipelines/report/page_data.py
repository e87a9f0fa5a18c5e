"""The data that the page's script draws.

Numbers are rounded, and text is escaped and cut.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from shardmill.pipelines.report.column_entries import Entry, Output, columns_of
from shardmill.pipelines.report.sample.label_relation import Bucket, Label
from shardmill.pipelines.report.sample.vocabulary_coverage import Vocabulary
from shardmill.pipelines.report.shown_statistics import ColumnStatistics
from shardmill.pipelines.report.shown_text import number, share, shortened, shown
from shardmill.schemas.features import embedding_units
from shardmill.schemas.run_folder import TRAIN

# Settings whose value is longer are cut.
_SETTING = 60
# Characters of a value of the data; values to show where nearly all differ.
_VALUE, _RARE = 36, 4
# A mean of so many standard deviations is a rounding error.
_NOTHING = 1e-6


def page_data(
    entries: Sequence[Entry], splits: Sequence[str], label: Label | None, vocabularies: Mapping[str, Vocabulary]
) -> dict[str, Any]:
    """All that is drawn of the columns.

    Args:
        entries: The columns, in the order of the page's table.
        splits: The names of the splits, in order.
        label: The label that features are related to.
        vocabularies: The run's vocabularies, by name.
    """
    return {
        "splits": [shown(each) for each in splits],
        "label": None if label is None else _label(label),
        "columns": [_entry(each, vocabularies) for each in entries],
    }


def _label(label: Label) -> dict[str, Any]:
    about = f"mean of {shown(label.name)}" if label.class_name is None else f"share of {shown(label.class_name)}"
    return {
        "name": shown(label.name),
        "about": about,
        "rows": len(label.targets),
        "share": label.class_name is not None,
        "mean": _rounded(float(label.targets[:, label.shown].mean())),
    }


def _entry(entry: Entry, vocabularies: Mapping[str, Vocabulary]) -> dict[str, Any]:
    return {
        "name": shown(entry.name),
        "raw": entry.is_raw,
        "splits": {shown(split): _statistics(each) for split, each in entry.statistics.items()},
        "outputs": [_output(each, vocabularies, entry.statistics) for each in entry.outputs],
    }


def _output(
    output: Output, vocabularies: Mapping[str, Vocabulary], raw: Mapping[str, ColumnStatistics]
) -> dict[str, Any]:
    vocabulary = vocabularies.get(str(output.settings.get("shared", output.feature)))
    settings = {"columns": ", ".join(columns_of(output)), **output.settings}
    settings.pop("column", None)
    made: dict[str, Any] = {
        "name": shown(output.feature if output.is_sparse else output.name),
        "kind": output.kind,
        "type": _type(output),
        "settings": [
            [shown(name), shown(_text(value), _SETTING)] for name, value in settings.items() if value not in (None, "")
        ],
        "splits": {
            shown(split): _statistics(each, are_ids=output.is_categorical) for split, each in output.statistics.items()
        },
    }
    if vocabulary is not None and vocabulary.size is not None:
        made["tokens"] = [vocabulary.size, [shown(each) for each in vocabulary.first[:12]]]
    if learned := _learned(output, raw):
        made["learned"] = learned
    if output.ids is not None:
        made["embedding"] = [output.ids, embedding_units(output.ids)]
    if output.relation is not None:
        tokens = vocabulary.first if vocabulary is not None and output.is_categorical else ()
        made["power"] = _rounded(output.relation.power)
        made["buckets"] = [
            [_bucket_name(each, tokens), each.rows, _rounded(each.mean)] for each in output.relation.buckets
        ]
    if output.coverage is not None:
        made["unknown"] = [[shown(split), share(part)] for split, part in output.coverage.unknown.items()]
        made["coverage"] = [[size, _rounded(1 - part)] for size, part in output.coverage.by_size]
    return made


def _type(output: Output) -> str:
    if output.shape is None:
        return f"{output.dtype}, {'sparse' if output.is_sparse else 'varying length'}"
    return output.dtype + (f" [{', '.join(map(str, output.shape))}]" if output.shape else "")


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _bucket_name(bucket: Bucket, tokens: Sequence[str]) -> str:
    if bucket.low != bucket.high:
        return f"{number(bucket.low)} … {number(bucket.high)}"
    if bucket.low >= 0 and bucket.low == int(bucket.low) < len(tokens):
        return shown(tokens[int(bucket.low)], 40)
    return number(bucket.low)


def _statistics(found: ColumnStatistics, *, are_ids: bool = False) -> dict[str, Any]:
    """A column's statistics; a mean of ids says nothing."""
    numbers = {
        "mean": _centred(found),
        "std": found.deviation,
        "min": found.least,
        "median": found.median,
        "max": found.greatest,
        "zeros": found.zeros,
        "length": found.length,
    }
    if are_ids:
        numbers = {"min": found.least, "max": found.greatest}
    made: dict[str, Any] = {name: _rounded(value) for name, value in numbers.items() if value is not None}
    made |= {"rows": found.rows, "missing": found.missing}
    if found.distinct is not None:
        made["distinct"] = found.distinct
    if found.per_row != 1:
        made["each"] = _rounded(found.per_row)
    if found.bars:
        made["bars"] = [[_rounded(value) for value in bar] for bar in found.bars]
    if found.top:
        made["top"] = [[shortened(value, _VALUE), _rounded(count)] for value, count in _worth_showing(found)]
    return made


def _worth_showing(found: ColumnStatistics) -> Sequence[tuple[str, float]]:
    """The most frequent values; few where nearly all differ."""
    rare = found.rows >= _RARE and found.top[-1][1] < 2  # noqa: PLR2004  (a value of a single row)
    return found.top[:_RARE] if rare else found.top


def _learned(output: Output, raw: Mapping[str, ColumnStatistics]) -> list[list[Any]]:
    """The numbers that a kind learned of the train split."""
    train = raw.get(TRAIN)
    if train is None or output.settings.get("pre") or not output.is_scalar:
        return []
    numbers = {
        "z_score": (("mean", train.mean), ("standard deviation", train.deviation)),
        "min_max": (("least", train.least), ("greatest", train.greatest)),
        "robust": (("median", train.median),),
    }.get(output.kind, ())
    return [[name, _rounded(value)] for name, value in numbers if value is not None]


def _centred(found: ColumnStatistics) -> float | None:
    """The mean; 0 where it is a rounding error."""
    if found.mean is not None and found.deviation and abs(found.mean) < _NOTHING * found.deviation:
        return 0.0
    return found.mean


def _rounded(value: float) -> float | int | str:
    """A number with six digits.

    NaN and infinity, which JSON lacks, are text.
    """
    if not math.isfinite(value):
        return number(value)
    rounded = float(f"{value:.6g}")
    return int(rounded) if rounded == int(rounded) and abs(rounded) < 1e15 else rounded  # noqa: PLR2004  (exact as a float)
