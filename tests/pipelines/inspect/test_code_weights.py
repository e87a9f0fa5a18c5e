"""Rows' weights in the code of `shardmill inspect --code`: they are what the model is fitted with."""

from pathlib import Path

import pytest
import tensorflow as tf

from shardmill.pipelines.inspect.code import code_for
from tests.support.printed import execute
from tests.support.runs import run_toml

ROWS = 60
TOML = """
[input]
files = "rows.csv"
[features]
x = "z_score"
y = "label"
{more}
"w*" = {{ kind = "weight", missing = 1 }}
[output]
shards = 1
shuffle = false
"""


@pytest.mark.usefixtures("shared_tracer")
@pytest.mark.parametrize("more", ["", 'rare = "label"'])
def test_weights_reach_the_fit(more: str, tmp_path: Path) -> None:
    """With one label and with several, of text too; rows that weigh nothing teach nothing; no class is weighted besides."""
    rows = "\n".join(f"{row},{'abc'[row % 3]},{int(row % 10 == 0)},0" for row in range(ROWS))
    (tmp_path / "rows.csv").write_text(f"x,y,rare,w\n{rows}\n")
    code = code_for(str(run_toml(tmp_path, TOML.format(more=more))))
    assert "CLASS_WEIGHT" not in code
    assert "WEIGHTS" not in code
    assert ("labels, weight)" if more else "label, weight)") in code
    names = execute(code, tmp_path)
    (records,) = tf.data.TFRecordDataset(names["shards"]("train"), "GZIP").batch(ROWS)
    features, _, weight = names["parse"](records)
    assert set(features) == {"x"}
    assert weight.numpy().tolist() == [0] * ROWS
    assert names["model"].evaluate(names["encoded"]("train"), return_dict=True)["loss"] == 0
