"""The schema of records that are groups of rows.

It is that of the rows' features, as TFX describes SequenceExamples: what a record has a list of is
within a STRUCT called `##SEQUENCE##`. TF Transform's and TFX's readers make the feature specs of
`tf.io.parse_sequence_example` of it.
"""

from collections.abc import Collection

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

# TFX's name of what a record has lists of.
SEQUENCE = "##SEQUENCE##"


def of_groups(text: str, context: Collection[str]) -> str:
    """Makes the schema of groups from that of rows.

    A sparse feature becomes its indices and its values, two lists of their own: TFX has no sparse
    features of SequenceExamples.

    Args:
        text: The rows' `schema.pbtxt`.
        context: The features that a record has once.
    """
    rows = text_format.Parse(text, schema_pb2.Schema())
    groups = schema_pb2.Schema()
    groups.CopyFrom(rows)
    for field in ("feature", "sparse_feature", "tensor_representation_group"):
        groups.ClearField(field)
    lists = schema_pb2.Feature(name=SEQUENCE, type=schema_pb2.STRUCT)
    tensors = groups.tensor_representation_group[""].tensor_representation
    for feature in rows.feature:
        if feature.name not in context:
            lists.struct_domain.feature.append(feature)
            tensors[feature.name].ragged_tensor.feature_path.step.extend([SEQUENCE, feature.name])
            continue
        groups.feature.append(feature)
        if feature.HasField("shape"):
            tensors[feature.name].dense_tensor.column_name = feature.name
            tensors[feature.name].dense_tensor.shape.CopyFrom(feature.shape)
        else:
            tensors[feature.name].varlen_sparse_tensor.column_name = feature.name
    groups.feature.append(lists)
    found: str = text_format.MessageToString(groups, as_utf8=True)
    return found


def of_rows(schema: schema_pb2.Schema) -> schema_pb2.Schema:
    """Makes the schema of rows from that of groups.

    That of rows itself is returned as it is.
    """
    if all(feature.name != SEQUENCE for feature in schema.feature):
        return schema
    rows = schema_pb2.Schema()
    rows.CopyFrom(schema)
    for field in ("feature", "tensor_representation_group"):
        rows.ClearField(field)
    features = [*schema.feature]
    features += [each for feature in features if feature.name == SEQUENCE for each in feature.struct_domain.feature]
    rows.feature.extend(
        sorted((each for each in features if each.name != SEQUENCE), key=lambda feature: str(feature.name))
    )
    return rows
