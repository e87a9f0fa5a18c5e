"""The lines of `shardmill inspect --code` that differ from run to run: the features' inputs, and what predicts the label."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.snippets_run import Output, literal

# An integer label with more values than this is taken for a quantity.
_CLASSES = 20
# Numbers further from 0 than this are brought near to it.
_LARGE = 10
_UNITS = 32


@dataclass(frozen=True)
class Head:
    """What predicts a label.

    Attributes:
        comment: What the label was taken for, and why.
        layers: The lines that make `outputs` from `features`.
        loss: For `compile`.
        metrics: For `compile`.
        is_text: Whether the label is text, whose classes the code must find.
    """

    comment: str
    layers: tuple[str, ...]
    loss: str
    metrics: str
    is_text: bool = False


def spec_line(output: Output) -> str:
    """A feature's line in the feature spec of `tf.io.parse_example`."""
    spec = (
        f"tf.io.VarLenFeature(tf.{output.dtype})"
        if output.shape is None
        else f"tf.io.FixedLenFeature({list(output.shape)}, tf.{output.dtype})"
    )
    return f"{literal(output.name)}: {spec},"


def padding(output: Output) -> str:
    """What fills the rows of a feature of varying length: for ids, the number before the first."""
    if output.dtype == "string":
        return '""'
    if output.ids:
        return str(output.ids[0] - 1)
    return "0" if output.dtype == "int64" else "0.0"


def input_line(output: Output) -> str:
    """A feature's line in the model's inputs. Rows without dimension get one: Keras adds it to what they are fed."""
    shape = "(None,)" if output.shape is None else str(output.shape or (1,))
    # Keras allows any name but one with a slash; a dict's key may have it.
    name = "" if "/" in output.name else f", name={literal(output.name)}"
    return f'{literal(output.name)}: keras.Input({shape}, dtype="{output.dtype}"{name}),{_left_out(output)}'


def _left_out(output: Output) -> str:
    if output.is_sparse:
        return "  # of a sparse feature: read, but not used"
    if output.dtype == "string":
        return "  # text: read, but not used"
    if part_line(output) is None:
        return "  # integers of varying number, and no ids: read, but not used"
    return ""


def part_line(output: Output) -> str | None:
    """A feature's line in what the model's layers see; None for what isn't used."""
    name = f"inputs[{literal(output.name)}]"
    is_list = output.dtype == "int64" and output.shape is None and not output.ids
    if output.is_sparse or output.dtype == "string" or is_list:
        return None
    if output.ids:
        return _embedding(output, name)
    if output.shape is None:
        return f"keras.ops.sum({name}, axis=1, keepdims=True),"
    if output.dtype == "int64" or abs(output.mean) + math.sqrt(output.variance) > _LARGE:
        name = f"keras.layers.Normalization(mean={output.mean:.6g}, variance={output.variance:.6g})({name})"
    return f"keras.layers.Flatten()({name})," if len(output.shape) > 1 else f"{name},"


def _embedding(output: Output, name: str) -> str:
    assert output.ids
    first, last = output.ids
    size = last - first + 1
    units = min(_UNITS, (size + 1) // 2)
    if output.shape is None:
        return f"pooled({_from_zero(name, first - 1)}, {size + 1}, {units}),"
    return f"keras.layers.Flatten()(keras.layers.Embedding({size}, {units})({_from_zero(name, first)})),"


def _from_zero(name: str, first: int) -> str:
    return f"{name} - {first}" if first > 0 else f"{name} + {-first}" if first else name


def head(label: Output) -> Head | str:
    """What predicts a label, by its type and statistics; or why nothing does."""
    if label.shape is None or len(label.shape) > 1 or (label.shape and label.dtype == "string"):
        return "is neither one value nor a list of as many numbers in each row"
    if label.dtype == "string":
        return Head(
            "is text: the model gives a probability for each of `class_names`",
            ('outputs = keras.layers.Dense(classes.vocabulary_size(), activation="softmax")(features)',),
            *('"sparse_categorical_crossentropy"', '["accuracy"]'),
            is_text=True,
        )
    classes = _count_classes(label)
    return _classifier(label, classes) if classes else _regressor(label)


def _count_classes(label: Output) -> int:
    """The number of classes of an integer label; 0 for a quantity."""
    if label.dtype != "int64" or label.shape:
        return 0
    if label.ids:
        return label.ids[1] + 1
    return int(label.maximum) + 1 if label.minimum >= 0 and 0 < label.maximum < _CLASSES else 0


def _classifier(label: Output, classes: int) -> Head:
    unknown = bool(label.ids) and label.ids[0] < 0  # type: ignore[index]
    if classes == len(("no", "yes")) and not unknown:
        return Head(
            "is 0 or 1: the model gives the probability of 1",
            ('outputs = keras.layers.Dense(1, activation="sigmoid")(features)',),
            *('"binary_crossentropy"', '["accuracy"]'),
        )
    loss = f"keras.losses.SparseCategoricalCrossentropy(ignore_class={label.ids[0]})" if unknown else ""  # type: ignore[index]
    return Head(
        f'is an integer from 0 to {classes - 1}: the model gives a probability for each. A quantity? Dense(1), "mse"',
        (f'outputs = keras.layers.Dense({classes}, activation="softmax")(features)',),
        *(loss or '"sparse_categorical_crossentropy"', '["accuracy"]'),
    )


def _regressor(label: Output) -> Head:
    units = label.shape[0] if label.shape else 1
    return Head(
        "is a quantity; its mean and standard deviation scale what the last layer gives",
        (
            f"outputs = keras.layers.Dense({units})(features)",
            f"outputs = keras.layers.Rescaling({math.sqrt(label.variance):.6g}, offset={label.mean:.6g})(outputs)",
        ),
        *('"mse"', '["mae"]'),
    )


def varying(outputs: Sequence[Output]) -> list[Output]:
    """The features of varying length."""
    return [output for output in outputs if output.shape is None]
