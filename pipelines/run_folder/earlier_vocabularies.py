"""Finds the vocabularies of earlier runs, which features extend."""

import dataclasses
import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.schemas.errors import ConfigError
from shardmill.schemas.json_shapes import InnerPath, decode_json
from shardmill.schemas.messages import listed
from shardmill.schemas.run_folder import ASSET_MAP, VOCABULARIES
from shardmill.transforms.files import copying, enclosed, files
from shardmill.transforms.graph.vocabulary_files import TFRECORD_SUFFIX, count_tokens
from shardmill.transforms.kinds.base import Kind
from shardmill.transforms.kinds.categorical.vocabulary import VocabularyKind

# Vocabularies' names listed in a message.
_FEW = 20


@dataclass(frozen=True)
class Extended:
    """Features whose vocabularies extend those of earlier runs.

    Attributes:
        kinds: All features; those that extend a vocabulary know its copy.
        kept: The number of tokens of each vocabulary that is extended.
    """

    kinds: tuple[Kind, ...]
    kept: dict[str, int]


def take_earlier(kinds: Sequence[Kind], folder: str) -> Extended:
    """Copies the vocabularies that features extend.

    Args:
        kinds: The features.
        folder: The folder of the copies, which all workers read.

    Raises:
        ConfigError: A run lacks the vocabulary, or its reserved tokens are others.
        DataError: A folder isn't a finished run's, or was changed.
    """
    load = cache(FinishedRun.load)
    copies: dict[str, str] = {}
    found: list[Kind] = []
    for kind in kinds:
        if not isinstance(kind, VocabularyKind) or kind.extend is None or kind.vocabulary is None:
            found.append(kind)
            continue
        if kind.vocabulary not in copies:
            copies[kind.vocabulary] = _copy(
                kind, load(kind.extend), files.join(folder, f"earlier-vocabulary-{len(copies)}")
            )
        found.append(dataclasses.replace(kind, earlier=copies[kind.vocabulary]))
    return Extended(tuple(found), {name: count_tokens(path) for name, path in copies.items()})


def _copy(kind: VocabularyKind, run: FinishedRun, target: str) -> str:
    data = enclosed.read(run.folder, ASSET_MAP)
    names: dict[str, str] = decode_json(data, dict[str, InnerPath], files.join(run.folder, ASSET_MAP))
    vocabulary = kind.vocabulary or kind.name
    if vocabulary not in names:
        has = f"it has {listed(sorted(names), _FEW)}" if names else "it has none"
        raise kind.error(
            f"`extend`: expected a run with a vocabulary {vocabulary!r}, received {run.folder!r}: {has}; "
            "give another run, or call the feature or `shared` as then"
        )
    reserved = _reserved(vocabulary, run)
    if reserved != kind.reserved_tokens:
        raise kind.error(
            f"`extend`: expected the `reserved_tokens` of {run.folder!r}, {list(reserved)!r}, whose ids are kept, "
            f"received {list(kind.reserved_tokens)!r}"
        )
    file = f"{VOCABULARIES}/{names[vocabulary]}"
    listed_digest = {entry["file"]: entry["sha256"] for entry in run.manifest["files"]}.get(file)
    target += TFRECORD_SUFFIX if file.endswith(TFRECORD_SUFFIX) else ""
    size, digest = enclosed.digest(run.folder, file)
    copying.copy(files.join(run.folder, file), target)
    if copying.digest(target) != (size, digest) or digest != listed_digest:
        raise kind.error(
            f"`extend`: the vocabulary {file!r} of {run.folder!r} isn't the one that its manifest lists; get the run anew"
        )
    return target


def _reserved(vocabulary: str, run: FinishedRun) -> tuple[str, ...]:
    """The reserved tokens with which a run made a vocabulary."""
    tables: dict[str, dict[str, Any]] = {
        name: {} if isinstance(settings, str) else dict(settings)
        for name, settings in run.manifest["config"]["features"].items()
    }
    exact = {name: table for name, table in tables.items() if table.get("shared", name) == vocabulary}
    # Otherwise a pattern made the feature.
    for name, table in (exact or tables).items():
        if exact or fnmatch.fnmatchcase(vocabulary, name):
            tokens = table.get("reserved_tokens", [])
            if isinstance(tokens, list) and all(isinstance(token, str) for token in tokens):
                return tuple(tokens)
            raise ConfigError(f"[features] {name} of {run.folder!r}: expected a list of tokens, received {tokens!r}")
    return ()
