"""`[rows]`: what is accepted, what the manifest has of it, and what mistakes are told."""

import json
from pathlib import Path

import pytest

from shardmill.pipelines.config.row_settings import DedupConfig, DownsampleConfig
from shardmill.pipelines.config.rows_section import RowsConfig, SampleConfig
from tests.support.configurations import SMALL, load, message


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("where = \"x > 1 and y in ('a')\"", RowsConfig("x > 1 and y in ('a')")),
        ("sample = 0.1", RowsConfig(sample=SampleConfig(0.1))),
        ('sample = { fraction = 1, key = ["u", "v"], seed = 7 }', RowsConfig(sample=SampleConfig(1.0, ("u", "v"), 7))),
        (
            'downsample = { column = "y", keep = { 0 = 0.25, "a b" = 1 }, weight = "w", key = ["u"], seed = 2 }',
            RowsConfig(downsample=DownsampleConfig("y", {"0": 0.25, "a b": 1.0}, "w", ("u",), 2)),
        ),
        ('dedup = ["u", "v"]', RowsConfig(dedup=DedupConfig(("u", "v")))),
        ('dedup = true\non_duplicate = "reject"', RowsConfig(dedup=DedupConfig(None, rejects=True))),
        ("dedup = false", RowsConfig()),
        ("", RowsConfig()),
    ],
)
def test_settings_come_back_from_the_manifest(tmp_path: Path, lines: str, expected: RowsConfig) -> None:
    """Each setting lands in its field, and the manifest's copy gives it again."""
    config = load(tmp_path, f"{SMALL}[rows]\n{lines}\n")
    assert config.rows == expected
    assert RowsConfig.of_settings(json.loads(json.dumps(config.resolved()["rows"]))) == expected
    assert "rows" not in load(tmp_path, SMALL).resolved()


def test_what_is_for_training_is_left_to_it() -> None:
    """New rows are neither sampled nor compared, and a condition on a label, which they may lack, isn't theirs."""
    rows = RowsConfig(
        "x > 1 and y is not missing", SampleConfig(0.1), DownsampleConfig("y", {"0": 0.5}), DedupConfig(("x",))
    )
    assert rows.condition_columns == ("x", "y")
    assert rows.for_new_rows({"z"}) == RowsConfig("x > 1 and y is not missing")
    assert rows.for_new_rows({"y"}) == RowsConfig()


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('were = "x > 1"', "rows.were: unknown key; did you mean 'where'?"),
        ('where = ""', "rows.where: expected text, received ''"),
        ("where = 3", "rows.where: expected text, received 3"),
        ('where = "x >> 1"', "rows.where: expected a column, a number or quoted text, received '>' at character 4"),
        ("sample = 2", "rows.sample: expected a number above 0 and up to 1, received 2"),
        ("sample = { key = ['u'] }", "rows.sample.fraction: expected a number above 0 and up to 1, which is absent"),
        ("sample = { fraction = 0 }", "rows.sample.fraction: expected a number above 0 and up to 1, received 0"),
        ("sample = { fraction = 0.1, keys = 3 }", "rows.sample.keys: unknown key; did you mean 'key'?"),
        ("dedup = []", 'rows.dedup: expected a list of columns (["id"]), or true for the whole row, received []'),
        ('dedup = "id"', "rows.dedup: expected a list of columns ([\"id\"]), or true for the whole row, received 'id'"),
        ('on_duplicate = "reject"', 'rows.on_duplicate: is for dedup; write dedup = ["id"], too, or remove it'),
        ("dedup = true\non_duplicate = 'keep'", "rows.on_duplicate: expected 'drop' or 'reject', received 'keep'"),
        ("downsample = 0.1", "rows.downsample: expected a table, received 0.1"),
        ("downsample = { keep = { 0 = 0.1 } }", "rows.downsample.column: expected with downsample, for example column"),
        ('downsample = { column = "x" }', "rows.downsample.keep: expected with downsample, for example keep = { "),
        ('downsample = { column = "x", keep = {} }', "keep: expected the share of rows to keep of at least one value"),
        (
            'downsample = { column = "x", keep = { 0 = 10 } }',
            "rows.downsample.keep.0: expected a number from 1e-06 to 1, received 10",
        ),
        (
            'downsample = { column = "x", keep = { 1.5 = 0.1 } }',
            'rows.downsample.keep.1: expected a number, received the key 1.5 of tables in tables; write "1.5" in quotes',
        ),
        (
            'downsample = { column = "x", keep = { 0 = 1e-7 } }',
            "rows.downsample.keep.0: expected a number from 1e-06 to 1, received 1e-07",
        ),
        (
            'downsample = { column = "x", keep = { 0 = 0.1 }, weight = "x" }',
            "rows.downsample.weight: expected another name than that of the feature 'x'; write weight = \"row_weight\"",
        ),
        ("sample = { fraction = 0.1, seed = -1 }", "rows.sample.seed: expected a whole number from 0 to"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, lines: str, expected: str) -> None:
    """Each message names the key, and what was expected and received."""
    assert expected in message(tmp_path, f"{SMALL}[rows]\n{lines}\n")


_DOWNSAMPLE = '[rows]\ndownsample = { column = "x", keep = { 0 = 0.1 } }\n'


def test_weights_of_kept_rows_are_a_feature(tmp_path: Path) -> None:
    """Of the name that is given, where the features have none; else those are multiplied."""
    config = load(tmp_path, f"{SMALL}{_DOWNSAMPLE}")
    assert config.features["weight"] == {"kind": "weight", "column": "x", "constant": 1.0}
    own = f'{SMALL}w = "weight"\n{_DOWNSAMPLE}'
    assert set(load(tmp_path, own.replace('x"', 'x", weight = "w"')).features) == {"x", "w"}
    expected = "rows.downsample.weight: expected 'w', the feature of kind 'weight', whose values are multiplied, received 'weight'"
    assert expected in message(tmp_path, own)


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        (
            '[output]\nformat = "sequence_example"\n[sequence]\ngroup_by = ["x"]\n',
            "rows.downsample: can't be used with sequence: groups lose rows, and have no weights; remove one of them",
        ),
        (
            '[window]\nsize = 2\norder_by = "x"\n',
            "rows.downsample: can't be used with window: series lose rows, and have no weights; remove one of them",
        ),
        (
            'preprocessing_fn = "f.py:f"\n',
            "rows.downsample: can't be used with preprocessing_fn: its features have no weights; remove one of them",
        ),
    ],
)
def test_weights_need_declared_features_of_rows(tmp_path: Path, toml: str, expected: str) -> None:
    """Neither groups nor a function's outputs have them."""
    base = toml + SMALL.partition("[features]")[0] if "preprocessing_fn" in toml else SMALL
    assert expected in message(tmp_path, f"{base}{_DOWNSAMPLE}{'' if base != SMALL else toml}")
