"""Compares a finished run with the present configuration and input."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from shardmill.pipelines.config.load import Config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.diff.flat_settings import changes
from shardmill.pipelines.job.graph_sources import TransformFunction
from shardmill.pipelines.job.input_files import list_files
from shardmill.pipelines.job.plan import facts_of
from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.pipelines.run_folder.manifest_keys import InputEntry
from shardmill.schemas.json_shapes import shown
from shardmill.transforms.csv.units import InputFile
from shardmill.transforms.files import copying
from shardmill.transforms.files.checksums import NO_BYTES
from shardmill.transforms.workers import phases

_PHASE = "compare"
# How a change of a fact in the manifest is told.
_SENTENCES = {
    "config": "{key} was {before} and is {after}",
    "named_files": "what {key} names has changed",
    "versions": "the version of {key} was {before} and is {after}",
}


def changed_since(run: FinishedRun, config: Config, progress: Progress) -> Iterator[str]:
    """Yields changes since a run that decide its bytes.

    They are of the configuration, the files that it names, versions, and the input. That is read
    to compare checksums once all else is found to be the same.

    Args:
        run: The finished run.
        config: The configuration of a new one.
        progress: Shows the reading.

    Raises:
        DataError: A file can't be found or read.
    """
    if "applied" in run.manifest:
        yield "it was written by `shardmill apply`"
        return
    packages = TransformFunction.packages if config.preprocessing_fn else ()
    now = json.loads(json.dumps(facts_of(config, packages)))
    recorded: Mapping[str, Any] = run.manifest
    found = [
        sentence.format(key=each.key, before=shown(each.before), after=shown(each.after))
        for name, sentence in _SENTENCES.items()
        for each in changes(recorded.get(name, {}), now.get(name, {}))
    ]
    inputs, entries = list_files(config.input.patterns), run.manifest["input"]
    found += _other_files(inputs, entries)
    yield from found or _other_bytes(inputs, entries, progress)


def _other_files(inputs: list[InputFile], entries: list[InputEntry]) -> Iterator[str]:
    before = {entry["path"]: (entry["bytes"], entry.get("split")) for entry in entries}
    now = {each.location or each.path: (each.size, each.split) for each in inputs}
    for path in dict.fromkeys([*before, *now]):
        if path not in now:
            yield f"the input {path!r} is missing"
        elif path not in before:
            yield f"the input {path!r} is new"
        elif before[path] != now[path]:
            yield f"the input {path!r} has changed"


def _other_bytes(inputs: list[InputFile], entries: list[InputEntry], progress: Progress) -> Iterator[str]:
    progress.announce({_PHASE: sum(each.size for each in inputs)}, last=True)
    phases.start(_PHASE)
    before = {entry["path"]: entry["crc32c"] for entry in entries}
    for each in inputs:
        path = each.location or each.path
        found = NO_BYTES
        for piece in copying.pieces(each.path):
            found = found.then(piece)
            phases.add(_PHASE, 0, len(piece))
        if str(found) != before[path]:
            yield f"the input {path!r} has changed"
