"""Settings of `--set`: how their values are read, and what mistakes in them are told."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.schemas.errors import ConfigError
from tests.support.configurations import FULL, SMALL, load, message


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
