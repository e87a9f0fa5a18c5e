"""The lines of `shardmill inspect --code` that predict the label."""

import math
from dataclasses import dataclass

from pipelines.snippets_run import Output

# An integer label with more values than this is taken for a quantity.
_CLASSES = 20


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
    # A domain may have an id of unknown values that no row has.
    unknown = bool(label.ids) and label.ids[0] < 0 and not label.minimum >= 0  # type: ignore[index]
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
