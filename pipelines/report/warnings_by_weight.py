"""The report's warnings, in the order of their weight."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from shardmill.pipelines.page.shown_statistics import ColumnStatistics
from shardmill.pipelines.page.shown_text import share
from shardmill.pipelines.report.column_entries import Entry, Output
from shardmill.pipelines.report.column_warnings import Warned, column_warnings, constant
from shardmill.pipelines.report.split_distances import distance
from shardmill.pipelines.run_folder.manifest_keys import Manifest, NotFiniteEntry
from shardmill.schemas.inference.name_words import is_identifier
from shardmill.schemas.messages import listed, plural
from shardmill.schemas.run_folder import TRAIN
from shardmill.transforms.records.repair_names import Renamed, describe_renamed

# From these on there is a warning: the share of the label's variance that one feature predicts,
# distances between splits, the share of unknown tokens.
_LEAK, _SKEW, _UNKNOWN = 0.9, 0.1, 0.05
# Kinds that take an integer as an amount.
_AMOUNTS = frozenset({"numeric", "z_score", "min_max", "robust", "bucketize", "log", "log1p", "power", "yeo_johnson"})


def find_warnings(manifest: Manifest, entries: Sequence[Entry], labels: Sequence[str]) -> list[Warned]:
    """All warnings, the gravest first.

    Args:
        manifest: The run's manifest.
        entries: Its columns and features.
        labels: The names of its labels.
    """
    found = [*_of_run(manifest), *_of_values(manifest)]
    seen: set[str] = set()
    for entry in entries:
        found += _of_column(entry)
        for output in entry.outputs:
            if output.name not in seen:
                seen.add(output.name)
                found += _of_output(entry, output, labels)
    return sorted(found, key=lambda each: (-each.weight, each.title))


def _of_run(manifest: Manifest) -> Iterator[Warned]:
    rows = manifest["rows"]
    for name, split in manifest["splits"].items():
        if not split["rows"]:
            yield Warned(95, f"Split {name!r} has no rows", "Check [split], or give more data.")
    if rows["rejected"]:
        part = rows["rejected"] / max(rows["read"], 1)
        yield Warned(
            70 + 10 * part,
            f"{plural(rows['rejected'], 'row')} rejected, {share(part)} of those read",
            "Each is in rejected/ with its file, line, column and reason; the reasons are below.",
        )
    for anomaly in manifest.get("anomalies", ()):
        subject = f"Column {anomaly['column']!r} of the input" if anomaly["column"] else "The input"
        yield Warned(85, f"{subject}: {anomaly['anomaly'].lower()}", f"{anomaly['details']}.", anomaly["column"])
    for header in manifest["columns"].get("renamed", ()):
        renamed = [Renamed(**column) for column in header["columns"]]
        yield Warned(45, f"Header of {header['file']!r} repaired", f"{describe_renamed(renamed)}.")
    skipped = manifest.get("skipped", {})
    if lines := skipped.get("above", 0) + skipped.get("comments", 0):
        yield Warned(10, f"{plural(lines, 'line')} skipped", "Lines above the header, and comments, are no rows.")
    for setting, count in manifest.get("filtered", {}).items():
        yield Warned(12, f"{plural(count, 'row')} left out by [rows] {setting}", "As the configuration asks.")
    for setting, values in manifest.get("unmatched", {}).items():
        yield Warned(60, f"No row has {listed(values)}", f"[rows] {setting} keeps a share of such: check the spelling.")
    for name, entry in manifest.get("extended", {}).items():
        yield Warned(
            11,
            f"Vocabulary {name!r} extends an earlier run's",
            f"{entry['kept']:,} tokens kept their ids, {entry['appended']:,} were appended.",
        )


def _of_values(manifest: Manifest) -> Iterator[Warned]:
    none: NotFiniteEntry = {"columns": {}, "nan": {}, "infinite": {}}
    found = manifest.get("not_finite", none)
    for name in sorted({*found["nan"], *found["infinite"]}):
        kinds = ((found["infinite"], "infinite"), (found["nan"], "NaN"))
        counts = [f"{each[name]:,} {what}" for each, what in kinds if name in each]
        yield Warned(
            82, f"Feature {name!r} has {' and '.join(counts)} values", "A model learns nothing from them.", name
        )
    for name, cells in found["columns"].items():
        yield Warned(
            50,
            f"Column {name!r} has {plural(cells, 'infinite cell')}",
            "[input] infinite says what becomes of them.",
            name,
        )
    for name, cells in manifest.get("rounded", {}).items():
        detail = "float32 can't hold them. If they are identifiers, make the column's type INT or BYTES in the schema."
        yield Warned(55, f"Column {name!r}: {plural(cells, 'whole number')} rounded", detail, name)


def _of_column(entry: Entry) -> Iterator[Warned]:
    train = entry.statistics.get(TRAIN)
    if train is None:
        return
    yield from column_warnings(entry.name, train, " of the train split")
    if entry.dtype == "INT" and (kinds := _amounts(entry)) and is_identifier(entry.name):
        detail = f"As its name says; {kinds} takes it for an amount. `vocabulary` or `hash` tell values apart."
        yield Warned(65, f"Column {entry.name!r} looks like an identifier", detail, entry.name)
    yield from _skews(f"Column {entry.name!r}", entry.name, entry.statistics)


def _amounts(entry: Entry) -> str:
    """The kinds that take a column for an amount."""
    return " and ".join(dict.fromkeys(f"`{each.kind}`" for each in entry.outputs if each.kind in _AMOUNTS))


def _of_output(entry: Entry, output: Output, labels: Iterable[str]) -> Iterator[Warned]:
    if output.name in labels:
        return
    if output.relation is not None and output.relation.power >= _LEAK:
        yield Warned(
            99 + output.relation.power,
            f"Feature {output.name!r} predicts the label by itself",
            f"It tells {share(output.relation.power)} of the label's variance in a sample. Is it known before the label is?",
            entry.name,
        )
    train = output.statistics.get(TRAIN)
    raw = entry.statistics.get(TRAIN)
    if (
        train is not None
        and output.is_scalar
        and constant(train) is not None
        and (raw is None or constant(raw) is None)
    ):
        yield Warned(88, f"Feature {output.name!r} is constant", f"Each value is {constant(train)}.", entry.name)
    if not entry.statistics.keys() - {TRAIN} and not output.is_categorical:
        yield from _skews(f"Feature {output.name!r}", entry.name, output.statistics)
    yield from _unknown(entry, output)


def _unknown(entry: Entry, output: Output) -> Iterator[Warned]:
    """Warns of tokens that the vocabulary lacks.

    Missing cells are no tokens.
    """
    if output.coverage is None:
        return
    missing = {split: each.missing_share for split, each in entry.statistics.items()}
    parts = {
        split: part - missing.get(split, missing.get(TRAIN, 0.0)) for split, part in output.coverage.unknown.items()
    }
    worst = max(parts, key=lambda split: parts[split])
    if parts[worst] >= _UNKNOWN:
        told = ", ".join(f"{split} {share(max(part, 0))}" for split, part in parts.items())
        yield Warned(
            60 + 10 * parts[worst],
            f"Feature {output.name!r}: {share(parts[worst])} of the tokens in {worst!r} are unknown",
            f"Its vocabulary has {output.coverage.size:,} tokens. In a sample: {told}.",
            entry.name,
        )


def _skews(subject: str, column: str, splits: Mapping[str, ColumnStatistics]) -> Iterator[Warned]:
    train = splits.get(TRAIN)
    for split, statistics in splits.items():
        found = distance(train, statistics) if train is not None and split != TRAIN else None
        if found is not None and found[1] >= _SKEW:
            detail = f"{found[0]} {found[1]:.2f}: a score on {split!r} says little about new rows like {TRAIN!r}."
            yield Warned(70 + 9 * found[1], f"{subject} differs between {TRAIN!r} and {split!r}", detail, column)
