"""Documents as sentences of words: each record is a list of lists, as TensorFlow reads it; new ones are made by `apply`."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from shardmill.pipelines import apply as apply_module
from shardmill.pipelines.apply import Application
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.inspect.code import code_for
from shardmill.pipelines.inspect.inspect import inspect_path
from shardmill.schemas.errors import DataError
from shardmill.transforms.grouping.sequence_schema import of_rows
from tests.support.printed import execute
from tests.support.runs import run_toml
from tests.support.verified import checks

tft = pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")
tensor_representation_util = pytest.importorskip("tfx_bsl.tfxio.tensor_representation_util")
pytestmark = pytest.mark.usefixtures("shared_tracer")

TOML = """
[input]
files = ["documents.csv"]
max_bad_fraction = 0.5
[sequence]
group_by = ["document"]
order_by = "line"
context = ["document", "topics"]
max_length = 4
[features]
document = "string"
topics = { kind = "sequence", delimiter = "|" }
words = { kind = "tokens", column = "sentence", lower = true }
marks = { kind = "sequence", delimiter = " ", elements = "float32" }
size = { kind = "numeric", column = "line" }
tone = "label"
[output]
format = "sequence_example"
shards = 1
"""
HEADER = "document,line,topics,sentence,marks,tone\n"
ROWS = """\
cats,2,pets| fur,It purred loudly today,0.5 1,1
dogs,1,pets,Dogs bark,,0
cats,1,pets|fur,The cat sat,2,0
cats,3,pets|fur,,1 2 3 4,1
dogs,2,pets,And dogs run,7,1
rain,1,,It rained,-1,0
"""
# By document, its sentences as words, and their marks; in the order of `line`.
WORDS = {
    b"cats": [["the", "cat", "sat"], ["it", "purred", "loudly", "today"], []],
    b"dogs": [["dogs", "bark"], ["and", "dogs", "run"]],
    b"rain": [["it", "rained"]],
}
MARKS = {b"cats": [[2.0], [0.5, 1.0], [1.0, 2.0, 3.0, 4.0]], b"dogs": [[], [7.0]], b"rain": [[-1.0]]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of documents, in the folder of its input."""
    folder = tmp_path_factory.mktemp("documents")
    (folder / "documents.csv").write_text(HEADER + ROWS)
    run_toml(folder, TOML)
    return folder


def parsed(run: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """A run's records, by the feature specs that TFX makes of its schema: context and lists."""
    schema = tft.TFTransformOutput(str(run)).transformed_metadata.schema
    context, lists = tensor_representation_util.CreateTfSequenceExampleParserConfig(schema)
    records = [*tf.data.TFRecordDataset(sorted(map(str, run.glob("train-*"))), "GZIP")]
    found = tf.io.parse_sequence_example(records, context, lists)
    return found[0], found[1]


def words_of(run: Path, ids: Any) -> list[list[list[str]]]:
    """The words of ids, after those of padding and of unknown words."""
    words = (run / "transform_fn" / "assets" / "words").read_text().splitlines()
    return [[[["", "?", *words][number] for number in step] for step in record] for record in ids.to_list()]


def test_each_step_has_as_many_values_as_its_cell(folder: Path) -> None:
    """Words and numbers are lists of lists, also where a sentence is empty; a list in the context is one list."""
    context, lists = parsed(folder / "run")
    documents = context["document"].numpy().tolist()
    assert words_of(folder / "run", lists["words"]) == [WORDS[name] for name in documents]
    assert lists["marks"].to_list() == [MARKS[name] for name in documents]
    topics = dict(zip(documents, tf.sparse.to_dense(context["topics"]).numpy().tolist(), strict=True))
    assert topics == {b"cats": [2, 3], b"dogs": [2, 0], b"rain": [0, 0]}
    tones = dict(zip(documents, lists["tone"].to_list(), strict=True))
    assert tones == {b"cats": [[0], [1], [1]], b"dogs": [[0], [1]], b"rain": [[0]]}


def test_a_reader_of_sparse_features_sees_the_same(folder: Path) -> None:
    """`VarLenFeature`, which gives a SparseTensor of three dimensions, reads the steps as `RaggedFeature` does."""
    records = [*tf.data.TFRecordDataset(sorted(map(str, (folder / "run").glob("train-*"))), "GZIP")]
    spec = {"words": tf.io.VarLenFeature(tf.int64)}
    _, lists, _ = tf.io.parse_sequence_example(records, sequence_features=spec)
    expected = parsed(folder / "run")[1]["words"].to_tensor()
    np.testing.assert_array_equal(tf.sparse.to_dense(lists["words"]), expected)


def test_tf_transform_lists_all_features(folder: Path) -> None:
    """Its feature spec has those of the context and of the steps, and their domains."""
    output = tft.TFTransformOutput(str(folder / "run"))
    spec = output.transformed_feature_spec()
    assert spec["document"] == tf.io.FixedLenFeature([], tf.string)
    assert spec["topics"] == tf.io.VarLenFeature(tf.int64)
    steps = {name for name, each in spec.items() if isinstance(each, tf.io.RaggedFeature)}
    assert steps == {"words", "marks", "size", "tone"}
    assert (output.transformed_domains()["words"].min, output.transformed_domains()["words"].max) == (0, 13)
    rows = of_rows(output.transformed_metadata.schema)
    assert [feature.name for feature in rows.feature] == sorted(spec)
    assert of_rows(rows) is rows


def test_the_printed_reader_fills_sentences_and_documents_up(folder: Path, tmp_path: Path) -> None:
    """Words are [documents, sentences, words], zeros after each; the number of sentences is told."""
    names = execute(code_for(str(folder / "run")), tmp_path)
    ((features, steps),) = names["dataset"]("train")
    (raw,) = [lists["words"].to_tensor() for _, lists in [parsed(folder / "run")]]
    assert features["words"].shape == (3, 3, 4)
    assert features["topics"].shape == (3, 2)
    # Those of "train" are shuffled.
    assert sorted(map(str, features["words"].numpy().tolist())) == sorted(map(str, raw.numpy().tolist()))
    assert sorted(steps.numpy().tolist()) == [1, 2, 3]


def test_a_run_of_documents_is_verified_and_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`verify` makes all records again; `inspect` lists all features, and shows a shard's."""
    assert [check.problems for check in checks(folder / "run").values() if check.problems] == []
    inspect_path(str(folder / "run"))
    out = capsys.readouterr().out
    assert all(f"\n│ {name} " in out for name in ("document", "marks", "size", "tone", "topics", "words"))
    inspect_path(str(next((folder / "run").glob("train-*"))), 3)
    assert "cats" in capsys.readouterr().out


def apply(folder: Path, name: str, rows: str, *, header: str = HEADER) -> Path:
    """Applies the run to new rows."""
    (folder / f"{name}.csv").write_text(header + rows)
    application = Application(str(folder / "run"), (str(folder / f"{name}.csv"),))
    engine, progress = Engine(workers=2), Progress(quiet=True)
    apply_module.apply(application, str(folder / name), overwrite=False, engine=engine, progress=progress)
    return folder / name


def test_applied_to_its_own_rows_a_run_gives_its_own_bytes(folder: Path) -> None:
    """Shards, schema and graph are those of the run, and what was made is verified."""
    made = apply(folder, "same", ROWS)
    for path in (folder / "run").rglob("*"):
        if path.name.startswith("train-") or path.parent.name == "transformed_metadata":
            assert (made / path.relative_to(folder / "run")).read_bytes() == path.read_bytes()
    assert [check.problems for check in checks(made).values() if check.problems] == []


def test_new_rows_become_groups_of_their_own(folder: Path) -> None:
    """Unknown words have their id, rows without a key are rejected, and steps without a label have none."""
    new = "birds,2,fur,Birds sat,1,\nbirds,1,fur,It sang,2,1\n,3,fur,No document,2,1\n"
    made = apply(folder, "new", new)
    context, lists = parsed(made)
    assert context["document"].numpy().tolist() == [b"birds"]
    assert words_of(made, lists["words"]) == [[["it", "?"], ["?", "sat"]]]
    assert lists["tone"].to_list() == [[[1], []]]
    manifest = json.loads((made / "manifest.json").read_text())
    assert manifest["rows"] == {"read": 3, "written": 2, "rejected": 1}
    assert manifest["groups"]["records"] == 1


def test_files_without_the_label_are_applied(folder: Path) -> None:
    """A file may lack the label's column, since nothing else needs it; not so that of the order."""
    header = "document,line,topics,sentence,marks\n"
    made = apply(folder, "unlabelled", "birds,1,fur,It sat,2\n", header=header)
    assert parsed(made)[1]["tone"].to_list() == [[[]]]
    with pytest.raises(DataError, match="line"):
        apply(folder, "unordered", "birds,fur,It sat,2\n", header="document,topics,sentence,marks\n")


def test_a_group_too_long_to_apply_says_where_its_limit_stands(folder: Path) -> None:
    """The message names the group, and the configuration as the place to change it."""
    rows = "".join(f"birds,{line},fur,It sat,2,1\n" for line in range(5))
    with pytest.raises(DataError, match=r"group of document 'birds': expected at most 4 rows, received more") as caught:
        apply(folder, "long", rows)
    assert "change that run's configuration, run it again and apply that run" in str(caught.value)
    assert not (folder / "long").exists()
