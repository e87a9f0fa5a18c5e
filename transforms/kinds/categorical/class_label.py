"""The kind of labels that are classes."""

from dataclasses import dataclass, replace
from typing import ClassVar

from shardmill.schemas.schema import Schema
from shardmill.transforms.kinds.base import Request
from shardmill.transforms.kinds.categorical.vocabulary import Vocabulary
from shardmill.transforms.statistics.requests import VocabularyRequest


@dataclass(frozen=True, kw_only=True)
class ClassLabel(Vocabulary):
    """The id of a label's class, int64.

    Ids are a vocabulary's. As a label, it isn't requested in serving. The run keeps the classes'
    counts.
    """

    kind = "class_label"
    max_columns: ClassVar[int] = 1
    ranks_by_label: ClassVar[bool] = False
    is_label = True

    missing: str | None = "reject"

    def requests(self, schema: Schema) -> tuple[Request, ...]:
        """A request for the classes and their counts: see `VocabularyKind.requests`."""
        return tuple(
            replace(request, keeps_counts=True) if isinstance(request, VocabularyRequest) else request
            for request in super().requests(schema)
        )
