"""What a column's type is: the same with the schema file that `init` writes as without one."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.init.init import init
from shardmill.pipelines.job import input_files
from shardmill.pipelines.job.column_types import find_columns
from shardmill.schemas.errors import ConfigError, DataError
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.schemas.schema_pbtxt import decode_proto, load_schema
from shardmill.transforms.features.registry import parse_features
from tests.support.runs import run_toml

INT, FLOAT, BYTES = ColumnType.INT, ColumnType.FLOAT, ColumnType.BYTES
ROWS = 500


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Columns whose cells could be read as more than one type, and the schema that `init` infers."""
    folder = tmp_path_factory.mktemp("types")
    lines = ["zip,code,age,city,count,share"]
    for row in range(ROWS):
        age = "unknown" if row % 100 == 7 else row % 90
        lines.append(f"{10001 + row % 9}.5,{row % 50:03d},{age},{'Rome' if row % 2 else 'Oslo'},{row * 7},0.{row + 1}")
    (folder / "data.csv").write_text("\n".join(lines) + "\n")
    init([str(folder / "data.csv")], str(folder / "starter.toml"), Progress(quiet=True))
    return folder


def columns_of(folder: Path, features: str, schema: str = "") -> tuple[Schema, str]:
    """The columns of a configuration, and the warnings."""
    config = folder / "config.toml"
    config.write_text(f'[input]\nfiles = "data.csv"\n{schema}\n[features]\n{features}\n')
    checked = load_config(str(config))
    inputs = input_files.list_files(checked.input.patterns)
    printed = io.StringIO()
    progress = Progress(quiet=True, console=Console(file=printed, width=20))
    schema, _ = find_columns(checked, inputs, str(folder), Engine(workers=1), progress)
    return schema, printed.getvalue()


def test_a_schema_has_the_types_that_cells_spell(folder: Path) -> None:
    """Without a word on what features take."""
    schema = load_schema(str(folder / "starter.schema.pbtxt"))
    assert [column.type for column in schema] == [FLOAT, BYTES, BYTES, BYTES, INT, FLOAT]


@pytest.mark.parametrize(
    ("features", "types"),
    [
        ('zip = "vocabulary"\nshare = { kind = "hash", num_buckets = 5 }', {"zip": BYTES, "share": BYTES}),
        ('code = "z_score"\nage = "min_max"', {"code": INT, "age": INT}),
        ('age = "label"\ncode = "vocabulary"\nzip = "z_score"', {"age": BYTES, "code": BYTES, "zip": FLOAT}),
        ('city = "z_score"', {"city": BYTES}),
        (
            '"z*" = "one_hot"\nz = { kind = "z_score", column = "zip" }\n"co*" = "vocabulary"',
            {"zip": FLOAT, "count": INT},
        ),
        ('"z*" = "one_hot"', {"zip": BYTES}),
    ],
)
def test_types_are_the_same_with_a_schema_and_without(
    folder: Path, features: str, types: dict[str, ColumnType]
) -> None:
    """They follow from the cells and from what features take, and from nothing else."""
    inferred, _ = columns_of(folder, features)
    given, _ = columns_of(folder, features, 'schema = "starter.schema.pbtxt"')
    assert given == inferred
    assert {name: given[name].type for name in types} == types


def test_a_type_of_the_file_that_features_take_is_kept(folder: Path) -> None:
    """What a user writes into the file counts, whatever the cells spell; nothing is read for that."""
    written = (folder / "starter.schema.pbtxt").read_text()
    (folder / "mine.schema.pbtxt").write_text(
        written.replace('name: "count"\n  type: INT', 'name: "count"\n  type: FLOAT')
    )
    schema, warnings = columns_of(folder, 'count = "numeric"', 'schema = "mine.schema.pbtxt"')
    assert (schema["count"].type, warnings) == (FLOAT, "")


def test_a_type_that_features_change_is_told(folder: Path) -> None:
    """Numbers that become tokens, and a text that becomes numbers, with the line that spares the look at the data."""
    _, warnings = columns_of(folder, 'zip = "vocabulary"\nage = "z_score"', 'schema = "starter.schema.pbtxt"')
    zipped, age = warnings.splitlines()
    assert zipped.startswith("warning: column 'zip' holds numbers with a fraction, but a feature takes it as text")
    assert age.startswith("warning: column 'age' is BYTES in '")
    assert age.endswith("it is read as INT; write `type: INT` there to save reading all of the data")
    _, inferred = columns_of(folder, 'zip = "vocabulary"\nage = "z_score"\ncode = "z_score"')
    assert inferred.splitlines() == [zipped]


@pytest.mark.parametrize(
    ("schema", "advice"),
    [
        (
            'schema = "starter.schema.pbtxt"',
            r"to change it, edit `type: BYTES` of feature 'city' in '.*starter\.schema\.pbtxt'$",
        ),
        (
            "",
            r"the type was inferred from its cells: to change it, edit it in a schema file, which `shardmill init` writes",
        ),
    ],
)
def test_a_column_that_no_type_fits_is_an_error_that_says_where_to_change_it(
    folder: Path, schema: str, advice: str
) -> None:
    """Text isn't read as numbers where most cells are none."""
    columns, _ = columns_of(folder, 'city = "z_score"', schema)
    with pytest.raises(
        ConfigError,
        match=rf"expected a column of type FLOAT or INT for `z_score`, received column 'city', which is BYTES; {advice}",
    ):
        parse_features({"city": "z_score"}, columns)


def test_a_run_with_the_schema_of_init_writes_what_one_without_does(folder: Path, shared_tracer: None) -> None:
    """Shards and vocabularies to the byte, and the types of what was read; the given schema's domains stay in the run."""
    toml = (
        '[input]\nfiles = "data.csv"\nmax_bad_fraction = 0.1\n{}\n'
        '[features]\nzip = "vocabulary"\nage = "z_score"\n[output]\nshards = 1\n'
    )
    runs = [
        run_toml(folder, toml.format(schema), name=name)
        for name, schema in (("with", 'schema = "starter.schema.pbtxt"'), ("without", ""))
    ]
    for name in ("train-00000-of-00001.tfrecord.gz", "transform_fn/assets/zip"):
        with_schema, without = ((run / name).read_bytes() for run in runs)
        assert with_schema == without, name
    given, inferred = (load_schema(str(run / "metadata/schema.pbtxt")) for run in runs)
    assert given == inferred
    domains = decode_proto((runs[0] / "metadata/schema.pbtxt").read_bytes(), "run").string_domain
    starter = decode_proto((folder / "starter.schema.pbtxt").read_bytes(), "starter").string_domain
    # Of a column that is read as another type none is left.
    assert list(domains) == [domain for domain in starter if domain.name != "age"]
    assert "city" in [domain.name for domain in domains]
    assert b"10003.5" in (runs[0] / "transform_fn/assets/zip").read_bytes()


def test_too_many_ragged_rows_are_told_before_types(tmp_path: Path) -> None:
    """Without a good row every column would be text, and the message about a feature that takes numbers."""
    (tmp_path / "data.csv").write_text("x,y\n1,2,\n3,4,\n")
    with pytest.raises(DataError, match=r"2 of 2 rows are bad.*\n.*line 2: expected 2 columns, found 3: '1,2,'"):
        columns_of(tmp_path, 'x = "z_score"')


def test_a_cell_of_an_unused_column_rejects_no_row(tmp_path: Path) -> None:
    """It can't be decoded, and nothing asks for it."""
    (tmp_path / "data.csv").write_bytes(b"x,y\n" + b"1,caf\xe9\n" * 9 + b"2,a\n")
    schema, _ = columns_of(tmp_path, 'x = "z_score"')
    assert schema["x"].type is INT


def test_a_column_without_cells_is_told_from_one_of_text(tmp_path: Path) -> None:
    """Nothing could be inferred, and the message says so."""
    (tmp_path / "data.csv").write_text("x,empty\n1,\n2,\n")
    columns, _ = columns_of(tmp_path, 'x = "z_score"\nempty = "z_score"', "")
    with pytest.raises(ConfigError, match=r"'empty', which is BYTES, since all of its cells are missing: leave the"):
        parse_features({"empty": "z_score"}, columns)
