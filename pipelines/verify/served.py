"""A run's features, made again as they are served."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.pipelines.run_folder.holding import held_graph, naming_run
from shardmill.schemas.arrow import to_numpy
from shardmill.schemas.run_folder import TRANSFORM_FN
from shardmill.schemas.schema import FOLD
from shardmill.transforms.runtime.graph_folder import Graph
from shardmill.transforms.runtime.missing_labels import drop_missing, drop_unknown, missing_labels
from shardmill.transforms.runtime.session import load_session
from shardmill.transforms.tfrecord.encode import Outputs


class ServedGraph:
    """A run's graph: features by its serving signature, and labels.

    Threads may share it.

    Attributes:
        reading: The way that rows are read from the files.
        features: All features, labels too.
        labels: The labels' names.
    """

    def __init__(self, run: FinishedRun) -> None:
        """Loads the graph.

        Args:
            run: The run.

        Raises:
            ShardmillError: It can't be loaded.
        """
        copy = held_graph(run)
        folder = f"{copy}/{TRANSFORM_FN}"
        self.reading = run.reading(Graph(folder))
        with naming_run(run, copy):
            self._whole = load_session(folder)
        self.features = self._whole.outputs
        self.labels = tuple(self._whole.labels)
        self._missing = missing_labels(self._whole.labels, self.reading.selection)
        self._unknown = self.reading.labels_to_drop(self._whole)
        names = {feature.name for feature in self.features}
        self._served = load_session(folder, "serving_default") if names - set(self.labels) else None

    def outputs(self, columns: pa.RecordBatch, factors: npt.NDArray[np.float32] | None = None) -> Outputs:
        """The features of some rows.

        Args:
            columns: Their raw columns, and `FOLD` where features depend on it.
            factors: The factors of their weights. None means 1.

        Raises:
            ShardmillError: The graph fails.
        """
        served = self._served.run(columns) if self._served else {}
        whole = self._whole.run(columns) if self.labels or FOLD in columns.schema.names else {}
        outputs = self.reading.weighted({**served, **{name: whole[name] for name in self.labels}}, factors)
        if FOLD in columns.schema.names:
            # Training rows have no label of their own in these; served ones have no fold.
            trained = to_numpy(columns.column(FOLD)) >= 0
            merged = {name: np.where(trained, whole[name], served[name]) for name in self._whole.folded}
            outputs = {**outputs, **merged}
        return drop_missing(drop_unknown(outputs, self._unknown, columns.num_rows), columns, self._missing)
