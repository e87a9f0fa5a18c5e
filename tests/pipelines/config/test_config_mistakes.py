"""What each mistake in a configuration is told."""

from pathlib import Path

import pytest

from shardmill.pipelines.config.load import load_config
from shardmill.schemas.errors import ConfigError
from tests.support.configurations import FULL, SMALL, message, write


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
        (
            'preprocessing_fn = "f.py:f"\n[analysis]\n[input]\nfiles = "a"',
            "analysis: can't be used with preprocessing_fn, which TF Transform analyzes; remove analysis",
        ),
        (SMALL + "[analysis]\nkeep_days = 9", "analysis.keep_days: is for a cache, and there is none"),
        (
            SMALL + '[analysis]\ncache = "a"\nkeep_days = 1',
            "analysis.keep_days: expected a whole number from 7 to 3650, received 1",
        ),
        (SMALL + "[analysis]\ncache = 3", "analysis.cache: expected text, received 3"),
        (SMALL + '[analysis]\ncache = ""', "analysis.cache: expected text, received ''"),
        (SMALL + '[analysis]\nkache = "a"', "analysis.kache: unknown key; did you mean 'cache'?"),
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
