"""Describes the first difference between stored and recomputed records."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from google.protobuf.message import DecodeError

from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.pipelines.verify.compare import Cursor, ShardFindings, ShardKey
from shardmill.pipelines.verify.rederive import Rederivation
from shardmill.schemas.messages import quoted
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.tfrecord.decode import decode_sequence

# Differing shards that are open at once. A difference in any other shard is missed, even if its row
# comes before the first one found in these.
_OPEN = 64
_VALUES = 8


@dataclass(frozen=True)
class _Difference:
    """A row and its two records.

    `stored` is None where the shard has no such record.
    """

    row: int
    key: ShardKey
    position: int
    stored: bytes | None
    derived: bytes


def describe_first(run: FinishedRun, rederivation: Rederivation, found: Mapping[ShardKey, ShardFindings]) -> str:
    """Describes the first difference in the order of the input.

    Args:
        run: The run.
        rederivation: Recomputes the run's rows.
        found: The results of comparing its shards; at least one differs.

    Raises:
        DataError: The input can no longer be read.
    """
    sources = [piece.source for each in found.values() for _, piece in each.differing]
    unit = min((source for source in sources if isinstance(source, Unit)), key=lambda unit: unit.index)
    starts = {key: start for key, each in found.items() for start, piece in each.differing if piece.source == unit}
    difference = _find(unit, rederivation, dict(sorted(starts.items())[:_OPEN]), found)
    if difference is None:
        return f"{unit.path!r} changed while it was read; verify again when nothing writes to the input"
    line = rederivation.reading.line(unit, difference.row)
    split, shard = difference.key
    where = f"{run.shards[split][shard]['file']}, record {difference.position}"
    differing = sum(bool(each.differing) for each in found.values())
    shown = shown_difference(difference.stored, difference.derived, where)
    return f"{unit.path}, line {line}: {shown}. {differing:,} of {len(found):,} shards differ"


def _find(
    unit: Unit, rederivation: Rederivation, starts: Mapping[ShardKey, int], found: Mapping[ShardKey, ShardFindings]
) -> _Difference | None:
    """Finds the first difference in a unit's pieces.

    Args:
        unit: The unit.
        rederivation: Recomputes its rows.
        starts: By shard, the position of the unit's first record in it.
        found: The results of comparing the shards.
    """
    cursors = {key: Cursor(found[key].path) for key in starts}
    for block in rederivation.blocks(unit):
        differences = []
        for rows in block:
            for shard, positions, records in rows.by_shard():
                key = (rows.split, shard)
                if key in cursors:
                    at = first_unequal(cursors[key].take(positions + starts[key]), records)
                    if at is not None:
                        row = int(rows.rows[rows.shards == shard][at[0]])
                        differences.append(
                            _Difference(row, key, int(positions[at[0]]) + starts[key], at[1], records[at[0]].as_py())
                        )
        if differences:
            return min(differences, key=lambda difference: difference.row)
    return None


def first_unequal(stored: pa.Array, derived: pa.Array) -> tuple[int, bytes | None] | None:
    """Returns the first differing position and the stored record there.

    None means that all are equal.

    Args:
        stored: Records of a shard.
        derived: As many recomputed ones, or more where the shard ends.
    """
    equal = pc.equal(stored, derived[: len(stored)].cast(stored.type))
    if equal.false_count:
        at = pc.index(equal, pa.scalar(value=False)).as_py()
        return at, stored[at].as_py()
    return (len(stored), None) if len(stored) < len(derived) else None


def shown_difference(stored: bytes | None, derived: bytes, where: str) -> str:
    """Names the first feature that differs.

    Args:
        stored: The record in the shard. None means that there is none.
        derived: The recomputed record.
        where: The record's shard and position.
    """
    now = _features(derived)
    if stored is None:
        return f"there is no {where}, where this row must be; derived is {_shown(now)}"
    try:
        before = _features(stored)
    except DecodeError:
        return f"{where} isn't a tf.train.Example; derived is {_shown(now)}"
    for name in sorted(before.keys() | now.keys()):
        if _text(before.get(name), repr) != _text(now.get(name), repr):
            return f"feature {name!r} is {_text(before.get(name))} as stored ({where}) and {_text(now.get(name))} as derived"
    return f"the bytes of {where} differ from those derived, though the values are equal"


def _features(record: bytes) -> dict[str, Any]:
    """A record's features; of groups, each step's values."""
    found = decode_sequence(record)
    return {**found.context, **found.lists}


def _shown(example: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {_text(values)}" for name, values in sorted(example.items())[:_VALUES])


def _text(values: Any, show: Callable[[object], str] = quoted) -> str:
    """Formats values: nine digits tell any two float32 apart."""
    if values is None:
        return "absent"
    parts = [f"{value:.9g}" if isinstance(value, float) else show(value) for value in values]
    return f"[{', '.join(parts)}]" if len(parts) != 1 else parts[0]
