"""What other tools make of a data set: `python -m benchmarks.peers.NAME DATA OUTPUT`.

Each reads the folder's `plan.json`: z-scores of the numbers, ids by rank of the strings, hashes of the texts, the
label as it is.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.generate import PLAN

BUCKETS = 1000


@dataclass(frozen=True)
class Task:
    """What a peer has to do.

    Attributes:
        files: A pattern of the CSV files.
        numbers: The columns to scale.
        strings: The columns to look up.
        texts: The columns to hash.
        label: The column to pass.
        output: The folder to write to.
    """

    files: str
    numbers: list[str]
    strings: list[str]
    texts: list[str]
    label: str
    output: Path

    @classmethod
    def from_arguments(cls) -> "Task":
        """The task that the command line names; its output folder is made."""
        data, output = map(Path, sys.argv[1:])
        plan = json.loads((data / PLAN).read_text())
        output.mkdir(parents=True)
        return cls(str(data / "data-*.csv"), plan["numbers"], plan["strings"], plan["texts"], plan["label"], output)
