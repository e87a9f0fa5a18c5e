"""The account of a run's rows: none may be lost."""

from collections.abc import Mapping, Sequence

from shardmill.pipelines.run_folder.manifest_keys import GroupsEntry, RowCounts
from shardmill.schemas.errors import DataError
from shardmill.transforms.grouping.group_counts import GroupCounts
from shardmill.transforms.rows.counts import UnitCount, filtered_rows


def account_rows(
    records: Mapping[str, int], rejected: int, counts: Sequence[UnitCount], groups: GroupCounts | None
) -> RowCounts:
    """Accounts for all rows that were read.

    Args:
        records: The records in the shards of each split.
        rejected: The rejected rows that were written.
        counts: The rows of every unit read.
        groups: The counts of groups. None means that each record is one row.

    Raises:
        DataError: The rows read aren't as many as those written, dropped, filtered and rejected, or
            the records not as many as the groups.
    """
    read = sum(count.read for count in counts)
    found = sum(records.values())
    written = found if groups is None else sum(groups.rows.values())
    dropped = 0 if groups is None else sum(groups.dropped.values())
    filtered = sum(filtered_rows(counts).values())
    lost = read - written - dropped - rejected - filtered
    if lost:
        also = f", {filtered:,} filtered" if filtered else ""
        also += "" if groups is None else f", {dropped:,} dropped"
        raise DataError(
            f"{read:,} rows were read, but {written:,} were written{also} and {rejected:,} rejected: {lost:,} are "
            "unaccounted for, so nothing is published; run again, and if it persists, report it as a bug of shardmill"
        )
    if groups is not None and found != sum(groups.records.values()):
        raise DataError(
            f"{sum(groups.records.values()):,} groups were made, but {found:,} records written, so nothing is published; run again, "
            "and if it persists, report it as a bug of shardmill"
        )
    rows: RowCounts = {"read": read, "written": written, "rejected": rejected}
    if filtered:
        rows["filtered"] = filtered
    return rows


def group_entry(groups: GroupCounts) -> GroupsEntry:
    """Makes the manifest's entry of groups."""
    return {
        "records": sum(groups.records.values()),
        "rows": {split: count for split, count in sorted(groups.rows.items()) if count},
        "dropped": dict(sorted(groups.dropped.items())),
        "filled": dict(sorted(groups.filled.items())),
    }
