"""The base class of kinds that fill missing numbers.

They are filled with a constant, or by the statistics of the present ones.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from shardmill.schemas.errors import DataError
from shardmill.schemas.schema import Schema
from shardmill.transforms.kinds.base import Kind, Learned, Request
from shardmill.transforms.statistics.quantiles import Ranked
from shardmill.transforms.statistics.requests import ComputedRequest, NumericRequest, NumericStats, Statistics

# The rules for missing values that need statistics.
FROM_STATISTICS = ("mean", "median", "mode")


@dataclass(frozen=True, kw_only=True)
class FilledKind(Kind):
    """A kind of one number, which fills missing ones.

    Attributes:
        missing: A number for them; `"mean"`, `"median"` or `"mode"`, those of the present
            ones in the train split; or `"reject"`, which rejects the row. None means that NaN
            stays.
    """

    rules: ClassVar[tuple[str, ...]] = (*FROM_STATISTICS, "reject")
    # Whether the kind itself needs the statistics, and the quantiles.
    needs_statistics: ClassVar[bool] = False
    needs_quantiles: ClassVar[bool] = False

    missing: float | str | None = None

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if isinstance(self.missing, str) and self.missing not in self.rules:
            names = ", ".join(f'"{rule}"' for rule in self.rules)
            hint = (
                "; name the column in forward_fill of [window] or [sequence]" if self.missing == "forward_fill" else ""
            )
            raise self.error(f"expected `missing` to be a number or one of {names}, received {self.missing!r}{hint}")

    def requests(self, _schema: Schema) -> tuple[Request, ...]:
        """A request for statistics, where they are needed."""
        return (self._request(),) if self.uses_statistics else ()

    def learned(self, statistics: Statistics) -> Mapping[str, Learned]:
        """The replacement of missing values, if it is learned."""
        filling = self.filling(statistics)
        return {} if filling is None else {"replacement of missing": filling}

    @property
    def uses_statistics(self) -> bool:
        """Whether the kind or its rule needs statistics."""
        return self.needs_statistics or self.missing in FROM_STATISTICS

    @property
    def uses_quantiles(self) -> bool:
        """Whether the kind or its rule needs quantiles."""
        return self.needs_quantiles or self.missing in ("median", "mode")

    def stats(self, statistics: Statistics) -> NumericStats:
        """The number's statistics, found by the analysis.

        Raises:
            DataError: There is no finite number.
        """
        found = statistics.numeric[self._request()]
        if not found.count:
            learner, advice = f"`{self.kind}`", ""
            if not self.needs_statistics:
                learner, advice = f'`missing = "{self.missing}"`', "give `missing` a number, or "
            raise DataError(
                f"feature {self.name!r}: {self._source} has no finite value in the {statistics.rows} rows of the train "
                f"split ({found.missing} missing, {found.non_finite} infinite), so {learner} has nothing to learn; "
                f"{advice}remove the feature"
            )
        return found

    def ranked(self, statistics: Statistics) -> Ranked:
        """The number's quantiles, which the kind or rule requested."""
        ranked = self.stats(statistics).ranked
        if ranked is None:
            raise ValueError(f"no quantiles of {self._request()!r}")
        return ranked

    def filling(self, statistics: Statistics) -> float | None:
        """The replacement of missing values that comes from statistics.

        None means that the rule for missing values doesn't use statistics.
        """
        return self.typical(statistics, str(self.missing)) if self.missing in FROM_STATISTICS else None

    def typical(self, statistics: Statistics, rule: str) -> float:
        """The mean, median or mode.

        `rule` names which. Where all values are one, it is that.

        It may be an int that float64 can't hold: rounded twice, it would differ from the column's
        own float32 numbers.
        """
        stats = self.stats(statistics)
        if stats.minimum == stats.maximum:
            return stats.minimum
        if rule == "mean":
            return stats.mean
        return self.ranked(statistics).mode if rule == "mode" else self.ranked(statistics).quantile(0.5)

    @property
    @abstractmethod
    def _source(self) -> str:
        """The number's origin, for messages."""

    @abstractmethod
    def _request(self) -> NumericRequest | ComputedRequest: ...
