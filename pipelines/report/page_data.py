"""The data that the page's script draws.

Numbers are rounded, and text is escaped and cut.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from shardmill.pipelines.page.shown_text import number, share, shown
from shardmill.pipelines.page.statistics_data import rounded, statistics_data
from shardmill.pipelines.report.column_entries import Entry, Output, columns_of
from shardmill.pipelines.report.learned_numbers import shown_numbers
from shardmill.pipelines.report.sample.label_relation import Bucket, Label
from shardmill.pipelines.report.sample.vocabulary_coverage import Vocabulary
from shardmill.schemas.features import embedding_units

# Settings whose value is longer are cut.
_SETTING = 60


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
        "mean": rounded(float(label.targets[:, label.shown].mean())),
    }


def _entry(entry: Entry, vocabularies: Mapping[str, Vocabulary]) -> dict[str, Any]:
    return {
        "name": shown(entry.name),
        "raw": entry.is_raw,
        "splits": {shown(split): statistics_data(each) for split, each in entry.statistics.items()},
        "outputs": [_output(each, vocabularies) for each in entry.outputs],
    }


def _output(output: Output, vocabularies: Mapping[str, Vocabulary]) -> dict[str, Any]:
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
            shown(split): statistics_data(each, are_ids=output.is_categorical)
            for split, each in output.statistics.items()
        },
    }
    if vocabulary is not None and vocabulary.size is not None:
        made["tokens"] = [vocabulary.size, [shown(each) for each in vocabulary.first[:12]]]
    if output.learned:
        made["learned"] = shown_numbers(output.learned)
    if output.ids is not None:
        made["embedding"] = [output.ids, embedding_units(output.ids)]
    if output.relation is not None:
        tokens = vocabulary.first if vocabulary is not None and output.is_categorical else ()
        made["power"] = rounded(output.relation.power)
        made["buckets"] = [
            [_bucket_name(each, tokens), each.rows, rounded(each.mean)] for each in output.relation.buckets
        ]
    if output.coverage is not None:
        made["unknown"] = [[shown(split), share(part)] for split, part in output.coverage.unknown.items()]
        made["coverage"] = [[size, rounded(1 - part)] for size, part in output.coverage.by_size]
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
