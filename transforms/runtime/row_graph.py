"""The graph of a function or features that reject rows.

The function must accept a row, and give it a value where one is required.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from shardmill.schemas.errors import DataError, RowsError, ShardmillError
from shardmill.transforms.csv.blocks import Block
from shardmill.transforms.csv.rejects import Faults
from shardmill.transforms.runtime.graph_folder import Graph
from shardmill.transforms.runtime.missing_labels import missing_rows, select_rows
from shardmill.transforms.runtime.session import Session, load_session
from shardmill.transforms.tfrecord.encode import Outputs

# The signatures of a finished run's graph that make the derived columns, and all outputs.
DERIVE = "derive"
TRANSFORM = "transform"
# Rows that a graph may reject one after the other before the function itself is taken to be wrong.
_HOPELESS = 1000
# Accepted rows that accompany the rows that are tried: see `Search`.
_COMPANY = 16
# Characters kept of TensorFlow's message: it is repeated with every row.
_SAID = 200
# The position in the graph of a failure: the functions called, then the node and its callers.
_POSITION = re.compile(r"\{\{function_node [^}]*\}\}|\[\[\{\{.*", re.DOTALL)


@dataclass(frozen=True)
class RowGraph:
    """A user's function as a graph, and its required outputs.

    Attributes:
        graph: The SavedModel.
        signature: The signature to run.
        required: The outputs in which a missing value rejects the row: NaN, and in a scalar also
            -2**63 or the empty text.
        labels: The outputs of `required` that only labels need: new data may lack them.
        derives: Whether the outputs are columns, whose text must be UTF-8, rather than features.
        declared: Whether they are declared features, rather than a function's.
        folded: Whether outputs depend on the rows' folds, which blocks must have then.
    """

    graph: Graph
    signature: str = TRANSFORM
    required: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    derives: bool = False
    declared: bool = False
    folded: bool = False

    @property
    def lacks_labels(self) -> bool:
        """Whether a label's value may be missing."""
        return not set(self.labels) <= set(self.required)

    @property
    def without_labels(self) -> "RowGraph":
        """The same graph for new data, which may lack labels."""
        return replace(self, required=tuple(name for name in self.required if name not in self.labels))

    def makes(self, graph: Graph) -> bool:
        """Whether its outputs are those of a transform graph."""
        return not self.derives and self.signature == TRANSFORM and self.graph == graph

    def passed(self, block: Block) -> Block:
        """Runs the function on a block and rejects failing rows.

        Returns:
            The block without the rows for which the function fails, or gives no value where one is
            required. `made` has the outputs of the other rows.

        Raises:
            DataError: The function fails for all of the first thousand rows, or for rows together
                that it accepts one by one.
            ShardmillError: The graph can't be loaded, or fails for another reason than the rows.
        """
        if not block.rows:
            return block
        session = load_session(self.graph.local_folder(), self.signature)
        try:
            made = self._run(session, block.columns)
        except RowsError:
            block = block.without(self._failing(session, block))
            if not block.rows:
                return block
            made = self._run_good(session, block)
        faults = self._missing(session, made, block.rows)
        if not faults:
            return replace(block, made=made)
        kept = np.ones(block.rows, np.bool_)
        kept[list(faults)] = False
        return replace(block.without(faults), made=select_rows(made, session.outputs, pa.array(kept)))

    @property
    def _function(self) -> str:
        if self.declared:
            return "[features]"
        return "derive" if self.derives else "preprocessing_fn"

    def _run(self, session: Session, rows: pa.RecordBatch) -> Outputs:
        try:
            made = session.run(rows)
        except ShardmillError as error:
            raise type(error)(f"{self._function}: {error}") from error
        for feature in session.outputs if self.derives else ():
            values = made[feature.name]
            if isinstance(values, pa.Array):
                made[feature.name] = _text(feature.name, values)
        return made

    def _run_good(self, session: Session, block: Block) -> Outputs:
        """Runs the rows that the graph accepts one by one."""
        assert block.origin is not None
        try:
            return self._run(session, block.columns)
        except RowsError as error:
            raise DataError(
                f"{block.origin.path!r}, lines {block.origin.lines[0]} to {block.origin.lines[-1]}: {self._function} fails for these "
                f"rows together, though it accepts some of them; {_said(error)}"
            ) from error

    def _failing(self, session: Session, block: Block) -> Faults:
        """Finds the rows for which the graph fails, by halves."""
        faults: Faults = {}
        search = Search(lambda rows: self._run(session, rows))
        for done, (row, error) in enumerate(search(block.columns), 1):
            faults.pop(row, None)
            if error is not None:
                faults[row] = (None, f"expected a row that {self._function} can take, found {_said(error)}")
            if done == len(faults) == _HOPELESS and block.origin is not None:
                raise DataError(
                    f"{block.origin.path!r}, line {block.origin.lines[0]}: {self._function} fails for each of the {done:,} rows from "
                    f"here on, so fix {'it' if self.declared else 'the function'} rather than the data; {_said(error)}"
                )
        return faults

    def _missing(self, session: Session, made: Outputs, rows: int) -> Faults:
        faults: Faults = {}
        what = "missing value in a derived column" if self.derives else "missing value in an output"
        for feature in session.outputs:
            # One column of a label of varying length holds its values.
            if {feature.name, feature.name.partition("$")[0]} & set(self.required):
                for row in np.flatnonzero(missing_rows(feature, made[feature.name], rows)).tolist():
                    faults.setdefault(row, (feature.name, f"{what} that must have one"))
        return faults


class Search:
    """Finds the rows for which a function fails, by halves.

    A few accepted rows accompany the rows that are tried, since the function may fail for a row
    merely because no cell of a column has a value.
    """

    def __init__(self, run: Callable[[pa.RecordBatch], object]) -> None:
        """Takes the function.

        Args:
            run: The function; it raises a `RowsError` where it fails.
        """
        self._run = run
        self._company: pa.RecordBatch | None = None

    def __call__(self, rows: pa.RecordBatch) -> Iterator[tuple[int, RowsError | None]]:
        """Tries the function on all rows.

        Returns:
            The rows for which it fails, each with its error; and, for each part that it accepts,
            one row without an error.
        """
        alone = []
        for row, error in self._halves(rows, 0):
            if error is not None and self._company is None:
                alone.append(row)
            yield row, error
        for row in alone if self._company is not None else ():
            yield row, self._ask(rows.slice(row, 1))

    def _halves(self, rows: pa.RecordBatch, first: int) -> Iterator[tuple[int, RowsError | None]]:
        half = max(1, rows.num_rows // 2)
        for start, part in ((0, rows.slice(0, half)), (half, rows.slice(half))):
            if not part.num_rows:
                continue
            error = self._ask(part)
            if error is not None and part.num_rows > 1:
                yield from self._halves(part, first + start)
            else:
                yield first + start, error

    def _ask(self, rows: pa.RecordBatch) -> RowsError | None:
        # A single row comes last and has its own memory: TensorFlow quotes a text up to a zero
        # byte, which views of a text don't have.
        asked = rows.take(pa.array([0])) if rows.num_rows == 1 else rows
        try:
            self._run(asked if self._company is None else pa.concat_batches([self._company, asked]))
        except RowsError as error:
            return error
        if self._company is None:
            self._company = rows.slice(0, _COMPANY)
        return None


def _text(name: str, values: pa.Array) -> pa.Array:
    try:
        return values.cast(pa.string())
    except pa.ArrowInvalid as error:
        raise RowsError(
            f"{name!r}: expected UTF-8 text, received other bytes; perhaps a letter was cut in two: tf.strings.substr and "
            'tf.strings.length count letters with unit="UTF8_CHAR"'
        ) from error


def _said(error: ShardmillError | None) -> str:
    """TensorFlow's message on one line.

    The position in the graph is left out.
    """
    text = str(error).partition("TensorFlow says: ")[2] or str(error)
    line = " ".join(_POSITION.sub("", text).split())
    return line if len(line) <= _SAID else f"{line[:_SAID]}..."
