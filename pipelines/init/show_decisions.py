"""Lines that tell decisions about data, the doubtful ones first."""

from collections.abc import Sequence

from shardmill.pipelines.console.printable import one_line
from shardmill.schemas.messages import plural
from shardmill.transforms.sniff.decision import Decision

# The most lines: what fills a terminal isn't read.
_MOST = 20


def show_decisions(decisions: Sequence[Decision], config: str) -> list[str]:
    """Writes decisions, one a line.

    Args:
        decisions: The decisions. Those about one column share a line. Doubtful ones come first,
            otherwise their order is kept.
        config: The file whose comments tell those for which there is no room.
    """
    ordered = sorted(_joined(decisions), key=lambda decision: decision.sure)
    shown = [one_line(str(decision)) for decision in ordered[:_MOST]]
    more = len(ordered) - len(shown)
    return [*shown, f"... {plural(more, 'decision')} more: see the comments in {one_line(config)}"] if more else shown


def _joined(decisions: Sequence[Decision]) -> list[Decision]:
    """Joins the decisions about one column."""
    groups: dict[str | int, list[Decision]] = {}
    for index, decision in enumerate(decisions):
        groups.setdefault(decision.subject if decision.subject.startswith("column ") else index, []).append(decision)
    return [
        Decision(
            group[0].subject,
            ", ".join(each.choice for each in group),
            "; ".join(each.reason for each in group),
            all(each.sure for each in group),
        )
        for group in groups.values()
    ]
