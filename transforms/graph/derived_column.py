"""What a transform graph is built from, as it is sent to the process that traces it. No TensorFlow here."""

from collections.abc import Mapping
from dataclasses import dataclass

from shardmill.schemas.schema import Column, Schema
from shardmill.transforms.kinds.base import Kind
from shardmill.transforms.statistics.requests import Statistics


@dataclass(frozen=True)
class DeclaredGraph:
    """What the graph of declared features is built from.

    Attributes:
        kinds: The features.
        schema: All raw columns, and the derived ones.
        statistics: What the analysis found.
        derive: The folder of the SavedModel that makes the derived columns; None where there are none.
        infinite: The raw columns in which an infinite number is missing.
    """

    kinds: tuple[Kind, ...]
    schema: Schema
    statistics: Statistics
    derive: str | None = None
    infinite: frozenset[str] = frozenset()


@dataclass(frozen=True)
class AnalyzedGraph:
    """What the graph of a TF Transform function is built from, once TF Transform has analyzed it.

    Attributes:
        folder: The SavedModel that TF Transform has written.
        metadata: The outputs' `schema.pbtxt`, TF Transform's, as text.
        asset_map: The files of the function's vocabularies, by name.
        schema: All raw columns.
        labels: The outputs that are labels.
        infinite: The raw columns in which an infinite number is missing.
    """

    folder: str
    metadata: str
    asset_map: Mapping[str, str]
    schema: Schema
    labels: tuple[str, ...]
    infinite: frozenset[str] = frozenset()


@dataclass(frozen=True)
class DerivedColumn:
    """What a `derive` function makes.

    Attributes:
        column: Its name and type.
        sources: The raw columns that it is made of.
    """

    column: Column
    sources: tuple[str, ...]
