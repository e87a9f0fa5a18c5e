"""Finds a finished run's input where it has moved."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from shardmill.pipelines.job import input_files
from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.schemas.errors import DataError
from shardmill.schemas.messages import listed, plural

# Files that a message names at most.
_SHOWN = 5


def relocate(run: FinishedRun, patterns: Sequence[str]) -> FinishedRun:
    """Returns a run with the present paths of its input.

    A file is recognized by its name, and by the folders above it where several have that name; a
    single file may have another name.

    Args:
        run: The run.
        patterns: The files or patterns that match its input, each file once.

    Raises:
        DataError: A pattern matches nothing, or the files found aren't those of the run by name.
    """
    found = [each.location or each.path for each in input_files.list_files({None: patterns})]
    read = [entry["path"] for entry in run.manifest["input"]]
    paths = dict(zip(read, found, strict=True)) if len(read) == len(found) == 1 else _match(read, found)
    entries = [entry.copy() for entry in run.manifest["input"]]
    for entry in entries:
        entry["path"] = paths[entry["path"]]
    return replace(run, manifest={**run.manifest, "input": entries}, relocated=True)


def _match(read: Sequence[str], found: Sequence[str]) -> dict[str, str]:
    """Matches old paths to present ones by their endings.

    Each old path gets the present path with the longest common ending.
    """
    ends: dict[str, list[str]] = {}
    for path in found:
        for end in _ends(path):
            ends.setdefault(end, []).append(path)
    paths = {}
    for path in read:
        longest = next((ends[end] for end in _ends(path) if end in ends), [])
        if len(longest) == 1:
            paths[path] = longest[0]
    taken = Counter(paths.values())
    wrong = [path for path in read if path not in paths or taken[paths[path]] > 1]
    if wrong:
        raise DataError(
            f"--input: expected the {plural(len(read), 'file')} that the run read, received {len(found):,}, of which none, "
            f"or more than one, is {listed(wrong, _SHOWN, repr)} by its name and the folders above it; name the files as "
            "they were, in the same folders"
        )
    return paths


def _ends(path: str) -> list[str]:
    """Lists a path's endings, from the whole to the name."""
    names = path.split("/")
    return ["/".join(names[start:]) for start in range(len(names))]
