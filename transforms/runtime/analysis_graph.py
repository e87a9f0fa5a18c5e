"""The graph that makes the values which the analysis counts.

They are tokens and computed numbers. Its operations are those of the transform graph, so both make
the same values.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import pyarrow as pa

from shardmill.transforms.runtime.graph_folder import Graph
from shardmill.transforms.runtime.session import load_session


@dataclass(frozen=True)
class AnalysisGraph:
    """A graph that makes values for the analysis.

    Attributes:
        graph: The SavedModel. Its outputs are called by their position in `made`.
        made: What each output is, in terms of the analysis.
    """

    graph: Graph
    made: tuple[Hashable, ...]

    def make(self, rows: pa.RecordBatch) -> dict[Hashable, npt.NDArray[Any] | pa.Array]:
        """The values of each row, for each of `made`.

        Tokens are binary lists, numbers float32.

        Args:
            rows: The rows to analyze, the derived columns included.

        Raises:
            ShardmillError: The graph can't be loaded, or fails.
        """
        if not rows.num_rows:
            return {}
        outputs = load_session(self.graph.local_folder()).run(rows)
        return {each: outputs[str(index)] for index, each in enumerate(self.made)}
