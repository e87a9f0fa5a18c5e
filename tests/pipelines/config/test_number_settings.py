"""`[input.columns.NAME]`: how a column writes its numbers, and settings that contradict each other."""

import json
import re
from pathlib import Path

import pytest

from shardmill.pipelines.config.input_section import dialect_of
from shardmill.pipelines.config.load import Config, load_config
from shardmill.schemas.errors import ConfigError
from shardmill.transforms.numbers.number_format import NumberFormat

TOML = """
[input]
files = "a.csv"
null_values = ["", "NA"]
[input.columns.price]
{settings}
[features]
price = "numeric"
"""


def load(folder: Path, *settings: str) -> Config:
    """Loads a configuration with settings of the column `price`."""
    path = folder / "pipeline.toml"
    path.write_text(TOML.format(settings="\n".join(settings)))
    return load_config(str(path))


def test_a_columns_format_is_part_of_the_dialect(tmp_path: Path) -> None:
    """All settings; what a manifest holds of them is read back the same."""
    config = load(
        tmp_path,
        *('thousands = "."', 'decimal = ","', 'strip = "$%"', "negative_parentheses = true", 'infinite = "reject"'),
        *('true_values = ["yes", " Y "]', 'false_values = ["no"]'),
    )
    number_format = NumberFormat(
        thousands=".",
        decimal=",",
        strip="$%",
        negative_parentheses=True,
        true_values=("yes", "Y"),
        false_values=("no",),
    )
    assert config.input.dialect.numbers == (("price", number_format),)
    assert config.input.infinite_of("price") == "reject"
    stored = json.loads(json.dumps(config.resolved()))["input"]["dialect"]
    assert dialect_of(stored, "manifest.json") == config.input.dialect
    stored = json.loads(json.dumps(load(tmp_path, 'thousands = ","').resolved()))["input"]["dialect"]
    assert dict(dialect_of(stored, "manifest.json").numbers) == {"price": NumberFormat(thousands=",")}
    with pytest.raises(ConfigError, match=re.escape("manifest.json: config.input.dialect.numbers.x.sign: unknown key")):
        dialect_of({**stored, "numbers": {"x": {"sign": "-"}}}, "manifest.json")


@pytest.mark.parametrize("settings", [(), ('decimal = "."', 'thousands = ""', 'strip = ""'), ('infinite = "keep"',)])
def test_defaults_are_no_format(tmp_path: Path, settings: tuple[str, ...]) -> None:
    """A column that says nothing new is read like all others."""
    assert load(tmp_path, *settings).input.dialect.numbers == ()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (('thousands = "."',), "price.thousands: expected a character other than decimal, received '.' for both; set decimal"),
        (('thousands = ","', 'decimal = ","'), "price.thousands: expected a character other than decimal, received ','"),
        (('thousands = "1"',), 'price.thousands: expected one character (",") or none, which is no digit, letter, sign'),
        (('thousands = "-"',), "sign or parenthesis, received '-'"),
        (("thousands = 3",), "sign or parenthesis, received 3"),
        (('decimal = ""',), 'price.decimal: expected one character (","), which is no digit, letter, sign or parenthesis'),
        (('decimal = " "',), "price.decimal: expected one character (\",\") other than a space, received ' '"),
        (('decimal = "\\t"',), "other than a space, received '\\t'"),
        (('decimal = ".."',), "sign or parenthesis, received '..'"),
        (('strip = "$0"',), 'price.strip: expected characters ("$%"), none of them a digit, a sign or a parenthesis'),
        (('strip = "(kg)"',), "received '(kg)'"),
        (('strip = "Rs."',), "price.strip: expected characters other than thousands and decimal, received '.'"),
        (("negative_parentheses = 1",), "price.negative_parentheses: expected true or false, received 1"),
        (("true_values = []",), "price.true_values: expected a list of text"),
        (("true_values = [1]",), "price.true_values: expected a list of text"),
        (('false_values = ["NA"]',), "price.false_values: expected cells that aren't missing, received 'NA', which is one of"),
        (('false_values = [""]',), "expected cells that aren't missing, received ''"),
        (('true_values = ["x", "y"]', 'false_values = ["y"]'), "expected other cells than in true_values, received 'y' in both"),
        (('thousand = ","',), "price.thousand: unknown key; did you mean 'thousands'?"),
    ],
)  # fmt: skip
def test_settings_that_mean_nothing_are_refused(tmp_path: Path, settings: tuple[str, ...], message: str) -> None:
    """The message names the column, the setting, and what was expected."""
    with pytest.raises(ConfigError, match=re.escape(message)):
        load(tmp_path, *settings)
