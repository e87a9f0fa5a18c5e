"""Lines of generated code that depend on the features.

They read features, pad short rows, and make the model's inputs and first layers.
"""

import math
from collections.abc import Sequence

from shardmill.pipelines.inspect.code_facts import Output, literal
from shardmill.schemas.features import embedding_units
from shardmill.transforms.kinds.categorical.row_id import RowId

# Numbers whose mean plus standard deviation is further from 0 than this are normalized.
_LARGE = 10
# The most ids of an embedding.
_MOST_IDS = 2**22
# A row with more positions than this, of more distinct ids than this, is taken for a text, whose
# words matter more than their order.
_POSITIONS = 16
_WORDS = 1000
# The kinds whose ids are padded with 0, which no element has.
_PADDED = ("tokens", "characters", "sequence", "weighted")
# The integers that statistics, being float64, hold exactly.
_EXACT = 2**53
_LEAST = -(2**63)


def spec_line(output: Output) -> str:
    """Writes a feature's line for `tf.io.parse_example`."""
    spec = (
        f"tf.io.VarLenFeature(tf.{output.dtype})"
        if output.shape is None
        else f"tf.io.FixedLenFeature({list(output.shape)}, tf.{output.dtype})"
    )
    return f"{literal(output.name)}: {spec},"


def context_line(output: Output) -> str:
    """Writes a line for `tf.io.parse_sequence_example`.

    It is that of a feature that a record has once.
    """
    return spec_line(output) if output.shape is not None else _ragged_line(output)


def step_line(output: Output) -> str:
    """Writes a line for `tf.io.parse_sequence_example`.

    It is that of a feature of which a record has a list.
    """
    if output.shape is None:
        return _ragged_line(output)
    return f"{literal(output.name)}: tf.io.FixedLenSequenceFeature({list(output.shape)}, tf.{output.dtype}),"


def _ragged_line(output: Output) -> str:
    return f"{literal(output.name)}: tf.io.RaggedFeature(tf.{output.dtype}, row_splits_dtype=tf.int64),"


def steps_code(lists: Sequence[Output]) -> str:
    """Writes the expression of each record's number of steps.

    Args:
        lists: The features of which a record has a list; at least one.
    """
    fixed = next((output for output in lists if output.shape is not None), None)
    # TensorFlow gives the lengths of lists of fixed shape only.
    return f"lists[{literal(lists[0].name)}].row_lengths()" if fixed is None else f"lengths[{literal(fixed.name)}]"


def step_padding(output: Output) -> str:
    """Chooses the padding for a step of varying length.

    Ids of elements have one: see `_PADDED`.
    """
    return "0" if output.kind in _PADDED and output.ids else padding(output)


def padding(output: Output) -> str:
    """Chooses the padding for a feature of varying length.

    For integers it is a value that no row holds.
    """
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
    """Writes a feature's line in the model's inputs.

    Scalars get one dimension, since Keras adds it to scalars that are fed.
    """
    shape = "(None,)" if output.shape is None else str(output.shape or (1,))
    # Keras allows no slash in an input's name; a dict's key may have one.
    name = "" if "/" in output.name else f", name={literal(output.name)}"
    return f'{literal(output.name)}: keras.Input({shape}, dtype="{output.dtype}"{name}),{_note(output)}'


def _note(output: Output) -> str:
    if output.is_index:
        return "  # where the values of a sparse or ragged feature are: read, but not used"
    if output.dtype == "string" or output.kind == RowId.kind:
        unused = "a row's number" if output.kind == RowId.kind else "text"
        return f"  # {unused}: read, but not used"
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
    """Writes the line that passes a feature to the layers.

    Returns None for a feature that isn't used.
    """
    name = f"inputs[{literal(output.name)}]"
    if output.is_index or output.dtype == "string" or output.kind == RowId.kind:
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
    """Whether a row may have several values."""
    return output.shape is None or math.prod(output.shape) > 1


def _is_flags(output: Output) -> bool:
    """Whether each row is a vector of 0 and 1."""
    is_vector = output.dtype == "int64" and output.shape is not None and _is_vector(output)
    return is_vector and not output.ids and output.minimum >= 0 and output.maximum <= 1


def _is_guessed(output: Output) -> bool:
    """Whether values without a domain are taken for ids."""
    if output.dtype != "int64" or _domain(output) or _is_flags(output):
        return False
    return bool(output.ids) or _is_vector(output)


def _domain(output: Output) -> tuple[int, int] | None:
    """Returns the smallest and the largest id by the schema.

    Returns None where there are none, or too many for an embedding.
    """
    return output.ids if output.ids and output.ids[1] - output.ids[0] < _MOST_IDS else None


def _ids(output: Output) -> tuple[int, int] | None:
    """Returns the smallest and the largest id of an embedding.

    Returns None where the values aren't ids, or are too many. Integers of which a row has several
    are taken for ids even without a domain, with the range that the shards hold.
    """
    exact = abs(output.minimum) < _EXACT and abs(output.maximum) < _EXACT
    if _is_guessed(output) and exact and output.maximum - output.minimum < _MOST_IDS:
        return int(output.minimum), int(output.maximum)
    return _domain(output)


def _embedding(output: Output, name: str, first: int, last: int) -> str:
    size = last - first + 1
    units = embedding_units(size)
    if output.shape is None:
        # An unknown id below the known ones becomes padding.
        name = f"keras.ops.clip({name}, {first - 1}, {last})" if _is_guessed(output) else name
        return f"pooled({_from_zero(name, first - 1)}, {size + 1}, {units}),"
    name = f"keras.ops.clip({name}, {first}, {last})" if _is_guessed(output) else name
    if _is_text(output, size):
        if output.kind in _PADDED and output.ids and first == 0:
            return f"pooled({name}, {size}, {units}),"
        return f"pooled({_from_zero(name, first - 1)}, {size + 1}, {units}),"
    return f"keras.layers.Flatten()(keras.layers.Embedding({size}, {units})({_from_zero(name, first)})),"


def _is_text(output: Output, size: int) -> bool:
    return output.shape is not None and len(output.shape) == 1 and output.shape[0] > _POSITIONS and size > _WORDS


def _from_zero(name: str, first: int) -> str:
    return f"{name} - {first}" if first > 0 else f"{name} + {-first}" if first else name


def uses_pooled(outputs: Sequence[Output]) -> bool:
    """Whether a feature's part calls `pooled`."""
    return any((part_line(output) or "").startswith("pooled(") for output in outputs)


def varying(outputs: Sequence[Output]) -> list[Output]:
    """Selects the features of varying length."""
    return [output for output in outputs if output.shape is None]
