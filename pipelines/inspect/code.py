"""`shardmill inspect --code`: generates code that trains and serves.

The Python code is made for one run. TensorFlow isn't imported.
"""

import os
import re
import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from shardmill.pipelines.inspect.code_facts import FILES, Run, literal, load_run
from shardmill.pipelines.inspect.code_features import (
    context_line,
    padding,
    part_line,
    spec_line,
    step_line,
    step_padding,
    steps_code,
    varying,
)
from shardmill.pipelines.inspect.code_lines import Head, head
from shardmill.pipelines.inspect.code_template import fill, lines
from shardmill.pipelines.inspect.code_training import training
from shardmill.schemas.errors import DataError
from shardmill.schemas.features import usual_label

_WIDTH = 120
_NO_MODEL = """

# No model: {why}.
print({told})
"""
_REMOTE = (
    "# TensorFlow itself reads gs:// and no other store, and what reads without it only local files: for these copy the\n"
    "# run, and let RUN name the copy.\n"
)
_RELATIVE = "# Run it in the folder in which it was made, or change RUN.\n"
_NO_LABEL = "the run has no label, so there is nothing to predict. Its configuration can name one: {how}"
_LABEL_KIND = '{name} = {{ kind = "label" }} under [features]'
_LABEL_OUTPUT = "label = [{name}] at the top, for the output of that name"
_SCRIPT = "; the whole is a script that trains a\n# little and exports"
_PADDING = "# What fills the rows of features of varying length.\nPADDING = {{\n{}\n}}\n"
_PAD_RAGGED = (
    "for name, padding in PADDING.items():",
    "    features[name] = features[name].to_tensor(padding)",
)
_PAD = (
    "for name, padding in PADDING.items():",
    "    features[name] = tf.sparse.to_dense(features[name], padding)",
)


@dataclass(frozen=True)
class _Labels:
    """A run's labels.

    Attributes:
        read: The labels that the readers return, in order, by their names in the code.
        left_out: The other labels, each with the reason.
        heads: By the same names as `read`, the layers that predict them; empty where there is no
            model.
        why_no_model: Why there is no model; empty where there is one.
    """

    read: Mapping[str, str]
    left_out: Mapping[str, str]
    heads: Mapping[str, Head]
    why_no_model: str = ""


def code_for(folder: str) -> str:
    """Generates Python code for a run.

    It has a tf.data reader, a reader without TensorFlow, a Keras 3 model and the model's export for
    raw columns; only the readers where the run has no label, or no feature that a model takes.

    Args:
        folder: The run's folder, local or remote; the code names it as it is given.

    Raises:
        DataError: It isn't a finished run, or a file in it can't be read or decoded.
    """
    if "://" in folder:
        from shardmill.pipelines.inspect.fetch import fetched_run

        with fetched_run(folder, FILES) as copy:
            run = replace(_load(copy), folder=folder.rstrip("/"))
    else:
        run = _load(folder)
    labels = _labels(run)
    if run.context is not None:
        return "".join((_head(run, labels), _sequences(run, run.context)))
    trained = (
        [_NO_MODEL.format(why=labels.why_no_model, told=literal(f"Nothing was trained: {labels.why_no_model}."))]
        if labels.why_no_model
        else training(run, labels.heads, labels.read)
    )
    return "".join((_head(run, labels), _reader(run, labels), *trained, _rows(run, labels)))


def _load(folder: str) -> Run:
    try:
        return load_run(folder)
    except OSError as error:
        raise DataError(f"can't read {error.filename!r}: {error.strerror or error}") from error


def _labels(run: Run) -> _Labels:
    """Chooses the labels to predict, and how.

    Where none can be predicted, the readers return all labels.
    """
    names = tuple(label.name for label in run.labels)
    if run.context is not None:
        return _Labels(_keys(names), {}, {}, "a record is a group of rows")
    if not names:
        return _Labels({}, {}, {}, _NO_LABEL.format(how=_how_to_label(run)))
    if run.windows:
        return _Labels(_keys(names), {}, {}, "a record is a window of rows, and the graph that serves takes rows")
    found = {label.name: head(label) for label in run.labels}
    left_out = {name: why for name, why in found.items() if isinstance(why, str)}
    heads = {name: each for name, each in found.items() if isinstance(each, Head)}
    if run.weight is not None:
        # The run's own weights say what a row counts.
        heads = {name: replace(each, class_weights=()) for name, each in heads.items()}
    if not any(map(part_line, run.features)):
        return _Labels(_keys(names), {}, {}, "no feature is of a kind that a model takes as it is")
    if not heads:
        return _Labels(_keys(names), {}, {}, f"the label {literal(names[0])} {left_out[names[0]]}")
    keys = _keys(list(heads))
    return _Labels(keys, left_out, {key: heads[name] for key, name in keys.items()})


def _how_to_label(run: Run) -> str:
    """Says how one of the run's columns becomes a label.

    It is one with a label's name, else the last; of a function it is an output.
    """
    names = [each.name for each in run.features if not each.is_index] if run.is_function else run.columns
    if not names:
        return "see docs/configuration.md"
    likely = usual_label(names) or names[-1]
    if run.is_function:
        return _LABEL_OUTPUT.format(name=literal(likely))
    return _LABEL_KIND.format(name=likely if re.fullmatch(r"[A-Za-z0-9_-]+", likely) else literal(likely))


def _keys(names: Sequence[str]) -> dict[str, str]:
    """Maps names in the code to labels.

    Where there are several labels, names that Keras doesn't take for an output are changed.
    """
    if len(names) == 1:
        return {names[0]: names[0]}
    keys: dict[str, str] = {}
    for name in names:
        key = re.sub(r"[^A-Za-z0-9_]+", "_", name).lstrip("_") or "label"
        while key in keys or (key != name and key in names):
            key += "_"
        keys[key] = name
    return keys


def _head(run: Run, labels: _Labels) -> str:
    return fill(
        "head",
        run=literal(run.folder),
        whole="" if labels.why_no_model else _SCRIPT,
        location=_location(run.folder),
        shards="\n".join(_shard_lines(run)),
        suffix=run.suffix,
        label_constant=_label_constant(labels.read),
    )


def _location(folder: str) -> str:
    if "://" in folder:
        return _REMOTE
    return "" if os.path.isabs(folder) else _RELATIVE


def _shard_lines(run: Run) -> Iterable[str]:
    for split, rows in run.shards.items():
        line = f"{literal(split)}: {literal(list(rows))},"
        yield from textwrap.wrap(line, _WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 8)


def _label_constant(labels: Mapping[str, str]) -> str:
    if len(labels) == 1:
        return f"LABEL = {literal(*labels.values())}\n"
    if _are_renamed(labels):
        return f"LABELS = {literal(dict(labels))}  # by a name that Keras takes\n"
    return f"LABELS = {literal(list(labels))}\n" if labels else ""


def _are_renamed(labels: Mapping[str, str]) -> bool:
    return any(key != name for key, name in labels.items())


def _reader(run: Run, labels: _Labels) -> str:
    weights = () if run.weight is None else (run.weight,)
    outputs = sorted((*run.features, *run.labels, *weights), key=lambda output: output.name)
    padded = [f"{literal(output.name)}: {padding(output)}," for output in varying(run.features)]
    return fill(
        "reader",
        spec=lines(map(spec_line, outputs)),
        padding=_PADDING.format(lines(padded)) if padded else "",
        parsed=lines((*(_PAD if padded else ()), *_label_lines(run, labels))),
        rows=_rows_name(run, labels),
        compression=', "GZIP"' if run.compressed else "",
    )


def _sequences(run: Run, context: Collection[str]) -> str:
    """Writes a reader of groups of rows."""
    outputs = sorted((*run.features, *run.labels), key=lambda output: output.name)
    lists = [output for output in outputs if output.name not in context]
    padded = [f"{literal(output.name)}: {step_padding(output)}," for output in varying(outputs)]
    return fill(
        "sequences",
        context=lines(context_line(output) for output in outputs if output.name in context),
        lists=lines(map(step_line, lists)),
        padding=_PADDING.format(lines(padded)) if padded else "",
        padded=f"{lines(_PAD_RAGGED)}\n" if padded else "",
        steps=steps_code(lists),
        compression=', "GZIP"' if run.compressed else "",
    )


def _label_lines(run: Run, labels: _Labels) -> Iterable[str]:
    """Yields lines that split rows into features, labels and weights."""
    for name, why in labels.left_out.items():
        yield f"features.pop({literal(name)})  # a label too, which {why}"
    if run.weight is not None:
        yield f"weight = features.pop({literal(run.weight.name)})"
    weight = "" if run.weight is None else ", weight"
    if _are_renamed(labels.read):
        yield f"return features, {{name: features.pop(label) for name, label in LABELS.items()}}{weight}"
    elif len(labels.read) > 1:
        yield f"return features, {{label: features.pop(label) for label in LABELS}}{weight}"
    else:
        yield f"return features, features.pop(LABEL){weight}" if labels.read else f"return features{weight}"


def _rows_name(run: Run, labels: _Labels) -> str:
    names = ["features", *(["labels" if len(labels.read) > 1 else "label"] if labels.read else [])]
    names += [] if run.weight is None else ["weight"]
    return f"({', '.join(names)})" if len(names) > 1 else "features"


def _rows(run: Run, labels: _Labels) -> str:
    return fill(
        "rows",
        row=_rows_name(run, labels),
        compression='"gzip"' if run.compressed else "None",
        yielded=lines((line.replace("return", "yield") for line in _label_lines(run, labels)), 12),
    )
