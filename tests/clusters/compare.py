"""Runs of the same job on different engines, held against each other."""

from pathlib import Path

from tests.runs import files_of


def differences(one: Path, other: Path) -> list[str]:
    """The files, of all that two runs left, that aren't in both with the same bytes (`files_of`)."""
    files = [files_of(one), files_of(other)]
    return sorted(name for name in files[0] | files[1] if files[0].get(name) != files[1].get(name))
