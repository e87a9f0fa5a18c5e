"""Runs what `shardmill inspect --code` prints."""

import runpy
import warnings
from pathlib import Path
from typing import Any

import keras

# What running code leaves.
Names = dict[str, Any]


def execute(code: str, folder: Path) -> Names:
    """Runs code as a script in a folder, with the same random numbers each time; returns its names.

    A warning that the data ended early is an error: Keras must know how many batches there are.
    """
    keras.utils.set_random_seed(0)
    script = folder / "train.py"
    script.write_text(code, encoding="utf-8")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*ran out of data")
        return runpy.run_path(str(script))
