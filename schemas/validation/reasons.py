"""The reasons of an anomaly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tensorflow_metadata.proto.v0 import anomalies_pb2

from shardmill.schemas.messages import quoted

Info = anomalies_pb2.AnomalyInfo
# Values that a description shows at most.
_SHOWN = 10


@dataclass(frozen=True)
class Reason:
    """One thing that is wrong with a column or dataset.

    Attributes:
        kind: Its number among `AnomalyInfo.Type`.
        short: A few words.
        long: A sentence without an end.
    """

    kind: int
    short: str
    long: str

    @property
    def name(self) -> str:
        """The name of its kind, as TFDV has it."""
        name: str = Info.Type.Name(self.kind)
        return name


def anomaly(reasons: Sequence[Reason], column: str | None = None) -> anomalies_pb2.AnomalyInfo:
    """The anomaly of a column, or of the data.

    Args:
        reasons: Its reasons, at least one.
        column: The column's name. None means that all of the data is meant.
    """
    if all(reason.kind == Info.SCHEMA_NEW_COLUMN for reason in reasons):
        reasons = reasons[:1]
    info = Info(severity=Info.ERROR)
    if column is not None:
        info.path.step.append(column)
    for reason in reasons:
        info.reason.add(type=reason.kind, short_description=reason.short, description=f"{reason.long}.")
    info.short_description = reasons[0].short if len(reasons) == 1 else "Multiple errors"
    info.description = " ".join(each.description for each in info.reason)
    return info


def share(count: float, total: float) -> str:
    """A count's share as a rounded percentage."""
    if not total:
        return "?"
    percent = 100 * count / total
    return "<1%" if percent < 1 else f"~{int(percent)}%"


def shares(counts: Mapping[str, float], total: float) -> str:
    """Values with their shares, the most frequent first.

    Args:
        counts: The values' counts.
        total: The count of all values.
    """
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    more = f" and {len(ordered) - _SHOWN:,} more" if len(ordered) > _SHOWN else ""
    return ", ".join(f"{quoted(value)} ({share(count, total)})" for value, count in ordered[:_SHOWN]) + more
