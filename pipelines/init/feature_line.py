"""A line of `[features]`, and the decision that it makes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from shardmill.pipelines.init.toml_text import toml_key
from shardmill.schemas.messages import listed
from shardmill.transforms.sniff.decision import Decision

LABEL = '{ kind = "label" }'
"""The value of a label's line."""

# The most columns of one decision that are named.
_NAMED = 4


@dataclass(frozen=True)
class FeatureLine:
    """A line of `[features]`.

    Attributes:
        name: The column's and the feature's name.
        value: The kind, as TOML.
        facts: Facts about the column's values; empty if the line isn't about a column.
        reason: Why the column is commented out, or why it has this kind; empty if its facts say
            enough.
        detail: What the reason says of this column alone.
        used: Whether the line isn't commented out.
        sure: Whether nothing speaks against this choice.
    """

    name: str
    value: str
    facts: str
    reason: str = ""
    detail: str = ""
    used: bool = True
    sure: bool = True

    @property
    def kind(self) -> str:
        """The kind's name, alone or among a table's keys."""
        named = re.search(r'[{,] kind = "([^"]*)"', self.value)
        return named[1] if named else self.value.split('"')[1]

    def render(self) -> str:
        """Writes the line."""
        entry = f"{'' if self.used else '# '}{toml_key(self.name)} = {self.value}"
        comment = ": ".join(filter(None, (self.reason, self.detail, self.facts)))
        return f"{entry}  # {comment}" if comment else entry


def column_decisions(lines: Sequence[FeatureLine]) -> list[Decision]:
    """Tells the lines with a reason, equal ones together."""
    groups: dict[tuple[str, str, bool], list[FeatureLine]] = {}
    for line in lines:
        if line.reason:
            choice = line.kind if line.used else "commented out"
            groups.setdefault((choice, line.reason, line.sure), []).append(line)
    return [_decision(*key, group) for key, group in groups.items()]


def _decision(choice: str, reason: str, sure: bool, lines: Sequence[FeatureLine]) -> Decision:  # noqa: FBT001  (a key)
    subject = f"column{'s' if lines[1:] else ''} {listed([line.name for line in lines], _NAMED)}"
    detail = f": {lines[0].detail}" if lines[0].detail and not lines[1:] else ""
    return Decision(subject, choice, f"{reason}{detail}", sure)
