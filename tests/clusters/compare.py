"""Runs of the same job on different engines, held against each other."""

from pathlib import Path

import numpy as np

from tests.support.runs import files_of, read_split


def differences(one: Path, other: Path) -> list[str]:
    """The files, of all that two runs left, that aren't in both with the same bytes (`files_of`)."""
    files = [files_of(one), files_of(other)]
    return sorted(name for name in files[0] | files[1] if files[0].get(name) != files[1].get(name))


def check_close(one: Path, other: Path, split: str = "train") -> None:
    """Checks that two runs of a TF Transform function have the same rows in the same places, and the same vocabularies.

    TF Transform adds floats up in the order in which workers are done: a mean may differ in its last bits, and what is made of it.
    """
    here, there = read_split(one, split), read_split(other, split)
    assert list(here) == list(there)
    for name, values in here.items():
        if values.dtype.kind == "f":
            np.testing.assert_allclose(there[name], values, rtol=1e-5, atol=1e-5, err_msg=name)
        else:
            np.testing.assert_array_equal(there[name], values, err_msg=name)
    assets = {path.name: path.read_bytes() for path in (one / "transform_fn" / "assets").iterdir()}
    assert assets == {path.name: path.read_bytes() for path in (other / "transform_fn" / "assets").iterdir()}
