"""TF Transform functions through the main job, held against TF Transform's own pipeline and against serving."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from shardmill.pipelines import run as run_module
from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.inspect.code import code_for
from shardmill.schemas.schema import Column, ColumnType, Schema
from shardmill.schemas.schema_pbtxt import format_schema, load_schema
from shardmill.transforms.functions.user_function import UserFunction
from tests.support.datasets import as_columns, as_examples
from tests.support.functions.function_rows import ROWS, write_rows
from tests.support.locations import FUNCTIONS, ROOT
from tests.support.printed import execute
from tests.support.runs import files_of, read_rejected, run_toml
from tests.support.serving.served import differing, served, stored

tft = pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")
pytestmark = pytest.mark.usefixtures("shared_tracer")

EXAMPLES = ROOT / "examples" / "preprocessing_fn"
SOME = 2048
SCHEMA = Schema(
    (
        Column("dense", ColumnType.FLOAT, required=True),
        Column("sparse", ColumnType.FLOAT),
        Column("count", ColumnType.INT, required=True),
        Column("few", ColumnType.INT),
        *(Column(name, ColumnType.BYTES, required=name != "city") for name in ("color", "city", "text")),
    )
)


@dataclass(frozen=True)
class FunctionRun:
    """A run of a function, all rows in one shard in the input's order.

    Attributes:
        folder: The run's folder.
        function: The function's file.
        cells: The rows' text, None where missing.
        label: The output that is the label.
    """

    folder: Path
    function: Path
    cells: pd.DataFrame
    label: str


def _cells(path: Path, null_values: tuple[str, ...] = ("",)) -> pd.DataFrame:
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=list(null_values), skipinitialspace=True)
    return frame.astype(object).where(lambda cells: cells.notna(), None)


def _toml(function: Path, label: str, data: Path) -> str:
    return (
        f'preprocessing_fn = "{function}:preprocess"\nlabel = "{label}"\n[input]\nfiles = ["{data}"]\nnull_values = ["", "?"]\n'
        "trim = true\n[output]\nshuffle = false\nshards = 1\n"
    )


def _made(folder: Path, _: Path) -> Path:
    return write_rows(folder / "rows.csv")


def _housing(folder: Path, shared: Path) -> Path:
    return _first_lines(shared / "california_housing" / "housing.csv", folder)


def _census(folder: Path, shared: Path) -> Path:
    columns = [
        "age",
        "workclass",
        "fnlwgt",
        "education",
        "education_num",
        "marital_status",
        "occupation",
        "relationship",
    ]
    columns += ["race", "sex", "capital_gain", "capital_loss", "hours_per_week", "native_country", "income"]
    frame = pd.read_csv(shared / "census_income" / "adult.data.gz", names=columns, dtype=str, skipinitialspace=True)
    frame.head(SOME).to_csv(folder / "census.csv", index=False)
    return folder / "census.csv"


def _reviews(folder: Path, shared: Path) -> Path:
    frame = pd.read_csv(shared / "imdb" / "imdb_10k.csv.gz", dtype=str, keep_default_na=False)
    frame.head(SOME).to_csv(folder / "reviews.csv", index=False)
    return folder / "reviews.csv"


def _first_lines(path: Path, folder: Path) -> Path:
    with path.open(encoding="utf-8") as lines, (folder / path.name).open("w", encoding="utf-8") as some:
        some.writelines(line for _, line in zip(range(SOME + 1), lines, strict=False))
    return folder / path.name


# By name: the function's file, its label, and its data.
CASES: dict[str, tuple[Path, str, Callable[[Path, Path], Path]]] = {
    "mappers": (FUNCTIONS / "mappers.py", "few", _made),
    "shapes": (FUNCTIONS / "shapes.py", "codes", _made),
    "control": (FUNCTIONS / "control.py", "python", _made),
    "housing": (EXAMPLES / "housing.py", "median_house_value", _housing),
    "census": (EXAMPLES / "census.py", "income", _census),
    "sentiment": (EXAMPLES / "sentiment.py", "is_positive", _reviews),
}


# The domains that TF Transform's own schema lacks.
MORE_DOMAINS = {
    "mappers": {"color_hash": (0, 9), "city_hash": (0, 9)},
    "shapes": {"indices": (0, 50)},
    "control": {"table": (-1, 2), "oov_table": (-1, 4)},
    "census": {"income": (-1, 1)},
    "sentiment": {"word_ids": (0, 20_000)},
}


@pytest.fixture(scope="module")
def finished(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], FunctionRun]:
    """Runs the main job with a function, once."""
    done: dict[str, FunctionRun] = {}

    def finish(name: str) -> FunctionRun:
        if name not in done:
            function, label, make = CASES[name]
            if not function.exists():
                pytest.skip("the tests run apart from the repository")
            folder = tmp_path_factory.mktemp(name)
            data = make(folder, shared_data)
            run_dir = run_toml(folder, _toml(function, label, data))
            done[name] = FunctionRun(run_dir, function, _cells(data, ("", "?")), label)
        return done[name]

    return finish


def _parsed(records: list[bytes], spec: Mapping[str, Any]) -> dict[str, list[np.ndarray]]:
    """Each feature's arrays: of a dense one one, of others their values and where these are."""
    parsed = tf.io.parse_example(records, spec)
    return {
        name: [part.numpy() for part in tf.nest.flatten(value, expand_composites=True)]
        for name, value in parsed.items()
    }


def _records(run_dir: Path) -> list[bytes]:
    paths = sorted(str(path) for path in run_dir.glob("train-*"))
    return list(tf.data.TFRecordDataset(paths, "GZIP").as_numpy_iterator())


def _same(ours: list[np.ndarray], theirs: list[np.ndarray]) -> bool:
    """Whether all bits are the same; of text, all bytes."""
    return all(
        one.shape == other.shape and one.dtype == other.dtype and one.tolist() == other.tolist()
        if one.dtype == object
        else one.tobytes() == other.tobytes() and one.shape == other.shape
        for one, other in zip(ours, theirs, strict=True)
    )


@pytest.mark.parametrize("name", CASES)
def test_a_function_gives_what_it_gives_in_tf_transform(finished: Callable[[str], FunctionRun], name: str) -> None:
    """Every output of every row, bit for bit, every vocabulary's bytes and the schema are those of TF Transform's own pipeline.

    But that the schema has the domains of more ids.
    """
    from tests.parity.function_oracle import load_function, tf_transform, typed

    run = finished(name)
    columns, required = typed(run.cells, run.folder)
    theirs = tf_transform(columns, load_function(run.function, "preprocess"), required)
    spec = tft.TFTransformOutput(str(run.folder)).transformed_feature_spec()
    ours, wanted = _parsed(_records(run.folder), spec), _parsed(theirs.examples, spec)
    assert ours.keys() == spec.keys()
    assert [feature for feature in spec if not _same(ours[feature], wanted[feature])] == []
    assets = {path.name: path.read_bytes() for path in (run.folder / "transform_fn" / "assets").iterdir()}
    assert assets == theirs.vocabularies
    schema = (run.folder / "transformed_metadata" / "schema.pbtxt").read_text(encoding="utf-8")
    without, more = _without_more(schema, theirs.schema)
    assert without == theirs.schema
    assert more == MORE_DOMAINS.get(name, {})


def _without_more(schema: str, other: str) -> tuple[str, dict[str, tuple[int, int]]]:
    """A schema without the domains of ids that another has not; and these."""
    theirs = {feature.name: feature for feature in text_format.Parse(other, schema_pb2.Schema()).feature}
    ours, more = text_format.Parse(schema, schema_pb2.Schema()), {}
    for feature in ours.feature:
        if feature.int_domain.is_categorical and not theirs[feature.name].HasField("int_domain"):
            more[feature.name] = feature.int_domain.min, feature.int_domain.max
            feature.ClearField("int_domain")
    return text_format.MessageToString(ours, as_utf8=True), more


def _columns(run: FunctionRun, rows: int) -> dict[str, np.ndarray]:
    return as_columns(run.cells.head(rows), load_schema(str(run.folder / "metadata" / "schema.pbtxt")).columns)


def _head(columns: Mapping[str, Any], rows: int) -> dict[str, Any]:
    return {
        name: (values[:rows], None) if lengths is None else (values[: lengths[:rows].sum()], lengths[:rows])
        for name, (values, lengths) in columns.items()
    }


@pytest.mark.parametrize("name", ["housing", "census"])
def test_what_is_printed_for_an_example_trains_and_serves(finished: Callable[[str], FunctionRun], name: str) -> None:
    """The script that `inspect --code` prints learns an example's label; its export answers raw rows as the model does stored ones."""
    run = finished(name)
    names = execute(code_for(str(run.folder)), run.folder.parent)
    assert np.isfinite(names["model"].history.history["loss"]).all()
    records = list(tf.data.TFRecordDataset(names["shards"]("train"), "GZIP").take(50).as_numpy_iterator())
    features, _ = names["parse"](records)
    raw = _columns(run, 50)
    answers = tf.saved_model.load(names["EXPORT"]).serve(
        {column: tf.constant(raw[column]) for column in names["columns"]}
    )
    np.testing.assert_allclose(answers[run.label], names["predict"](features)[run.label], rtol=1e-4)


@pytest.mark.parametrize("name", CASES)
def test_a_raw_row_gives_what_its_shard_holds(finished: Callable[[str], FunctionRun], name: str) -> None:
    """`serving_default` gives the stored bits, for 1, 7 and 500 rows at a time; the label is no answer."""
    run = finished(name)
    wanted = stored(run.folder)
    for size, rows in ((1, 50), (7, 350), (500, 2000)):
        answer = served(run.folder, _columns(run, rows), size)
        assert run.label not in answer
        assert answer.keys() == {each for each in wanted if not _of(run.label, each)}
        assert differing(answer, _head(wanted, rows)) == []


@pytest.mark.parametrize(
    ("name", "column"), [("housing", "median_house_value"), ("census", "income"), ("sentiment", "sentiment")]
)
def test_the_label_is_no_input(finished: Callable[[str], FunctionRun], name: str, column: str) -> None:
    """Serving doesn't ask for the column of the label, though the function looks it up in a table."""
    serve = tf.saved_model.load(str(finished(name).folder / "transform_fn")).signatures["serving_default"]
    asked = set(serve.structured_input_signature[1])
    assert asked
    assert column not in asked


def _of(output: str, column: str) -> bool:
    return column == output or column.startswith(f"{output}$")


@pytest.mark.parametrize("name", CASES)
def test_raw_examples_give_what_the_shard_holds(finished: Callable[[str], FunctionRun], name: str) -> None:
    """`serve_examples` takes serialized Examples that lack what a row lacks."""
    run, rows = finished(name), 300
    schema = load_schema(str(run.folder / "metadata" / "schema.pbtxt"))
    examples = as_examples(run.cells.head(rows), schema.columns)
    answer = tf.saved_model.load(str(run.folder / "transform_fn")).signatures["serve_examples"](tf.constant(examples))
    by_name = served(run.folder, _columns(run, rows), rows)
    assert {key: value.numpy().tolist() for key, value in answer.items()} == {
        key: value.tolist() for key, value in _flat(by_name).items()
    }


def _flat(columns: Mapping[str, Any]) -> dict[str, np.ndarray]:
    values = {name: values for name, (values, _) in columns.items()}
    return values | {f"{name}$row_lengths": each for name, (_, each) in columns.items() if each is not None}


def test_tf_transforms_own_helpers_apply_it(finished: Callable[[str], FunctionRun]) -> None:
    """`TFTransformOutput.transform_raw_features` and `transform_features_layer` give the stored values."""
    run = finished("census")
    output = tft.TFTransformOutput(str(run.folder))
    columns, rows = _columns(run, 100), 100
    raw = {name: _raw_feature(values, spec, rows) for (name, spec), values in _specs(run, columns)}
    wanted = {name: values[:rows] for name, (values, _) in stored(run.folder).items()}
    for found in (output.transform_raw_features(raw), output.transform_features_layer()(raw)):
        assert {name: values.numpy().tobytes() for name, values in found.items()} == {
            name: values.tobytes() for name, values in wanted.items()
        }


def _specs(run: FunctionRun, columns: Mapping[str, np.ndarray]) -> list[Any]:
    specs = tft.TFTransformOutput(str(run.folder)).raw_feature_spec()
    return [((name, specs[name]), columns[name]) for name in specs]


def _raw_feature(values: np.ndarray, spec: Any, rows: int) -> Any:
    dense = tf.constant(values[:rows])
    if isinstance(spec, tf.io.FixedLenFeature):
        return dense
    missing = {tf.int64: tf.int64.min, tf.string: b""}[spec.dtype]
    return tf.sparse.from_dense(tf.expand_dims(dense, 1)) if not missing else _without(dense, missing)


def _without(dense: Any, missing: Any) -> Any:
    present = tf.where(dense != missing)
    return tf.SparseTensor(tf.pad(present, [[0, 0], [0, 1]]), tf.gather_nd(dense, present), [dense.shape[0], 1])


def test_a_run_can_be_made_again_to_the_byte(finished: Callable[[str], FunctionRun]) -> None:
    """A second run writes the same bytes, those of the SavedModel too, and no path of the machine is left in it."""
    run = finished("control")
    first = files_of(run.folder)
    again = run.folder.parent
    run_toml(again, (again / "run.toml").read_text(), name="again")
    second = files_of(again / "again")
    assert [name for name in first if first[name] != second.get(name)] == []
    assert first.keys() == second.keys()
    for path in _files(run.folder / "transform_fn"):
        assert b"/tmp" not in path.read_bytes()
        assert str(FUNCTIONS).encode() not in path.read_bytes()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _cut(folder: Path, pieces: int) -> str:
    folder.mkdir()
    cuts = np.linspace(0, ROWS, pieces + 1).astype(int).tolist()
    for number in range(pieces):
        path = write_rows(folder / f"rows-{number}.csv", range(cuts[number], cuts[number + 1]))
        with path.open("a", encoding="utf-8") as file:
            file.write("not a number,,1,,red,,text\n" if number % 2 else "")
    return f"{folder}/rows-*.csv"


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """A function's runs by the number of workers: four files, two of them with a bad row; with splits."""
    folder = tmp_path_factory.mktemp("cut")
    schema = folder / "schema.pbtxt"
    schema.write_text(format_schema(SCHEMA))
    toml = (
        f'preprocessing_fn = "{FUNCTIONS}/small.py:preprocess"\nlabel = ["count"]\n'
        f'[input]\nfiles = ["{_cut(folder / "in", 4)}"]\nschema = "{schema}"\n[split]\ntrain = 0.7\neval = 0.3\n[output]\nshards = 3\n'
    )
    return {workers: run_toml(folder, toml, name=f"workers-{workers}", workers=workers) for workers in (1, 2)}


def test_the_number_of_workers_changes_no_byte(cut: dict[int, Path]) -> None:
    """1 and 2 workers write the same bytes: shards, statistics, rejected rows, manifest, and the SavedModel."""
    assert files_of(cut[1]) == files_of(cut[2])


def test_bad_rows_are_set_aside(cut: dict[int, Path]) -> None:
    """Rows that don't fit the schema are rejected with their line; all others are written, each to its split."""
    rejected = read_rejected(cut[2])
    assert [row["column"] for row in rejected] == ["dense", "dense"]
    rows = [len(stored(cut[2], split)["dense"][0]) for split in ("train", "eval")]
    assert sum(rows) == ROWS
    assert 0.2 * ROWS < rows[1] < 0.4 * ROWS


def test_statistics_come_from_the_train_rows(cut: dict[int, Path]) -> None:
    """The z-scores of the train split have mean 0 and deviation 1; those of another split don't quite."""
    train, held_out = (stored(cut[2], split)["dense"][0].astype(np.float64) for split in ("train", "eval"))
    assert train.mean() == pytest.approx(0, abs=1e-6)
    assert train.std() == pytest.approx(1, abs=1e-6)
    assert abs(held_out.mean()) > 1e-4


def test_runs_in_one_process_keep_their_own_tables(cut: dict[int, Path], tmp_path: Path) -> None:
    """Two graphs whose functions name their vocabularies alike are served by one process, each with its own."""
    toml = _toml(FUNCTIONS / "small.py", "color", write_rows(tmp_path / "rows.csv"))
    run_toml(tmp_path, toml.replace("small.py:preprocess", "small.py:least").replace('label = "color"\n', ""))
    color = stored(tmp_path / "run")["color"][0]
    assert (tmp_path / "run" / "transform_fn" / "assets" / "city").read_bytes() != (
        cut[1] / "transform_fn" / "assets" / "city"
    ).read_bytes()
    first, second = (tf.saved_model.load(str(folder / "transform_fn")) for folder in (cut[1], tmp_path / "run"))
    cells = _cells(tmp_path / "rows.csv")
    answer = second.signatures["serving_default"](color=tf.constant(cells["color"].tolist()))
    assert answer["color"].numpy().tolist() == color.tolist()
    assert {spec.name for spec in first.signatures["serving_default"].structured_input_signature[1].values()} == {
        *("dense", "city", "text")
    }
    assert set(color.tolist()) == {0, 1, 2, 3}


@pytest.mark.parametrize("name", ["housing", "census", "sentiment"])
def test_an_examples_configuration_names_its_function(name: str) -> None:
    """It is read without a mistake, and its function is in the file beside it."""
    if not EXAMPLES.is_dir():
        pytest.skip("the tests run apart from the repository")
    config = load_config(str(EXAMPLES / f"{name}.toml"))
    assert callable(UserFunction.read(str(config.preprocessing_fn)).load())
    assert config.labels == (CASES[name][1],)


def test_the_textbooks_example_runs(shared_data: Path, tmp_path: Path) -> None:
    """housing.toml, on the real data: 20,640 rows, standardized on the train split, the five places by falling count."""
    if not EXAMPLES.is_dir():
        pytest.skip("the tests run apart from the repository")
    data = shared_data / "california_housing" / "housing.csv"
    config = load_config(str(EXAMPLES / "housing.toml"), [f'input.files=["{data}"]'], str(tmp_path / "run"))
    result = run_module.run(config, overwrite=False, engine=Engine(workers=2), progress=Progress(quiet=True))
    assert result.manifest["rows"]["written"] == 20_640
    train = stored(tmp_path / "run")
    assert train["standardized_median_age"][0].mean(dtype=np.float64) == pytest.approx(0, abs=1e-5)
    assert (
        np.bincount(train["ocean_proximity_id"][0]).tolist()
        == sorted(np.bincount(train["ocean_proximity_id"][0]))[::-1]
    )
    places = (tmp_path / "run/transform_fn/assets").iterdir().__next__().read_text().splitlines()
    assert places == ["<1H OCEAN", "INLAND", "NEAR OCEAN", "NEAR BAY", "ISLAND"]
