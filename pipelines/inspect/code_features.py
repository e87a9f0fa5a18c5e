"""The lines of `shardmill inspect --code` that differ with the features: what is read, what fills short rows, what a model sees."""

import math
from collections.abc import Sequence

from shardmill.pipelines.inspect.code_facts import Output, literal

# Numbers further from 0 than this are brought near to it.
_LARGE = 10
# The rows that an embedding has at most, and the numbers of each.
_MOST_IDS = 2**22
_UNITS = 32
# In more places than this, ids of more kinds than this are taken for a text: its order matters less than its words.
_PLACES = 16
_WORDS = 1000
# Statistics are float64, which holds the integers up to here.
_EXACT = 2**53
_LEAST = -(2**63)


def spec_line(output: Output) -> str:
    """A feature's line in the feature spec of `tf.io.parse_example`."""
    spec = (
        f"tf.io.VarLenFeature(tf.{output.dtype})"
        if output.shape is None
        else f"tf.io.FixedLenFeature({list(output.shape)}, tf.{output.dtype})"
    )
    return f"{literal(output.name)}: {spec},"


def padding(output: Output) -> str:
    """What fills the rows of a feature of varying length: of integers one that no row holds."""
    if output.dtype == "string":
        return '""'
    if output.dtype == "float32":
        return "0.0"
    domain = _domain(output)
    least = domain[0] if domain else output.minimum
    if math.isnan(least):
        return "-1"
    return str(int(least) - 1 if least > -_EXACT else _LEAST)


def input_line(output: Output) -> str:
    """A feature's line in the model's inputs. Rows without dimension get one: Keras adds it to what they are fed."""
    shape = "(None,)" if output.shape is None else str(output.shape or (1,))
    # Keras allows any name but one with a slash; a dict's key may have it.
    name = "" if "/" in output.name else f", name={literal(output.name)}"
    return f'{literal(output.name)}: keras.Input({shape}, dtype="{output.dtype}"{name}),{_note(output)}'


def _note(output: Output) -> str:
    if output.is_place:
        return "  # where the values of a sparse or ragged feature are: read, but not used"
    if output.dtype == "string":
        return "  # text: read, but not used"
    if part_line(output) is None and math.isnan(output.minimum):
        return "  # no row has a value: read, but not used"
    if part_line(output) is None:
        return f"  # {_seen(output)}, too many to embed: read, but not used. Hash ids into fewer, or make quantities float32"
    if _is_guessed(output):
        return f"  # {_seen(output)}, taken for ids: the schema has no domain. Quantities? Make them float32"
    return ""


def _seen(output: Output) -> str:
    return f"integers from {output.minimum:.0f} to {output.maximum:.0f}"


def part_line(output: Output) -> str | None:
    """A feature's line in what the model's layers see; None for what isn't used."""
    name = f"inputs[{literal(output.name)}]"
    if output.is_place or output.dtype == "string":
        return None
    if found := _ids(output):
        return _embedding(output, name, *found)
    if _is_flags(output):
        return _flat(output, f'keras.ops.cast({name}, "float32")')
    if _is_guessed(output):
        return None
    if output.shape is None:
        return f"keras.ops.sum({name}, axis=1, keepdims=True),"
    if output.dtype == "int64" or abs(output.mean) + math.sqrt(output.variance) > _LARGE:
        name = f"keras.layers.Normalization(mean={output.mean:.6g}, variance={output.variance:.6g})({name})"
    return _flat(output, name)


def _flat(output: Output, values: str) -> str:
    return f"keras.layers.Flatten()({values})," if output.shape and len(output.shape) > 1 else f"{values},"


def _is_vector(output: Output) -> bool:
    """Whether a row has several values, or may have."""
    return output.shape is None or math.prod(output.shape) > 1


def _is_flags(output: Output) -> bool:
    """Whether the values are 0 and 1, each in its place, as in a multi-hot vector."""
    is_vector = output.dtype == "int64" and output.shape is not None and _is_vector(output)
    return is_vector and not output.ids and output.minimum >= 0 and output.maximum <= 1


def _is_guessed(output: Output) -> bool:
    """Whether the values must be ids, though no domain says which there are."""
    if output.dtype != "int64" or _domain(output) or _is_flags(output):
        return False
    return bool(output.ids) or _is_vector(output)


def _domain(output: Output) -> tuple[int, int] | None:
    """The smallest and the largest id by the schema; None where there are none, or too many for an embedding."""
    return output.ids if output.ids and output.ids[1] - output.ids[0] < _MOST_IDS else None


def _ids(output: Output) -> tuple[int, int] | None:
    """The smallest and the largest id that an embedding is to have; None where the values are no ids, or too many.

    Integers of which a row has several are ids, too, without a domain: those that the shards hold.
    """
    exact = abs(output.minimum) < _EXACT and abs(output.maximum) < _EXACT
    if _is_guessed(output) and exact and output.maximum - output.minimum < _MOST_IDS:
        return int(output.minimum), int(output.maximum)
    return _domain(output)


def _embedding(output: Output, name: str, first: int, last: int) -> str:
    size = last - first + 1
    units = min(_UNITS, (size + 1) // 2)
    if output.shape is None:
        # An unknown id below the known ones becomes padding.
        name = f"keras.ops.clip({name}, {first - 1}, {last})" if _is_guessed(output) else name
        return f"pooled({_from_zero(name, first - 1)}, {size + 1}, {units}),"
    name = f"keras.ops.clip({name}, {first}, {last})" if _is_guessed(output) else name
    if _is_text(output, size):
        return f"pooled({_from_zero(name, first - 1)}, {size + 1}, {units}),"
    return f"keras.layers.Flatten()(keras.layers.Embedding({size}, {units})({_from_zero(name, first)})),"


def _is_text(output: Output, size: int) -> bool:
    return output.shape is not None and len(output.shape) == 1 and output.shape[0] > _PLACES and size > _WORDS


def _from_zero(name: str, first: int) -> str:
    return f"{name} - {first}" if first > 0 else f"{name} + {-first}" if first else name


def uses_pooled(outputs: Sequence[Output]) -> bool:
    """Whether a feature's part calls `pooled`."""
    return any((part_line(output) or "").startswith("pooled(") for output in outputs)


def varying(outputs: Sequence[Output]) -> list[Output]:
    """The features of varying length."""
    return [output for output in outputs if output.shape is None]
