"""Prints decisions about data, the doubtful ones first."""

from collections.abc import Sequence

from shardmill.pipelines.console.printable import one_line
from shardmill.schemas.messages import plural
from shardmill.transforms.sniff.decision import Decision

# The most lines: what fills a terminal isn't read.
_MOST = 20


def show_decisions(decisions: Sequence[Decision], config: str) -> list[str]:
    """Writes decisions, one a line.

    Args:
        decisions: The decisions. Doubtful ones come first, otherwise their order is kept.
        config: The file whose comments tell those for which there is no room.
    """
    ordered = sorted(decisions, key=lambda decision: decision.sure)
    shown = [one_line(str(decision)) for decision in ordered[:_MOST]]
    more = len(ordered) - len(shown)
    return [*shown, f"... {plural(more, 'decision')} more: see the comments in {one_line(config)}"] if more else shown
