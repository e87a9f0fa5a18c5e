"""Labels that are classes: their ids, and what `inspect` says of them."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from rich.console import Console

from shardmill.pipelines.inspect.run_tables import print_run
from shardmill.schemas.errors import DataError
from tests.support.runs import read_split, run_toml
from tests.support.verified import checks

TOML = """
[input]
files = { train = "train.csv", eval = "eval.csv" }
max_bad_fraction = 0.2
[features]
x = "numeric"
species = { kind = "class_label" }
[output]
shards = 1
shuffle = false
"""
SPECIES = ["setosa", "virginica", "setosa", "big cat", "setosa", "virginica"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of six training rows and one without a class; in `eval` there is a class of its own."""
    folder = tmp_path_factory.mktemp("classes")
    rows = "".join(f"{number}.5,{each}\n" for number, each in enumerate([*SPECIES, ""]))
    (folder / "train.csv").write_text(f"x,species\n{rows}")
    (folder / "eval.csv").write_text("x,species\n1.5,setosa\n2.5,unseen\n")
    return run_toml(folder, TOML)


def test_classes_are_ids(folder: Path) -> None:
    """By how many rows have them; the row without one is rejected, and serving doesn't ask for it."""
    assert read_split(folder)["species"].tolist() == [0, 1, 0, 2, 0, 1]
    assert read_split(folder, "eval")["species"].tolist() == [0, -1]
    assert [check.problems for check in checks(str(folder)).values() if check.problems] == []
    serve = tf.saved_model.load(str(folder / "transform_fn")).signatures["serving_default"]
    assert [*serve.structured_input_signature[1]] == ["x"]
    assert [*serve(x=tf.constant([1.5]))] == ["x"]


def test_inspect_shows_their_distribution(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And the weights that balance them, which are scikit-learn's."""
    weights = pytest.importorskip("sklearn.utils.class_weight")
    print_run(Console(width=120), str(folder))
    printed = capsys.readouterr().out
    assert "3 classes of species in 6 rows" in printed
    classes = ["setosa", "virginica", "big cat"]
    balanced = weights.compute_class_weight("balanced", classes=np.array(classes), y=np.array(SPECIES))
    for name, weight in zip(classes, balanced, strict=True):
        count = SPECIES.count(name)
        (line,) = (line for line in printed.splitlines() if f"│ {name} " in line and "%" in line)
        assert [cell.strip() for cell in line.strip("│").split("│")] == [
            *(name, str(count), f"{count / len(SPECIES):.2%}", f"{weight:.4g}")
        ]


def test_counts_that_are_none_are_refused(folder: Path, tmp_path: Path) -> None:
    """The message names the file."""
    shutil.copytree(folder, tmp_path / "run")
    (tmp_path / "run" / "pre_transform_feature_stats" / "token_counts" / "species").write_text("setosa many\n")
    with pytest.raises(DataError, match=r"token_counts/species': expected lines of a token and its count"):
        print_run(Console(), str(tmp_path / "run"))
