"""Rows that a user's function can't take, or gives no value where one is needed: found by halves, and rejected."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.applying import Application, apply
from pipelines.engines import Engine
from pipelines.progress import Progress
from pipelines.verifying import verify
from schemas.errors import RowsError
from tests.runs import read_rejected, read_split, run_toml
from transforms.row_graph import search


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
    found = [(row, str(error)) for row, error in search(run, rows) if error is not None]
    assert found == [(row, str([row])) for row in np.flatnonzero(failing).tolist()]
    assert runs <= 2 + 2 * sum(failing) * (1 + np.log2(len(failing)))


FUNCTION = """
import tensorflow as tf
import tensorflow_transform as tft


def preprocess(inputs):
    a = tf.cast(inputs["a"], tf.float32)
    scaled = tft.scale_to_z_score(inputs["b"])
    return {"y": tf.where(a > 1, a, float("nan")), "t": tf.strings.to_number(inputs["t"]), "b": scaled}
"""


@pytest.mark.usefixtures("shared_tracer")
def test_rows_of_a_preprocessing_fn_are_rejected(tmp_path: Path) -> None:
    """Without a value of the label, or where TensorFlow fails; counted again, verified, and applied without a label."""
    pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")
    (tmp_path / "mine.py").write_text(FUNCTION)
    (tmp_path / "rows.csv").write_text("a,b,t\n1,5,1.5\n2,6,2.5\n3,7,x\n4,8,4.5\n")
    run_dir = run_toml(
        tmp_path,
        'preprocessing_fn = "mine.py:preprocess"\nlabel = "y"\n'
        '[input]\nfiles = ["rows.csv"]\nmax_bad_fraction = 0.5\n[output]\nshards = 1\n',
    )
    rejected = [(row["line"], row["column"], row["reason"]) for row in read_rejected(run_dir)]
    said = "found StringToNumberOp could not correctly convert string: x"
    assert rejected == [
        (2, "y", "missing value in an output that must have one"),
        (4, None, f"expected a row that preprocessing_fn can take, {said}"),
    ]
    assert read_split(run_dir)["y"].tolist() == [2, 4]
    application = Application(str(run_dir), (str(tmp_path / "rows.csv"),))
    output = str(tmp_path / "applied")
    result = apply(application, output, overwrite=False, engine=Engine(), progress=Progress(quiet=True))
    assert result.manifest["rows"] == {"read": 4, "written": 3, "rejected": 1}
    for folder in (str(run_dir), output):
        checks = verify(folder, None, 1, Progress(quiet=True))
        assert [problem for check in checks for problem in check.problems] == []
