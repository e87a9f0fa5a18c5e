"""Generated code that trains a model and exports it.

The model has an output for each label.
"""

import math
from collections.abc import Iterable, Mapping

from shardmill.pipelines.inspect.code_facts import Run, export_folder, literal
from shardmill.pipelines.inspect.code_features import input_line, part_line, uses_pooled, varying
from shardmill.pipelines.inspect.code_lines import Head
from shardmill.pipelines.inspect.code_template import fill, lines
from shardmill.schemas.run_folder import TRAIN

# Rows in the reader's batches; the least number of batches that training should take; the most
# epochs.
_BATCH = 256
_STEPS = 300
_MOST_EPOCHS = 10
_STOPPING = "callbacks=[keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)],"
# Usual names of the split to validate on, the likeliest first.
_VALIDATION = ("eval", "valid", "validation", "val", "dev")
_EXPORTED = '\nprint(f"Exported the model to {EXPORT}")\n'
_DENSE = (
    "features = dict(features)",
    "for name, padding in PADDING.items():",
    '    rows = tf.RaggedTensor.from_row_lengths(features[name], features.pop(f"{name}$row_lengths"))',
    "    features[name] = rows.to_tensor(padding)",
)


def training(run: Run, heads: Mapping[str, Head], labels: Mapping[str, str]) -> Iterable[str]:
    """Yields the code of the model and of its export.

    Args:
        run: The run.
        heads: The head of each label, by the label's name in the code; at least one.
        labels: The labels by the same names.
    """
    yield _model(run, heads)
    yield fill("export", export=literal(export_folder(run.folder)), predict=lines(_predict_lines(run, heads, labels)))
    if run.has_odd_columns:
        yield fill("names")
    yield _EXPORTED


def _model(run: Run, heads: Mapping[str, Head]) -> str:
    return fill(
        "model",
        helpers="".join((fill("pooled") if uses_pooled(run.features) else "", _classes(run, heads), _weights(heads))),
        inputs=lines(map(input_line, run.features)),
        parts=lines(line for line in map(part_line, run.features) if line),
        outputs="\n".join(_output_lines(heads)),
        loss=_by_label({name: each.loss for name, each in heads.items()}),
        metrics=_by_label({name: each.metrics for name, each in heads.items()}),
        options=_options(run, heads),
        fit=lines(_fit_lines(run, heads)),
    )


def _classes(run: Run, heads: Mapping[str, Head]) -> str:
    texts = [name for name, each in heads.items() if each.is_text]
    if not texts:
        return ""
    weight = ", weight" if run.weight else ""
    if len(heads) == 1:
        return fill("classes", weight=weight)
    return fill("classes_of_several", labels=literal(texts), weight=weight)


def _weights(heads: Mapping[str, Head]) -> str:
    """Writes the weights of rare classes.

    They are class weights of the only label, or sample weights by label where there are several.
    """
    weights = {name: each.class_weights for name, each in heads.items() if each.class_weights}
    if not weights:
        return ""
    if len(heads) == 1:
        ((zero, one),) = weights.values()
        return fill("class_weights", zero=f"{zero:.4g}", one=f"{one:.4g}")
    table = [f"{literal(name)}: [{zero:.4g}, {one:.4g}]," for name, (zero, one) in weights.items()]
    return fill("sample_weights", weights=lines(table), source=_source(heads))


def _source(heads: Mapping[str, Head]) -> str:
    return "encoded" if any(each.is_text for each in heads.values()) else "dataset"


def _output_lines(heads: Mapping[str, Head]) -> Iterable[str]:
    if len(heads) > 1:
        yield "outputs = {}"
    for name, each in heads.items():
        yield f"# {literal(name)} {each.comment}."
        yield from each.lines(*_of_label(name, heads, "outputs", "class_names"))


def _of_label(name: str, heads: Mapping[str, Head], *variables: str) -> list[str]:
    """Writes a label's variables.

    Where there are several labels, they are items of dicts by label.
    """
    return [f"{variable}[{literal(name)}]" if len(heads) > 1 else variable for variable in variables]


def _by_label(values: Mapping[str, str]) -> str:
    """Writes an argument of `compile`, a dict if by label."""
    if len(values) == 1:
        return next(iter(values.values()))
    table = [f"{literal(name)}: {value}," for name, value in values.items()]
    return f"{{\n{lines(table, 8)}\n    }}"


def _options(run: Run, heads: Mapping[str, Head]) -> str:
    """Writes optional arguments of `compile`."""
    options = []
    if len(heads) > 1 and any(each.loss_weight != 1 for each in heads.values()):
        weights = {name: f"{each.loss_weight:.4g}" for name, each in heads.items()}
        options.append(f"    loss_weights={_by_label(weights)},  # no loss outweighs the others\n")
    if varying(run.features):
        # XLA compiles anew for each length, which would take longer than it saves.
        options.append("    jit_compile=False,\n")
    return "".join(options)


def _fit_lines(run: Run, heads: Mapping[str, Head]) -> Iterable[str]:
    source = _source(heads)
    has_weights = any(each.class_weights for each in heads.values())
    yield "weighted," if has_weights and len(heads) > 1 else f'{source}("{TRAIN}"),'
    if has_weights and len(heads) == 1:
        yield "class_weight=CLASS_WEIGHT,"
    if (split := _validation_split(run)) is not None:
        yield f"validation_data={source}({literal(split)}),"
        yield _STOPPING
    batches = max(1, sum(math.ceil(rows / _BATCH) for rows in run.shards[TRAIN]))
    yield f"epochs={min(_MOST_EPOCHS, math.ceil(_STEPS / batches))},  # the fewer rows, the more"


def _validation_split(run: Run) -> str | None:
    """Chooses the split to validate on, among those with rows.

    A usual name decides; else it is the first split that isn't for training.
    """
    others = [split for split in run.shards if split != TRAIN and any(run.shards[split])]
    named = [split for split in _VALIDATION if split in others]
    return next(iter((*named, *others)), None)


def _predict_lines(run: Run, heads: Mapping[str, Head], labels: Mapping[str, str]) -> Iterable[str]:
    if varying(run.features):
        yield from _DENSE
    if len(heads) > 1:
        yield "scores = model(features)"
        renamed = any(key != label for key, label in labels.items())
        own = "{label: scores[name] for name, label in LABELS.items()}"
        yield f"predicted = {own if renamed else 'dict(scores)'}"
        for key, label in labels.items():
            if heads[key].is_text:
                name, scores = literal(key), literal(f"{label}_scores")
                yield f"predicted[{literal(label)}] = tf.gather(class_names[{name}], tf.argmax(scores[{name}], -1))"
                yield f"predicted[{scores}] = scores[{name}]"
        yield "return predicted"
    elif next(iter(heads.values())).is_text:
        yield "scores = model(features)"
        yield 'return {LABEL: tf.gather(class_names, tf.argmax(scores, -1)), f"{LABEL}_scores": scores}'
    else:
        yield "return {LABEL: model(features)}"
