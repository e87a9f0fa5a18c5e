"""The warnings of files, in the order of their weight."""

from collections.abc import Iterator, Sequence

from shardmill.pipelines.page.shown_text import share
from shardmill.pipelines.report.column_entries import Entry
from shardmill.pipelines.report.column_warnings import Warned, column_warnings
from shardmill.pipelines.report.raw.look_at_files import Look
from shardmill.pipelines.report.raw.raw_entries import ROWS
from shardmill.pipelines.validate.show_anomalies import ALL_ROWS
from shardmill.schemas.messages import plural


def raw_warnings(look: Look, entries: Sequence[Entry]) -> list[Warned]:
    """All warnings, the gravest first.

    Args:
        look: The findings about the files.
        entries: Their columns.
    """
    found = [*_of_rows(look), *_of_guesses(look), *_of_anomalies(look)]
    lines = {line.name: line for line in look.lines}
    for entry in entries:
        statistics = entry.statistics.get(ROWS)
        own = [] if statistics is None else list(column_warnings(entry.name, statistics, ""))
        found += own
        line = lines.get(entry.name)
        # Why a column of nothing is left out has just been said.
        if line is not None and line.reason and not (line.sure and line.used) and not own:
            used = f"`init` would make it `{line.kind}`" if line.used else "`init` would leave it out"
            title = f"Column {entry.name!r}: {line.reason}"
            detail = ": ".join(filter(None, (line.detail, line.facts)))
            advice = used if line.sure else f"{used}; please check"
            found.append(Warned(30 if line.sure else 60, title, f"{advice}. {detail}.", entry.name))
    return sorted(found, key=lambda each: (-each.weight, each.title))


def _of_rows(look: Look) -> Iterator[Warned]:
    rejected, read = look.measured.rejections.total, look.measured.read
    if not read:
        yield Warned(95, "There are no rows", "The files have a header at most.")
    if rejected:
        part = rejected / read
        title = f"{plural(rejected, 'row')} can't be read, {share(part)} of all"
        yield Warned(70 + 10 * part, title, "A run would reject them; the reasons are below.")


def _of_guesses(look: Look) -> Iterator[Warned]:
    for decision in look.decisions:
        if not decision.sure:
            detail = f"{decision.reason}; please check. `--set` says how the files are to be read."
            yield Warned(55, f"Guessed {decision.subject}: {decision.choice}", detail)


def _of_anomalies(look: Look) -> Iterator[Warned]:
    for column, short, details in look.anomalies:
        subject = "The files" if column == ALL_ROWS else f"Column {column!r}"
        yield Warned(85, f"{subject}: {short.lower()}", f"{details}.", "" if column == ALL_ROWS else column)
