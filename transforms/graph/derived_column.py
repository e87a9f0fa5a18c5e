"""The sources from which a transform graph is built.

They are sent to the process that traces it, so there is no TensorFlow here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shardmill.schemas.schema import Column, Schema
from shardmill.transforms.kinds.base import Kind
from shardmill.transforms.statistics.requests import Statistics


@dataclass(frozen=True)
class DeclaredGraph:
    """The source of a graph of declared features.

    Attributes:
        kinds: The features.
        schema: All raw columns, and the derived ones.
        statistics: The results of the analysis.
        derive: The folder of the SavedModel that makes the derived columns. None means that there
            are none.
        infinite: The raw columns in which an infinite number counts as missing.
    """

    kinds: tuple[Kind, ...]
    schema: Schema
    statistics: Statistics
    derive: str | None = None
    infinite: frozenset[str] = frozenset()


@dataclass(frozen=True)
class AnalyzedGraph:
    """The source of a TF Transform function's graph.

    TF Transform has analyzed the function.

    Attributes:
        folder: The folder of the SavedModel that TF Transform has written.
        metadata: The text of TF Transform's `schema.pbtxt`, which describes the outputs.
        asset_map: The files of the function's vocabularies, by name.
        schema: All raw columns.
        labels: The outputs that are labels.
        infinite: The raw columns in which an infinite number counts as missing.
    """

    folder: str
    metadata: str
    asset_map: Mapping[str, str]
    schema: Schema
    labels: tuple[str, ...]
    infinite: frozenset[str] = frozenset()


@dataclass(frozen=True)
class DerivedColumn:
    """A column that a `derive` function makes.

    Attributes:
        column: The column's name and type.
        sources: The raw columns from which it is derived.
    """

    column: Column
    sources: tuple[str, ...]
