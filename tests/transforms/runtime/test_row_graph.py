"""Rows that a user's function can't take, or gives no value where one is needed: found by halves, and rejected."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.pipelines.apply import Application, apply
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.verify.verify import verify
from shardmill.schemas.errors import RowsError
from shardmill.transforms.runtime.row_graph import Search, _text
from tests.support.runs import read_rejected, read_split, run_toml


@given(st.lists(st.booleans(), min_size=1, max_size=200))
def test_every_failing_row_is_found(failing: Sequence[bool]) -> None:
    """Each once, in order, with its own error, whatever their number and place; rows that are taken are no fault."""
    runs = 0

    def run(rows: pa.RecordBatch) -> None:
        nonlocal runs
        runs += 1
        bad = [row["at"] for row in rows.to_pylist() if row["fails"]]
        if bad:
            raise RowsError(str(bad))

    rows = pa.record_batch({"at": np.arange(len(failing)), "fails": failing})
    found = [(row, str(error)) for row, error in Search(run)(rows) if error is not None]
    assert dict(found) == {row: str([row]) for row in np.flatnonzero(failing).tolist()}
    assert runs <= 2 + 2 * sum(failing) * (2 + np.log2(len(failing)))


@given(
    st.lists(st.sampled_from(["good", "lonely", "bad"]), min_size=1, max_size=50).filter(lambda rows: "good" in rows)
)
def test_rows_that_fail_alone_are_asked_in_company(rows: Sequence[str]) -> None:
    """A row that is taken together with good ones, but not without any, is no fault, wherever it stands."""

    def run(batch: pa.RecordBatch) -> None:
        found = set(batch["row"].to_pylist())
        if "bad" in found or "good" not in found:
            raise RowsError("no")

    faults = dict(Search(run)(pa.record_batch({"row": rows})))
    assert [row for row, error in faults.items() if error is not None] == [
        row for row, kind in enumerate(rows) if kind == "bad"
    ]


def test_a_text_that_is_cut_in_a_letter_is_a_fault() -> None:
    """A derived text must be UTF-8; one that was cut within a letter is named, with what cuts between letters."""
    assert _text("x", pa.array(["é".encode()])).to_pylist() == ["é"]
    with pytest.raises(RowsError, match=r"'x': expected UTF-8 text, received other bytes; .*tf\.strings\.substr"):
        _text("x", pa.array(["é".encode()[:1]]))


FUNCTION = """
import tensorflow as tf
import tensorflow_transform as tft


def preprocess(inputs):
    a = tf.cast(inputs["a"], tf.float32)
    scaled = tft.scale_to_z_score(inputs["b"])
    rate = tf.sparse.to_dense(inputs["rate"], default_value=-1.0)
    return {"y": tf.where(a > 1, a, float("nan")), "t": tf.strings.to_number(inputs["t"]), "b": scaled, "rate": rate[:, 0]}
"""


@pytest.mark.usefixtures("shared_tracer")
def test_rows_of_a_preprocessing_fn_are_rejected(tmp_path: Path) -> None:
    """Without a value of the label, or where TensorFlow fails; counted again, verified, and applied without a label.

    Infinite numbers are missing to it, where that is said, in the run and in serving.
    """
    pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")
    (tmp_path / "mine.py").write_text(FUNCTION)
    (tmp_path / "rows.csv").write_text("a,b,t,rate\n1,5,1.5,0.5\n2,6,2.5,1.5\n3,7,x,2.5\n4,8,4.5,inf\n")
    run_dir = run_toml(
        tmp_path,
        'preprocessing_fn = "mine.py:preprocess"\nlabel = "y"\n'
        '[input]\nfiles = ["rows.csv"]\nmax_bad_fraction = 0.5\ninfinite = "missing"\n[output]\nshards = 1\n',
    )
    rejected = [(row["line"], row["column"], row["reason"]) for row in read_rejected(run_dir)]
    said = "found StringToNumberOp could not correctly convert string: x"
    assert rejected == [
        (2, "y", "missing value in an output that must have one"),
        (4, None, f"expected a row that preprocessing_fn can take, {said}"),
    ]
    found = read_split(run_dir)
    assert (found["y"].tolist(), found["rate"].tolist()) == ([2, 4], [1.5, -1])
    assert _served(run_dir, [float("inf"), 1.5])["rate"].numpy().tolist() == [-1, 1.5]
    application = Application(str(run_dir), (str(tmp_path / "rows.csv"),))
    output = str(tmp_path / "applied")
    result = apply(application, output, overwrite=False, engine=Engine(), progress=Progress(quiet=True))
    assert result.manifest["rows"] == {"read": 4, "written": 3, "rejected": 1}
    for folder in (str(run_dir), output):
        checks = verify(folder, None, 1, Progress(quiet=True))
        assert [problem for check in checks for problem in check.problems] == []


def _served(run_dir: Path, rates: Sequence[float]) -> dict[str, Any]:
    import tensorflow as tf

    serve = tf.saved_model.load(str(run_dir / "transform_fn")).signatures["serving_default"]
    answer: dict[str, Any] = serve(b=tf.constant([5, 6], tf.int64), t=tf.constant(["1", "2"]), rate=tf.constant(rates))
    return answer
