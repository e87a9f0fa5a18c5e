"""Numbers in the notation of their column, from the CSV to the shards, to serving, and in new rows."""

import json
from pathlib import Path

import numpy as np
import pytest

from shardmill.pipelines import apply as apply_module
from shardmill.pipelines.apply import Application
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.verify.verify import verify
from shardmill.schemas.errors import ConfigError
from tests.support.runs import read_rejected, read_split, run_toml

pytestmark = pytest.mark.usefixtures("shared_tracer")

TOML = """
[input]
files = ["rows.csv"]
delimiter = ";"
max_bad_fraction = 1
[input.columns.price]
thousands = "."
decimal = ","
strip = "€"
[input.columns.units]
thousands = ","
[input.columns."paid?"]
true_values = ["yes"]
false_values = ["no"]
[features]
price = "numeric"
units = { kind = "numeric", missing = 0 }
"paid?" = "label"
tract = "numeric"
[output]
shards = 1
shuffle = false
"""
HEADER = "price;units;paid?;tract\n"
ROWS = (
    "1.234,50 €;1,234;yes;17031081000.0\n€ 2,5;;no;17031081201.0\n1.5;7;no;1.0\n-3;12,345,678;yes;5e3\n7;1,2;no;2.0\n"
)


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run without a schema, so that types are inferred from the same notation."""
    folder = tmp_path_factory.mktemp("formats")
    (folder / "rows.csv").write_text(HEADER + ROWS)
    return run_toml(folder, TOML)


def test_numbers_are_what_their_notation_says(run_dir: Path) -> None:
    """Floats, integers, and flags as 1 and 0; cells in another notation reject their row as they stood."""
    found = read_split(run_dir)
    assert {name: column.tolist() for name, column in found.items()} == {
        "price": [1234.5, 2.5, -3.0],
        "units": [1234, 0, 12345678],
        "paid?": [1, 0, 1],
        "tract": [17031081000, 17031081201, 5000],
    }
    assert [(each["line"], each["column"], each["reason"]) for each in read_rejected(run_dir)] == [
        (4, "price", "expected a number with thousands '.', strip '€' and decimal ',', found '1.5'"),
        (6, "units", "expected an integer with thousands ',', found '1,2'"),
    ]


def test_the_run_verifies_and_new_rows_are_read_alike(run_dir: Path, tmp_path: Path) -> None:
    """The manifest has the formats, which `verify` and `apply` read by."""
    numbers = json.loads((run_dir / "manifest.json").read_text())["config"]["input"]["dialect"]["numbers"]
    assert numbers["units"]["thousands"] == ","
    checks = verify(str(run_dir), None, 1, Progress(quiet=True))
    assert [problem for check in checks for problem in check.problems] == []
    (tmp_path / "new.csv").write_text(HEADER + "9.876.543;2,000;yes;1e3\n")
    apply_module.apply(
        Application(str(run_dir), (str(tmp_path / "new.csv"),), None),
        str(tmp_path / "applied"),
        overwrite=False,
        engine=Engine(workers=1),
        progress=Progress(quiet=True),
    )
    found = read_split(tmp_path / "applied")
    assert [found[name].tolist() for name in ("price", "units", "tract")] == [[9876543.0], [2000], [1000]]


def test_serving_takes_numbers(run_dir: Path) -> None:
    """Whoever asks a model writes numbers as JSON does; integers are int64, also those spelled with a point in the CSV."""
    import tensorflow as tf

    serve = tf.saved_model.load(str(run_dir / "transform_fn")).signatures["serving_default"]
    types = {name: spec.dtype for name, spec in serve.structured_input_signature[1].items()}
    assert types == {"price": tf.float32, "units": tf.int64, "tract": tf.int64}
    answer = serve(
        price=tf.constant([1234.5]), units=tf.constant([5], tf.int64), tract=tf.constant([2**53 + 1], tf.int64)
    )
    assert answer["tract"].numpy().tolist() == [2**53 + 1]
    np.testing.assert_array_equal(answer["price"].numpy(), [1234.5])


SCHEMA = 'feature { name: "price" type: BYTES }\nfeature { name: "city" type: BYTES }\n'


@pytest.mark.parametrize(
    ("settings", "schema", "message"),
    [
        ('[input.columns.prize]\nthousands = ","', None, "input.columns.prize: there is no column 'prize'"),
        (
            '[input.columns.price]\nthousands = ","',
            SCHEMA,
            "input.columns.price: thousands ',' is for numbers, but column 'price' is text in the schema; remove it, or change the type",
        ),
        (
            '[input.columns.city]\nstrip = "$"',
            None,
            r"input.columns.city: strip '\$' is for numbers, but column 'city' is text since most of its cells are no numbers",
        ),
    ],
)
def test_formats_are_of_columns_of_numbers(tmp_path: Path, settings: str, schema: str | None, message: str) -> None:
    """A name that is no column, and columns of text, are mistakes."""
    (tmp_path / "rows.csv").write_text('price,city\n"1,234",Oslo\n"5,678",Rome\n')
    (tmp_path / "rows.pbtxt").write_text(schema or "")
    named = '\nschema = "rows.pbtxt"' if schema else ""
    text = f'[input]\nfiles = ["rows.csv"]{named}\n{settings}\n[features]\ncity = "vocabulary"\n'
    with pytest.raises(ConfigError, match=message):
        run_toml(tmp_path, text, name="config")
