"""The configuration file: what is accepted, and what each mistake is told."""

import os
import pickle
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.pipelines.config.load import Config, OutputConfig, SplitConfig, load_config
from shardmill.pipelines.config.table import resolve_path
from shardmill.schemas.errors import ConfigError
from shardmill.transforms.csv.dialect import Dialect

FULL = """
[input]
files = ["data/flights-*.csv", "gs://bucket/more.csv"]
schema = "schemas/flights.pbtxt"
header = false
columns = ["a", "b"]
delimiter = ";"
quote = "'"
escape = "\\\\"
encoding = "latin-1"
comment = "#"
skip_rows = 2
null_values = ["", "NA"]
trim = true
missing_columns = "null"
extra_columns = "ignore"
on_bad_row = "fail"
max_bad_fraction = 0.5

[split]
train = 0.75
eval = 0.25
key = ["tailnum"]

[features]
dep_delay = "z_score"
carrier = { kind = "vocabulary", file = "carriers.txt" }

[output]
dir = "out/flights"
rows_per_shard = 1000
shuffle = false
seed = 7
compression = "none"
level = 3
"""
SMALL = '[input]\nfiles = "a.csv"\n[features]\nx = "numeric"\n'


def write(folder: Path, text: str) -> str:
    """Writes a configuration and returns its path."""
    path = folder / "pipeline.toml"
    path.write_text(text)
    return str(path)


def load(folder: Path, text: str, *overrides: str) -> Config:
    """Writes a configuration and loads it."""
    return load_config(write(folder, text), overrides)


def message(folder: Path, text: str, *overrides: str) -> str:
    """What a wrong configuration is told."""
    with pytest.raises(ConfigError) as caught:
        load(folder, text, *overrides)
    return str(caught.value)


def test_every_key_is_read(tmp_path: Path) -> None:
    """Each key of the reference lands in its field."""
    config = load(tmp_path, FULL)
    assert config.input.dialect == Dialect(
        delimiter=";",
        quote="'",
        escape="\\",
        encoding="iso8859-1",
        comment="#",
        skip_rows=2,
        header=False,
        columns=("a", "b"),
        null_values=("", "NA"),
        trim=True,
        missing_columns="null",
        extra_columns="ignore",
    )
    assert (config.input.on_bad_row, config.input.max_bad_fraction) == ("fail", 0.5)
    assert config.split == SplitConfig({"train": 0.75, "eval": 0.25}, ("tailnum",))
    assert config.splits == ("train", "eval")
    assert config.features["dep_delay"] == "z_score"
    assert config.output == OutputConfig(
        dir=str(tmp_path / "out/flights"),
        shards=None,
        rows_per_shard=1000,
        shuffle=False,
        seed=7,
        compression="none",
        level=3,
    )


def test_a_small_file_has_the_documented_defaults(tmp_path: Path) -> None:
    """Files and features suffice; all rows are `train`, in 8 shards."""
    config = load(tmp_path, SMALL)
    assert config.input.dialect == Dialect()
    assert (config.input.schema, config.input.on_bad_row, config.input.max_bad_fraction) == (None, "reject", 0.01)
    assert config.split is None
    assert config.splits == ("train",)
    assert config.output == OutputConfig(shards=8, seed=0, shuffle=True, compression="gzip", level=1)


def test_names_of_a_header_are_repaired_unless_strict(tmp_path: Path) -> None:
    """They are repaired where nothing is said, and can't be strict where there is no header."""
    strict = 'input.header_names="strict"'
    assert load(tmp_path, SMALL).input.dialect.header_names == "repair"
    assert load(tmp_path, SMALL, strict).input.dialect == Dialect(header_names="strict")
    with pytest.raises(ConfigError, match=r"header_names: is about names in a header; remove it, or set header = true"):
        load(tmp_path, SMALL, strict, "input.header=false")


def test_relative_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """Paths in the file are found from its folder; URLs stay as they are."""
    config = load(tmp_path, FULL)
    assert config.input.patterns == {None: (str(tmp_path / "data/flights-*.csv"), "gs://bucket/more.csv")}
    assert config.input.schema == str(tmp_path / "schemas/flights.pbtxt")
    assert config.features["carrier"] == {"kind": "vocabulary", "file": str(tmp_path / "carriers.txt")}


def test_a_file_in_the_current_folder_gives_short_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration named without a folder leaves its paths as they are written."""
    write(tmp_path, SMALL)
    monkeypatch.chdir(tmp_path)
    assert load_config("pipeline.toml").input.files == ("a.csv",)


def test_a_home_folder_is_expanded() -> None:
    """A tilde stands for the home folder."""
    assert resolve_path("~/a.csv", "conf/p.toml") == os.path.expanduser("~/a.csv")


def test_paths_on_the_command_line_are_relative_to_the_current_folder(tmp_path: Path) -> None:
    """`--output` and `--set` take paths as the shell sees them."""
    path = write(tmp_path, FULL)
    config = load_config(path, ["input.schema=other.pbtxt"], output="out")
    assert (config.input.schema, config.output.dir) == ("other.pbtxt", "out")


def test_files_by_split(tmp_path: Path) -> None:
    """Files may be assigned to splits; then rows aren't divided further."""
    config = load(tmp_path, SMALL.replace('"a.csv"', '{ train = "a.csv", eval = ["b.csv", "c.csv"] }'))
    assert config.input.patterns == {
        "train": (str(tmp_path / "a.csv"),),
        "eval": (str(tmp_path / "b.csv"), str(tmp_path / "c.csv")),
    }
    assert config.splits == ("train", "eval")


def test_a_config_pickles(tmp_path: Path) -> None:
    """A configuration can be sent to another process."""
    config = load(tmp_path, FULL)
    assert pickle.loads(pickle.dumps(config)) == config


def test_resolved_is_independent_of_the_output_folder(tmp_path: Path) -> None:
    """The manifest's copy of the settings doesn't change with the place that the run is written to."""
    path = write(tmp_path, FULL)
    assert load_config(path, output="one").resolved() == load_config(path, output="two").resolved()
    assert load_config(path).resolved()["output"]["rows_per_shard"] == 1000


def test_overrides_are_toml_or_text(tmp_path: Path) -> None:
    """A setting's value is parsed as TOML where it is TOML, and taken as text otherwise."""
    config = load(
        tmp_path,
        SMALL,
        "output.shards=3",
        "output.compression=none",
        'input.null_values=["", "?"]',
        "input.schema=2013-01-01",
        'features."a b"=numeric',
    )
    assert (config.output.shards, config.output.compression) == (3, "none")
    assert config.input.dialect.null_values == ("", "?")
    assert config.input.schema == "2013-01-01"
    assert config.features["a b"] == "numeric"


def test_an_override_of_the_sharding_takes_the_files_place(tmp_path: Path) -> None:
    """`--set output.shards` works where the file says `rows_per_shard`."""
    output = load(tmp_path, FULL, "output.shards=2").output
    assert (output.shards, output.rows_per_shard) == (2, None)


@given(st.text(max_size=40))
def test_any_override_is_applied_or_refused(text: str) -> None:
    """Whatever is given to `--set`, the answer is a configuration or a `ConfigError`."""
    from shardmill.pipelines.config.table import apply_overrides

    raw: dict[str, object] = {"output": {"shards": 1}}
    refused = ""
    try:
        keys = apply_overrides(raw, [text])
    except ConfigError as error:
        refused = str(error)
    assert refused.startswith("--set") if refused else len(keys) == 1


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("delimiter =", "delimeter =", "input.delimeter: unknown key; did you mean 'delimiter'?"),
        ("[output]", "[outptu]", "outptu: unknown key; did you mean 'output'?"),
        ("seed =", "sead =", "output.sead: unknown key; did you mean 'seed'?"),
        ('delimiter = ";"', 'delimiter = ";;"', "input.delimiter: expected one ASCII character, received ';;'"),
        ('delimiter = ";"', 'delimiter = ""', "input.delimiter: expected one ASCII character, received ''"),
        (
            'delimiter = ";"',
            'delimiter = "\'"',
            'input.quote: expected a character other than delimiter, received "\'" for both',
        ),
        ('quote = "\'"', 'quote = "«"', "input.quote: expected one ASCII character (or \"\" for none), received '«'"),
        ('comment = "#"', "comment = 1", 'input.comment: expected one ASCII character (or "" for none), received 1'),
        ('encoding = "latin-1"', 'encoding = "klingon"', "input.encoding: expected a text encoding such as 'utf-8'"),
        ('encoding = "latin-1"', 'encoding = "hex"', "received 'hex'"),
        ('encoding = "latin-1"', 'encoding = "punycode"', "received 'punycode'"),
        ("skip_rows = 2", "skip_rows = -1", "input.skip_rows: expected a whole number of at least 0, received -1"),
        ("skip_rows = 2", "skip_rows = true", "input.skip_rows: expected a whole number of at least 0, received True"),
        ("header = false", "header = 0", "input.header: expected true or false, received 0"),
        ("header = false", "header = true", "input.columns: names the columns of files without a header"),
        ('columns = ["a", "b"]', 'columns = ["a", "a"]', "input.columns: expected distinct names, received 'a' twice"),
        ('columns = ["a", "b"]', 'columns = "a"', "input.columns: expected a list of text"),
        (
            'null_values = ["", "NA"]',
            'null_values = "NA"',
            'input.null_values: expected a list of text (["", "NA"]), received \'NA\'',
        ),
        ("trim = true", 'trim = "yes"', "input.trim: expected true or false, received 'yes'"),
        (
            'missing_columns = "null"',
            'missing_columns = "ignore"',
            "input.missing_columns: expected 'error' or 'null', received 'ignore'",
        ),
        (
            'on_bad_row = "fail"',
            'on_bad_row = "skip"',
            "input.on_bad_row: expected 'reject' or 'fail', received 'skip'",
        ),
        (
            "max_bad_fraction = 0.5",
            "max_bad_fraction = 5",
            "input.max_bad_fraction: expected a number from 0 to 1, received 5",
        ),
        (
            "max_bad_fraction = 0.5",
            "max_bad_fraction = nan",
            "input.max_bad_fraction: expected a number from 0 to 1, received nan",
        ),
        ('schema = "schemas/flights.pbtxt"', "schema = 3", "input.schema: expected text, received 3"),
        ("train = 0.75", "train = 0.5", "split: expected fractions that sum to 1"),
        ("train = 0.75", "train = 0.75\ntest = 0.0", "split.test: expected a number above 0 and up to 1, received 0.0"),
        ("train = 0.75", "training = 0.75", "split: expected a split 'train'"),
        (
            "eval = 0.25",
            '"e/val" = 0.25',
            "split.\"e/val\": expected a split's name of letters, digits and _, received 'e/val'",
        ),
        ('key = ["tailnum"]', 'key = "tailnum"', "split.key: expected a list of text"),
        ('dep_delay = "z_score"', "dep_delay = 3", "features.dep_delay: expected a kind"),
        (
            'dep_delay = "z_score"',
            "dep_delay = { column = 'a' }",
            "features.dep_delay: expected a table with `kind`, a string",
        ),
        (
            "rows_per_shard = 1000",
            "rows_per_shard = 1000\nshards = 2",
            "output: expected one of shards, rows_per_shard, bytes_per_shard",
        ),
        ("rows_per_shard = 1000", "shards = 0", "output.shards: expected a whole number of at least 1, received 0"),
        ("level = 3", "level = 9", "output.level: expected a whole number from 0 to 3, received 9"),
        (
            'compression = "none"',
            'compression = "zip"',
            "output.compression: expected 'gzip' or 'none', received 'zip'",
        ),
        ('dir = "out/flights"', 'dir = ""', "output.dir: expected text, received ''"),
        ('dir = "out/flights"', 'dir = "/"', "output.dir: expected a path with a name, received '/'"),
        ('dir = "out/flights"', 'dir = "s3://"', "output.dir: expected a local path or one such as s3://BUCKET/FOLDER"),
        ('"gs://bucket/more.csv"', '"gs:/bucket/more.csv"', "input.files: expected a local path or one such as s3://"),
        ('"gs://bucket/more.csv"', '"gs://"', "received 'gs://'"),
        ('"schemas/flights.pbtxt"', '"gs:/bucket/s.pbtxt"', "input.schema: expected a local path or one such as s3://"),
        (
            '"carriers.txt"',
            '"gs:/bucket/carriers.txt"',
            "features.carrier.file: expected a local path or one such as s3",
        ),
        ('"carriers.txt"', '""', "features.carrier.file: expected text, received ''"),
        ("[split]", '[split]\nkey = ["a"', "isn't valid TOML"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, expected: str) -> None:
    """A message names the file, the key, what was expected and what was received."""
    assert old in FULL
    text = message(tmp_path, FULL.replace(old, new))
    assert expected in text
    assert str(tmp_path / "pipeline.toml") in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "expected a table [input], which is absent"),
        ("input = 3", "input: expected a table, received 3"),
        ('[input]\nfiles = "a"', "expected a table [features], which is absent"),
        ('[input]\nfiles = "a"\n[features]', "features: expected at least one feature"),
        ('[input]\n[features]\nx="numeric"', "input.files: expected files or patterns"),
        ('[input]\nfiles = []\n[features]\nx="numeric"', 'input.files: expected files or patterns (["data/*.csv"]'),
        ('[input]\nfiles = [1]\n[features]\nx="numeric"', "received [1]"),
        ('[input]\nfiles = { eval = "a" }\n[features]\nx="numeric"', "input.files: expected a split 'train'"),
        ('[input]\nfiles = { train = 3 }\n[features]\nx="numeric"', "input.files.train: expected files or patterns"),
        (
            'preprocessing_fn = "f.py:f"\n' + SMALL,
            "features: can't be used with preprocessing_fn, which makes all features; remove features",
        ),
        (
            'preprocessing_fn = "f.py:f"\nderive = "f.py:f"\n[input]\nfiles = "a"',
            "derive: can't be used with preprocessing_fn",
        ),
        ('preprocessing_fn = "f.py"\n[input]\nfiles = "a"', 'preprocessing_fn: expected "file.py:function", received'),
        ('derive = "f:g"\n' + SMALL, 'derive: expected "file.py:function", received'),
        ('label = "y"\n' + SMALL, "label: says which outputs of a preprocessing_fn are labels"),
        (
            SMALL.replace('"a.csv"', '{ train = "a" }') + "[split]\ntrain = 1",
            "split: can't be used with input.files by split",
        ),
    ],
)
def test_what_is_absent_or_of_no_use_is_named(tmp_path: Path, text: str, expected: str) -> None:
    """A message says which table or key is missing, or can't be used."""
    assert expected in message(tmp_path, text)


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("output.shards=0", "--set output.shards: expected a whole number of at least 1, received 0"),
        ("output.shard=0", "--set output.shard: unknown key; did you mean 'shards'?"),
        (
            "output.shards",
            "--set: expected key=value with a dotted key, for example output.shards=4, received 'output.shards'",
        ),
        ("=3", "--set: expected key=value"),
        ("input.files.x=3", "--set input.files.x: expected a table at input.files"),
        ("output.dir=s3:/bucket/run", "--set output.dir: expected a local path or one such as s3://BUCKET/FOLDER"),
        ("output.dir=", "--set output.dir: expected text, received ''"),
        ("input.files=s3:/b/*.csv", "--set input.files: expected a local path or one such as s3://BUCKET/FOLDER"),
    ],
)
def test_a_mistake_on_the_command_line_is_named_as_such(tmp_path: Path, override: str, expected: str) -> None:
    """A message about a setting of `--set` says so instead of blaming the file."""
    assert expected in message(tmp_path, SMALL, override)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """An absent file, a folder and a binary file each get their message."""
    with pytest.raises(ConfigError, match=r"no configuration file .*absent.toml.*shardmill init"):
        load_config(str(tmp_path / "absent.toml"))
    with pytest.raises(
        ConfigError, match=r"expected a configuration file, received the folder '.*'; give a \.toml file"
    ):
        load_config(str(tmp_path))
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"binary.toml: isn't a TOML file: it isn't UTF-8 text"):
        load_config(str(tmp_path / "binary.toml"))


@pytest.mark.parametrize("content", ["MedInc,price\n1,2\n", "Größe,Preis\n1,2\n"])
def test_csv_in_place_of_a_configuration_is_sent_to_init(tmp_path: Path, content: str) -> None:
    """A file that doesn't end in .toml and isn't TOML, of whatever encoding, may be data: the message says what to run."""
    (tmp_path / "my data.csv").write_text(content, encoding="latin-1")
    with pytest.raises(ConfigError, match=r"if it is CSV, `shardmill init '.*my data\.csv'` writes a configuration$"):
        load_config(str(tmp_path / "my data.csv"))
    (tmp_path / "broken.toml").write_text("[input\n")
    with pytest.raises(ConfigError) as caught:
        load_config(str(tmp_path / "broken.toml"))
    assert "init" not in str(caught.value)


def test_files_by_split_are_checked_alike(tmp_path: Path) -> None:
    """A path of a split is checked as any other."""
    text = message(tmp_path, SMALL.replace('"a.csv"', '{ train = "a.csv", eval = "s3:/bucket/b.csv" }'))
    assert "input.files.eval: expected a local path or one such as s3://BUCKET/FOLDER, received 's3:/bucket/b" in text


@pytest.mark.parametrize("path", ["s3://bucket/p.toml", "s3:/bucket/p.toml"])
def test_a_configuration_is_a_local_file(path: str) -> None:
    """A remote configuration is refused, with the way out."""
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(caught.value) == (
        f"a configuration is read from local files, received {path!r}; copy it here and name the copy"
    )


@pytest.mark.parametrize("output", ["", "/", "s3://", "s3:/bucket/run"])
def test_an_output_that_cannot_be_meant_does_not_give_way_to_the_files(tmp_path: Path, output: str) -> None:
    """An empty `--output` is refused, though the file has a folder."""
    with pytest.raises(ConfigError, match=rf"^--output: expected .*, received '{output}'; is a variable empty"):
        load_config(write(tmp_path, FULL), output=output)


def test_the_examples_are_valid() -> None:
    """The configurations that ship with the package load."""
    from shardmill import pipelines

    examples = sorted((Path(pipelines.__file__).parent / "demo").glob("*.toml"))
    assert examples
    for path in examples:
        assert load_config(str(path)).features


def test_functions(tmp_path: Path) -> None:
    """A function's file is relative to the configuration's folder; labels are one name or several."""
    config = tmp_path / "p.toml"
    config.write_text('preprocessing_fn = "my/f.py:f"\nlabel = "y"\n[input]\nfiles = "a.csv"\n')
    loaded = load_config(str(config))
    assert loaded.preprocessing_fn == f"{tmp_path}/my/f.py:f"
    assert loaded.labels == ("y",)
    assert loaded.features == {}
    assert loaded.resolved()["label"] == ["y"]
    config.write_text('preprocessing_fn = "f.py:f"\nlabel = ["y", "z"]\n[input]\nfiles = "a.csv"\n')
    assert load_config(str(config)).labels == ("y", "z")
    config.write_text('derive = "f.py:f"\n' + SMALL)
    assert load_config(str(config)).derive == f"{tmp_path}/f.py:f"


def test_environment_variables_in_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`${NAME}` in a path of the file is the variable's value, which may be an address; other text is left alone."""
    monkeypatch.setenv("BUCKET", "gs://bucket")
    monkeypatch.setenv("DAY", "2013-01")
    text = """
[input]
files = ["${BUCKET}/${DAY}/*.csv", "data/$DAY.csv"]
schema = "${DAY}/s.pbtxt"
null_values = ["${DAY}"]
[features]
x = { kind = "vocabulary", file = "${DAY}.txt" }
[output]
dir = "out/${DAY}"
"""
    config = load(tmp_path, text)
    assert config.input.files == ("gs://bucket/2013-01/*.csv", str(tmp_path / "data/$DAY.csv"))
    assert config.input.schema == str(tmp_path / "2013-01/s.pbtxt")
    assert config.input.dialect.null_values == ("${DAY}",)
    assert config.features["x"] == {"kind": "vocabulary", "file": str(tmp_path / "2013-01.txt")}
    assert config.output.dir == str(tmp_path / "out/2013-01")


@pytest.mark.parametrize("value", [None, ""])
def test_an_environment_variable_that_is_not_set_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    """A path without its variable would be another folder's."""
    monkeypatch.delenv("DATA", raising=False)
    if value is not None:
        monkeypatch.setenv("DATA", value)
    found = message(tmp_path, SMALL.replace("a.csv", "${DATA}/a.csv"))
    assert (
        "input.files: expected the environment variable DATA of '${DATA}/a.csv', which isn't set or is empty" in found
    )


def test_infinite_numbers_by_column(tmp_path: Path) -> None:
    """A column's own setting goes before that of all; without either they are kept."""
    config = load(tmp_path, SMALL, "input.infinite=missing", 'input.columns."a b".infinite=reject')
    assert [config.input.infinite_of(name) for name in ("a b", "x")] == ["reject", "missing"]
    assert config.resolved()["input"]["columns"] == {"a b": {"infinite": "reject"}}
    assert load(tmp_path, SMALL).input.infinite_of("x") == "keep"
    for setting, message in (
        ("input.infinite=drop", "--set input.infinite: expected 'keep' or 'missing' or 'reject', received 'drop'"),
        ("input.columns.x.infinite=0", "--set input.columns.x.infinite: expected 'keep' or 'missing' or 'reject'"),
        ("input.columns.x.infinity=missing", "input.columns.x.infinity: unknown key; did you mean 'infinite'?"),
        ("input.columns.x=missing", "input.columns.x: expected a table, received 'missing'"),
    ):
        with pytest.raises(ConfigError, match=re.escape(message)):
            load(tmp_path, SMALL, setting)
