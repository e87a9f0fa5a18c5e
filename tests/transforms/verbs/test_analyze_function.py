"""What is said of a TF Transform function that fails: when it is traced, when the data is analyzed, when it is transformed."""

import shutil
import sys
from pathlib import Path

import pytest

from shardmill import transforms
from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.job.prepare_features import prepare_features
from shardmill.schemas.errors import ConfigError, ShardmillError
from shardmill.schemas.schema import Column, ColumnType, Schema
from shardmill.transforms.functions.user_function import UserFunction
from tests.support.functions.function_rows import write_rows
from tests.support.locations import FUNCTIONS
from tests.support.runs import run_toml

pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")
pytestmark = pytest.mark.usefixtures("shared_tracer")

SCHEMA = Schema(
    (
        Column("dense", ColumnType.FLOAT, required=True),
        Column("sparse", ColumnType.FLOAT),
        Column("count", ColumnType.INT, required=True),
        Column("city", ColumnType.BYTES),
    )
)
GIVEN = "it was given: 'dense': float32 (None,); 'sparse': SparseTensor float32 (None, None); 'count': int64 (None,); "
GIVEN += "'city': SparseTensor string (None, None)"
FAULTY = FUNCTIONS / "faulty.py"


def _traced(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    from shardmill.transforms.analyze_function import trace_columns

    return trace_columns(UserFunction.read(f"{FAULTY}:{name}"), SCHEMA)


def _line(path: Path, text: str) -> str:
    """A traceback's line: where in a file a text is."""
    lines = path.read_text(encoding="utf-8").splitlines()
    (number,) = [number for number, line in enumerate(lines, 1) if text in line]
    return f"{path}, line {number}, in "


def test_an_error_in_the_function_shows_its_line_and_what_came_in() -> None:
    """The file, the line, the code, TensorFlow's words, and the columns with their dtypes and shapes."""
    with pytest.raises(ConfigError) as error:
        _traced("raises")
    first, second, last = str(error.value).splitlines()
    assert first == _line(FAULTY, "tf.matmul") + 'raises: return {"x": tf.matmul(inputs["dense"], inputs["dense"])}'
    assert second.startswith("ValueError: Shape must be rank 2 but is rank 1")
    assert last == GIVEN


def test_an_error_in_what_it_imports_shows_both_lines() -> None:
    """A helper in another of the user's files is shown below the function."""
    with pytest.raises(ConfigError) as error:
        _traced("helped")
    first, second, *_ = str(error.value).splitlines()
    assert first.startswith(_line(FAULTY, "add_text(inputs"))
    assert second == "  " + _line(FUNCTIONS / "helping.py", "values +") + 'add_text: return values + "text"'


def test_a_column_that_is_not_there_is_named() -> None:
    """A misspelt column: the nearest one, and all of them."""
    with pytest.raises(ConfigError, match="KeyError: 'densee'; did you mean 'dense'") as error:
        _traced("misspelt")
    assert GIVEN in str(error.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_dict", r"no_dict in .*faulty.py: expected it to return a dict of tensors by name, received <tf.Tensor"),
        ("empty", r"expected it to return a dict of tensors by name, received \{\}"),
        ("array", r"expected output 'x' to be a tensor, received array\(\[0., 0., 0.\]\)"),
        ("float64", "output 'x' is of float64; expected float32, int64 or string: tf.cast makes it one"),
        ("int32", "output 'x' is of int32; expected float32"),
        (
            "unknown_shape",
            r"unknown_shape in .*: output 'x': expected the shape \[batch\] or .*, received \(None, None\); tf.reshape",
        ),
        ("scalar", r"output 'x': expected the shape \[batch\] or .*, received \(\)"),
        ("python", "'EagerPyFunc' runs Python .* write it with TensorFlow's operations"),
        ("nowhere", "faulty.py has no function 'nowhere'; it has 'raises', 'helped'"),
    ],
)
def test_what_a_function_returns_is_checked(name: str, message: str) -> None:
    """What TF Transform or Examples can't take is refused before any data is read."""
    with pytest.raises(ConfigError, match=message):
        _traced(name)


def test_a_function_is_asked_which_columns_it_looks_at() -> None:
    """Only the columns that it looks at are read; the outputs come in its order."""
    assert _traced("twice") == (("dense",), ("x",))
    assert _traced("no_column") == ((), ("x",))


def test_a_store_that_tensorflow_doesnt_know_is_refused(tmp_path: Path) -> None:
    """TF Transform's workers write with TensorFlow: on a cluster that must know the output's store."""
    config = tmp_path / "pipeline.toml"
    config.write_text(f"preprocessing_fn = '{FAULTY}:twice'\n[input]\nfiles = ['rows.csv']\n")
    with pytest.raises(
        ConfigError,
        match=r"TensorFlow, which doesn't know s3://, as in 's3://bucket/out/parts'; choose an --output on gs://",
    ):
        prepare_features(load_config(str(config)), SCHEMA, "s3://bucket/out", Engine("flink"), Progress(quiet=True))


def _plan(folder: Path, lines: str) -> None:
    config = folder / "pipeline.toml"
    config.write_text(f'{lines}\n[input]\nfiles = ["rows.csv"]\n')
    prepare_features(load_config(str(config)), SCHEMA, str(folder), Engine(), Progress(quiet=True))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            'preprocessing_fn = "nowhere.py:f"',
            "can't read '.*nowhere.py', which should hold the function 'f': .*No such file",
        ),
        (f'preprocessing_fn = "{FAULTY}:no_column"', "it uses no column; the columns are 'dense', 'sparse'"),
        (
            f'preprocessing_fn = "{FAULTY}:twice"\nlabel = "xx"',
            r"label: twice in .* has no output 'xx'; did you mean 'x'\? Its outputs are 'x'",
        ),
        ('preprocessing_fn = "syntax.py:f"', r"syntax.py, line 1: def f\(x:\nSyntaxError"),
        (
            'preprocessing_fn = "imports.py:f"',
            "imports.py, line 1, in <module>: import nothing_of_this_name\nModuleNotFound",
        ),
    ],
)
def test_what_the_configuration_names_is_checked(tmp_path: Path, lines: str, message: str) -> None:
    """The file, the function's text and the label, before any data is read."""
    (tmp_path / "syntax.py").write_text("def f(x:\n")
    (tmp_path / "imports.py").write_text("import nothing_of_this_name\n")
    with pytest.raises(ConfigError, match=message):
        _plan(tmp_path, lines)


def test_without_tf_transform_its_name_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where TF Transform isn't installed, the message says how to install it."""
    monkeypatch.setitem(sys.modules, "tensorflow_transform", None)
    monkeypatch.delitem(sys.modules, "shardmill.transforms.analyze_function", raising=False)
    monkeypatch.delattr(transforms, "analyze_function", raising=False)
    with pytest.raises(
        ConfigError, match=r"needs TF Transform, but .* isn't installed: .*python.* -m pip install .*\[tft\]"
    ):
        _plan(tmp_path, f'preprocessing_fn = "{FAULTY}:twice"')


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "bad_data",
            "bad_data in .* failed while the data was analyzed:\n  InvalidArgumentError: StringToNumberOp could not ",
        ),
        (
            "broken",
            "broken in .* failed while the data was analyzed:\n  .*faulty.py, line .*, in add_input: .*\n  ZeroDivision",
        ),
        (
            "bad_data_late",
            r"16 of 200 rows are bad .*\n  .*rows.csv, line 4: expected a row that preprocessing_fn can take, found .*\[too large\]",
        ),
        (
            "twice",
            "twice in .*: the transform graph failed: output 'x' of 200 rows holds 400 rows; expected the batch as the first dimension",
        ),
    ],
)
def test_a_failure_on_the_data_is_said_in_one_message(tmp_path: Path, name: str, message: str) -> None:
    """It has the function's name, or the rows that it can't take, and TensorFlow's words; the run ends with status 1, without output."""
    write_rows(tmp_path / "rows.csv", range(200))
    shutil.copy(FUNCTIONS / "helping.py", tmp_path)
    toml = f'preprocessing_fn = "{FAULTY}:{name}"\n[input]\nfiles = ["rows.csv"]\n'
    with pytest.raises(ShardmillError, match=message) as error:
        run_toml(tmp_path, toml)
    assert error.value.exit_status == 1
    assert not (tmp_path / "run").exists()
