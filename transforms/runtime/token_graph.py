"""The graph that makes the tokens which the analysis counts.

Its operations are those of the transform graph, so both make the same tokens.
"""

from collections.abc import Hashable
from dataclasses import dataclass

import pyarrow as pa

from shardmill.transforms.runtime.graph_folder import Graph
from shardmill.transforms.runtime.session import load_session


@dataclass(frozen=True)
class TokenGraph:
    """A graph that makes tokens.

    Attributes:
        graph: The SavedModel. Its outputs are called by their position in `made`.
        made: What each output is, in terms of the analysis.
    """

    graph: Graph
    made: tuple[Hashable, ...]

    def tokens(self, rows: pa.RecordBatch) -> dict[Hashable, pa.LargeListArray]:
        """The tokens of each row, binary; for each of `made`.

        Args:
            rows: The rows to analyze, the derived columns included.

        Raises:
            ShardmillError: The graph can't be loaded, or fails.
        """
        if not rows.num_rows:
            return {}
        outputs = load_session(self.graph.local_folder()).run(rows)
        return {each: outputs[str(index)] for index, each in enumerate(self.made)}
