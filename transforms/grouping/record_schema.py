"""The features' `schema.pbtxt` where records aren't rows."""

import os
from pathlib import Path

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.run_folder import FEATURES_SCHEMA, TRANSFORM_FN
from shardmill.transforms.grouping.sequence_schema import of_groups
from shardmill.transforms.grouping.settings import Grouping, Window
from shardmill.transforms.grouping.window_encoding import check_window
from shardmill.transforms.runtime.graph_names import GraphNames, read_names


def describe_records(folder: str, grouping: Grouping) -> None:
    """Makes a graph's schema that of records.

    Args:
        folder: A local folder that has the graph and the schema of its rows.
        grouping: How rows become records.

    Raises:
        ConfigError: The features don't fit into windows.
    """
    path = Path(folder, FEATURES_SCHEMA)
    text = path.read_text("utf-8")
    if grouping.window is None:
        found = of_groups(text, grouping.context)
    else:
        found = of_windows(text, grouping.window, read_names(os.path.join(folder, TRANSFORM_FN)))
    path.write_text(found, "utf-8")


def of_windows(text: str, window: Window, names: GraphNames) -> str:
    """Makes the schema of windows from that of rows.

    The first dimension of features is the window's rows; labels stay as they are.

    Args:
        text: The rows' `schema.pbtxt`.
        window: How windows lie in a group.
        names: The graph's features and labels.

    Raises:
        ConfigError: The features don't fit into windows.
    """
    labels, outputs = names["labels"], names["signatures"]["transform"]["outputs"]
    features = [
        FeatureSpec(name, dtype, None if shape is None else tuple(shape))
        for name, (_, dtype, shape, _) in outputs.items()
    ]
    check_window(window, features, labels)
    schema = text_format.Parse(text, schema_pb2.Schema())
    for feature in schema.feature:
        if feature.name not in labels:
            sizes = [window.size, *(dimension.size for dimension in feature.shape.dim)]
            feature.shape.CopyFrom(schema_pb2.FixedShape(dim=[schema_pb2.FixedShape.Dim(size=size) for size in sizes]))
    found: str = text_format.MessageToString(schema, as_utf8=True)
    return found
