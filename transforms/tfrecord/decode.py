"""Decodes Examples and SequenceExamples without importing TensorFlow.

The protobuf messages are declared here by hand.

The declarations are those of tensorflow/core/example/feature.proto and example.proto. They have a
descriptor pool of their own, so that they can't clash with TensorFlow's in the same process.
"""

from typing import Any, NamedTuple

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_Field = descriptor_pb2.FieldDescriptorProto
_PACKAGE = "shardmill.example"

Values = list[int] | list[float] | list[bytes]


def _declare() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="shardmill/example.proto", package=_PACKAGE, syntax="proto3")
    for name, kind in (
        ("BytesList", _Field.TYPE_BYTES),
        ("FloatList", _Field.TYPE_FLOAT),
        ("Int64List", _Field.TYPE_INT64),
    ):
        file.message_type.add(name=name).field.add(name="value", number=1, type=kind, label=_Field.LABEL_REPEATED)
    feature = file.message_type.add(name="Feature")
    feature.oneof_decl.add(name="kind")
    for number, (name, kind) in enumerate(
        (("bytes_list", "BytesList"), ("float_list", "FloatList"), ("int64_list", "Int64List")), 1
    ):
        feature.field.add(name=name, number=number, oneof_index=0, **_message(kind))
    features = file.message_type.add(name="Features")
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=_Field.TYPE_STRING, label=_Field.LABEL_OPTIONAL)
    entry.field.add(name="value", number=2, **_message("Feature"))
    features.field.add(name="feature", number=1, **_message("Features.FeatureEntry") | {"label": _Field.LABEL_REPEATED})
    file.message_type.add(name="Example").field.add(name="features", number=1, **_message("Features"))
    steps = file.message_type.add(name="FeatureList")
    steps.field.add(name="feature", number=1, **_message("Feature") | {"label": _Field.LABEL_REPEATED})
    lists = file.message_type.add(name="FeatureLists")
    named = lists.nested_type.add(name="FeatureListEntry")
    named.options.map_entry = True
    named.field.add(name="key", number=1, type=_Field.TYPE_STRING, label=_Field.LABEL_OPTIONAL)
    named.field.add(name="value", number=2, **_message("FeatureList"))
    entries = _message("FeatureLists.FeatureListEntry") | {"label": _Field.LABEL_REPEATED}
    lists.field.add(name="feature_list", number=1, **entries)
    sequence = file.message_type.add(name="SequenceExample")
    sequence.field.add(name="context", number=1, **_message("Features"))
    sequence.field.add(name="feature_lists", number=2, **_message("FeatureLists"))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return [
        message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))
        for name in ("Example", "SequenceExample")
    ]


def _message(name: str) -> dict[str, Any]:
    return {"type": _Field.TYPE_MESSAGE, "label": _Field.LABEL_OPTIONAL, "type_name": f".{_PACKAGE}.{name}"}


_Example, _SequenceExample = _declare()


def decode_example(record: bytes) -> dict[str, Values]:
    """Decodes a serialized `tf.train.Example`.

    Returns:
        The values of each feature, by its name.

    Raises:
        google.protobuf.message.DecodeError: The record isn't a serialized Example.
    """
    features = _Example.FromString(record).features.feature
    return {name: _values(features[name]) for name in sorted(features)}


class Sequence(NamedTuple):
    """A decoded `tf.train.SequenceExample`.

    Attributes:
        context: The values of each feature that it has once, by name.
        lists: The values of each other feature in each step, by name.
    """

    context: dict[str, Values]
    lists: dict[str, list[Values]]


def decode_sequence(record: bytes) -> Sequence:
    """Decodes a serialized `tf.train.SequenceExample`.

    An Example is decoded as a context alone: its one field has the same number and type.

    Raises:
        google.protobuf.message.DecodeError: The record isn't a serialized SequenceExample.
    """
    found = _SequenceExample.FromString(record)
    context, lists = found.context.feature, found.feature_lists.feature_list
    return Sequence(
        {name: _values(context[name]) for name in sorted(context)},
        {name: [_values(step) for step in lists[name].feature] for name in sorted(lists)},
    )


def _values(feature: Any) -> Any:
    kind = feature.WhichOneof("kind")
    return list(getattr(feature, kind).value) if kind else []
