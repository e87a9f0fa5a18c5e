"""`shardmill inspect --code`: Python that trains on a run and serves it, made for that very run. TensorFlow isn't imported."""

import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from string import Template

from pipelines.snippets_features import input_line, padding, part_line, spec_line, uses_pooled, varying
from pipelines.snippets_model import Head, head
from pipelines.snippets_run import FILES, Run, export_folder, literal, load_run
from schemas.errors import DataError
from transforms.splits import TRAIN

_TEMPLATES = Path(__file__).parent / "templates"
# The reader's rows in a batch, and what the printed training has of batches and of epochs.
_BATCH = 256
_STEPS = 300
_MOST_EPOCHS = 10
_STOPPING = "callbacks=[keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)],"
_NO_MODEL = """

# No model: {why}.
"""
_REMOTE = (
    "# TensorFlow itself reads gs:// and no other store, and what reads without it only local files: for these copy the\n"
    "# run, and let RUN name the copy.\n"
)
_NO_LABEL = (
    'the run has no label, so there is nothing to predict. Its configuration can name one: price = { kind = "label" }'
)


def code_for(folder: str) -> str:
    """Code for a run: readers by tf.data and without TensorFlow, a Keras 3 model, its export for raw columns.

    Where there is no label, or no feature that a model takes, there are the readers only.

    Args:
        folder: The run's folder, local or remote; it stands in the code as it is given.

    Raises:
        DataError: It isn't a finished run, or a file in it can't be read or decoded.
    """
    if "://" in folder:
        from pipelines.inspecting_remote import fetched_run

        with fetched_run(folder, FILES) as copy:
            run = replace(_load(copy), folder=folder.rstrip("/"))
    else:
        run = _load(folder)
    return "".join((_head(run), _reader(run), *_trained(run), _rows(run)))


def _load(folder: str) -> Run:
    try:
        return load_run(folder)
    except OSError as error:
        raise DataError(f"can't read {error.filename!r}: {error.strerror or error}") from error


def _fill(template: str, **values: str) -> str:
    return Template((_TEMPLATES / f"{template}.txt").read_text(encoding="utf-8")).substitute(values)


def _lines(items: Iterable[str], indent: int = 4) -> str:
    return "\n".join(" " * indent + item for item in items)


def _head(run: Run) -> str:
    label = f"LABEL = {literal(run.labels[0].name)}\n" if run.labels else ""
    return _fill(
        "head",
        run=literal(run.folder),
        remote=_REMOTE if "://" in run.folder else "",
        shards=literal(dict(run.shards)),
        suffix=run.suffix,
        label_constant=label,
    )


def _reader(run: Run) -> str:
    outputs = sorted((*run.features, *run.labels), key=lambda output: output.name)
    padded = [f"{literal(output.name)}: {padding(output)}," for output in varying(outputs)]
    return _fill(
        "reader",
        spec=_lines(map(spec_line, outputs)),
        padding=_PADDING.format(_lines(padded)) if padded else "",
        parsed=_lines((*(_PAD if padded else ()), *_label_lines(run))),
        rows=_rows_name(run),
        compression=', "GZIP"' if run.compressed else "",
    )


_PADDING = "# What fills the rows of features of varying length.\nPADDING = {{\n{}\n}}\n"
_PAD = (
    "for name, padding in PADDING.items():",
    "    features[name] = tf.sparse.to_dense(features[name], padding)",
)


def _label_lines(run: Run) -> Iterable[str]:
    """The lines that tell features from labels and give both."""
    for other in run.labels[1:]:
        yield f"features.pop({literal(other.name)})  # a label too; or put it in LABEL"
    yield "return features, features.pop(LABEL)" if run.labels else "return features"


def _rows_name(run: Run) -> str:
    return "(features, label)" if run.labels else "features"


def _trained(run: Run) -> Iterable[str]:
    """The model and its export; or why there is none."""
    found = _head_or_reason(run)
    if isinstance(found, str):
        yield _NO_MODEL.format(why=found)
        return
    yield _model(run, found)
    yield _export(run, found)
    if run.has_odd_columns:
        yield _fill("names")


def _head_or_reason(run: Run) -> Head | str:
    if not run.labels:
        return _NO_LABEL
    if not any(map(part_line, run.features)):
        return "no feature is of a kind that a model takes as it is"
    found = head(run.labels[0])
    return f"the label {literal(run.labels[0].name)} {found}" if isinstance(found, str) else found


def _model(run: Run, found: Head) -> str:
    source = "encoded" if found.is_text else "dataset"
    return _fill(
        "model",
        helpers=(_fill("pooled") if uses_pooled(run.features) else "") + (_fill("classes") if found.is_text else ""),
        inputs=_lines(map(input_line, run.features)),
        parts=_lines(line for line in map(part_line, run.features) if line),
        outputs="\n".join((f"# {literal(run.labels[0].name)} {found.comment}.", *found.layers)),
        loss=found.loss,
        metrics=found.metrics,
        # Compiled anew for each length, XLA would take longer than it saves.
        compile=", jit_compile=False" if varying(run.features) else "",
        fit=_lines(_fit_lines(run, source)),
    )


def _fit_lines(run: Run, source: str) -> Iterable[str]:
    yield f'{source}("{TRAIN}"),'
    held_out = [split for split in run.shards if split != TRAIN]
    if held_out:
        yield f"validation_data={source}({literal(held_out[0])}),"
        yield _STOPPING
    batches = max(1, math.ceil(run.rows[TRAIN] / _BATCH))
    yield f"epochs={min(_MOST_EPOCHS, math.ceil(_STEPS / batches))},  # the fewer rows, the more"


def _export(run: Run, found: Head) -> str:
    return _fill("export", export=literal(export_folder(run.folder)), predict=_lines(_predict_lines(run, found)))


def _predict_lines(run: Run, found: Head) -> Iterable[str]:
    if varying(run.features):
        yield from _DENSE
    if found.is_text:
        yield "scores = model(features)"
        yield 'return {LABEL: tf.gather(class_names, tf.argmax(scores, -1)), f"{LABEL}_scores": scores}'
    else:
        yield "return {LABEL: model(features)}"


_DENSE = (
    "features = dict(features)",
    "for name, padding in PADDING.items():",
    '    rows = tf.RaggedTensor.from_row_lengths(features[name], features.pop(f"{name}$row_lengths"))',
    "    features[name] = rows.to_tensor(padding)",
)


def _rows(run: Run) -> str:
    return _fill(
        "rows",
        row=_rows_name(run),
        compression='"gzip"' if run.compressed else "None",
        yielded=_lines((line.replace("return", "yield") for line in _label_lines(run)), 12),
    )
