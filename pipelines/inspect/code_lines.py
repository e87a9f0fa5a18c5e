"""Lines of generated code that predict a label."""

import math
from dataclasses import dataclass

from shardmill.pipelines.inspect.code_facts import Output

# The most classes of an integer label without a domain; one with more is taken for a quantity.
_CLASSES = 20
# The share of rows below which the rarer of two classes is weighted.
_RARE = 0.2
# In a layer's code, stands for the variable with the classes of a text label.
_CLASS_NAMES = "class_names"
_LABELS = 'keras.metrics.AUC(multi_label=True, name="auc")'


@dataclass(frozen=True)
class Head:
    """The layers and loss that predict a label.

    Attributes:
        comment: What the label was taken for, and why.
        layers: The layers after the features.
        loss: The loss for `compile`.
        metrics: The metrics for `compile`.
        loss_weight: The factor that brings the loss near 1, beside those of other labels.
        class_weights: The weights with which 0 and 1 count the same, where one of them is rare;
            else empty.
        is_text: Whether the label is text, whose classes the code must find.
    """

    comment: str
    layers: tuple[str, ...]
    loss: str
    metrics: str
    loss_weight: float = 1
    class_weights: tuple[float, ...] = ()
    is_text: bool = False

    def lines(self, target: str, class_names: str) -> list[str]:
        """Returns the lines that assign the layers' output.

        Args:
            target: The variable or item to assign to.
            class_names: The variable with the classes, if the label is text.
        """
        sources = ("features", *(target for _ in self.layers[1:]))
        return [
            f"{target} = {layer}({source})".replace(_CLASS_NAMES, class_names)
            for layer, source in zip(self.layers, sources, strict=True)
        ]


def head(label: Output) -> Head | str:
    """Chooses a label's head by its type and statistics.

    Returns the reason where none is known.
    """
    if label.shape is None or len(label.shape) > 1 or (label.dtype == "string" and _length(label) > 1):
        return "is neither one value nor a list of as many numbers in each row"
    if label.dtype == "string":
        return Head(
            "is text: the model gives a probability for each of `class_names`",
            (f'keras.layers.Dense(len({_CLASS_NAMES}), activation="softmax")',),
            *('"sparse_categorical_crossentropy"', '["accuracy"]'),
            is_text=True,
        )
    if _is_flag(label):
        return _flags(label)
    count = _count_classes(label)
    return _classifier(label, count) if count else _regressor(label)


def _length(label: Output) -> int:
    return label.shape[0] if label.shape else 1


def _is_flag(label: Output) -> bool:
    """Whether all values are 0 or 1."""
    if label.ids and label.ids[1] > 1:
        return False
    # Floats between 0 and 1 are all 0 or 1 if those that aren't 0 are 1 on average.
    only = label.dtype == "int64" or math.isclose(label.mean, 1 - label.zeros, abs_tol=1e-6)
    return only and label.minimum == 0 and label.maximum == 1


def _flags(label: Output) -> Head:
    if (length := _length(label)) > 1:
        return Head(
            f"is {length} numbers that are 0 or 1 each, of which any may be 1: the model gives the probability of each",
            (f'keras.layers.Dense({length}, activation="sigmoid")',),
            *('"binary_crossentropy"', f'["binary_accuracy", {_LABELS}]'),
        )
    weights = _balanced(label.mean)
    rare = f", rare as it is in {100 * label.mean:.3g}% of the rows" if weights else ""
    curve = ', keras.metrics.AUC(curve="PR", name="auc_pr")' if weights else ""
    return Head(
        f"is 0 or 1: the model gives the probability of 1{rare}",
        ('keras.layers.Dense(1, activation="sigmoid")',),
        *('"binary_crossentropy"', f'["accuracy", keras.metrics.AUC(name="auc"){curve}]'),
        class_weights=weights,
    )


def _balanced(share: float) -> tuple[float, ...]:
    """Returns weights with which 0 and 1 count the same.

    They are empty where neither is rare.
    """
    if not 0 < min(share, 1 - share) < _RARE:
        return ()
    return (0.5 / (1 - share), 0.5 / share)


def _count_classes(label: Output) -> int:
    """Counts an integer label's classes; 0 for a quantity."""
    if label.dtype != "int64":
        return 0
    if label.ids:
        return label.ids[1] + 1
    return int(label.maximum) + 1 if label.minimum >= 0 and 0 < label.maximum < _CLASSES else 0


def _classifier(label: Output, classes: int) -> Head:
    # A domain may have an id for unknown values that no row has.
    unknown = label.ids[0] if label.ids and label.ids[0] < 0 and not label.minimum >= 0 else None
    loss = f"keras.losses.SparseCategoricalCrossentropy(ignore_class={unknown})" if unknown is not None else ""
    length = _length(label)
    what = f"{length} integers, each" if length > 1 else "an integer"
    layers = [f"keras.layers.Dense({length * classes})", f"keras.layers.Reshape(({length}, {classes}))"]
    return Head(
        f'is {what} from 0 to {classes - 1}: the model gives a probability for each. A quantity? Dense({length}), "mse"',
        (*layers, "keras.layers.Softmax()")
        if length > 1
        else (f'keras.layers.Dense({classes}, activation="softmax")',),
        *(loss or '"sparse_categorical_crossentropy"', '["accuracy"]'),
    )


def _regressor(label: Output) -> Head:
    return Head(
        "is a quantity; its mean and standard deviation scale what the last layer gives",
        (
            f"keras.layers.Dense({_length(label)})",
            f"keras.layers.Rescaling({math.sqrt(label.variance):.6g}, offset={label.mean:.6g})",
        ),
        *('"mse"', '["mae"]'),
        loss_weight=1 / label.variance,
    )
