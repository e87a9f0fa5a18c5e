"""`[split]` by time: what is accepted, what is made of it, and what mistakes are told."""

import json
from pathlib import Path

import pytest

from shardmill.pipelines.config.split_section import SplitConfig, TimeSplit
from shardmill.transforms.csv.selection import SplitKey
from tests.support.configurations import SMALL, load, message

BY_TIME = SMALL + '[split]\nby = "time"\ncolumn = "day"\ntrain_until = {}\n'


@pytest.mark.parametrize(
    ("end", "until", "bound"),
    [
        ("1970-01-02", "1970-01-02", 86_400_000_000),
        ('"1970-01-02"', "1970-01-02", 86_400_000_000),
        ("1970-01-01T00:00:01", "1970-01-01T00:00:01", 1_000_000),
        ("1970-01-01T01:00:01+01:00", "1970-01-01T00:00:01", 1_000_000),
        ("1960", 1960, 1960.0),
        ("0.5", 0.5, 0.5),
    ],
)
def test_ends_are_dates_or_numbers(tmp_path: Path, end: str, until: str | float, bound: float) -> None:
    """TOML's dates, text and numbers end a split; the manifest has them, and they come back from it."""
    split = load(tmp_path, BY_TIME.format(end)).split
    assert split == SplitConfig(time=TimeSplit("day", (until,)))
    assert (split.names, split.rule.bounds) == (("train", "eval"), (bound,))
    assert SplitConfig.of_settings(json.loads(json.dumps(split.settings))) == split
    assert split.described == f"train until {until}, eval after, by 'day'"


def test_a_key_of_rows_split_by_time_is_tracked(tmp_path: Path) -> None:
    """It decides no split; patterns leave it and the times alone."""
    config = load(tmp_path, BY_TIME.format("2020-01-01") + 'key = ["id", "u"]')
    split = config.split
    assert split == SplitConfig(key=("id", "u"), time=TimeSplit("day", ("2020-01-01",)))
    assert SplitConfig.of_settings(json.loads(json.dumps(split.settings))) == split
    assert split.tracked == SplitKey(("id", "u"))
    assert split.row_key(("id", "u", "day"), {}).columns == ("day",)
    assert split.described.endswith("by 'day'; values of 'id', 'u' in several are counted")
    assert config.split_key == ("id", "u", "day")
    assert SplitConfig({"train": 1.0}, ("id",)).tracked is None


def test_a_second_end_begins_the_test_split(tmp_path: Path) -> None:
    """What comes after `eval_until` is `test`."""
    split = load(tmp_path, BY_TIME.format("2020-01-01") + "eval_until = 2020-06-01").split
    assert split is not None
    assert split.names == ("train", "eval", "test")


@pytest.mark.parametrize(
    ("lines", "expected", "described"),
    [
        (
            'train = 0.75\neval = 0.25\nstratify = "y"',
            SplitConfig({"train": 0.75, "eval": 0.25}, stratify="y"),
            "train 0.75, eval 0.25, in each value of 'y'",
        ),
        (
            'folds = 4\nfold = 1\nstratify = "y"',
            SplitConfig({"train": 0.75, "eval": 0.25}, stratify="y", folds=(1, 4)),
            "eval is fold 1 of 4, train the others, in each value of 'y'",
        ),
        (
            'folds = 2\nfold = 0\nkey = ["u"]',
            SplitConfig({"train": 0.5, "eval": 0.5}, ("u",), folds=(0, 2)),
            "eval is fold 0 of 2, train the others, rows that agree in 'u' together",
        ),
    ],
)
def test_strata_and_folds_come_back_from_the_manifest(
    tmp_path: Path, lines: str, expected: SplitConfig, described: str
) -> None:
    """Each setting lands in its field, and the manifest's copy gives it again."""
    split = load(tmp_path, f"{SMALL}[split]\n{lines}\n").split
    assert split == expected
    assert split.described == described
    assert SplitConfig.of_settings(json.loads(json.dumps(split.settings))) == split


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('by = "time"\ncolumn = "day"\ntrain_until = 3\nkey = "id"', "split.key: expected a list of text"),
        ('by = "date"', "split.by: expected 'key' or 'time', received 'date'"),
        ('by = "time"\ntrain_until = 3', 'split.column: expected with by = "time", for example column = '),
        ('by = "time"\ncolumn = "day"', 'split.train_until: expected with by = "time", for example'),
        ('by = "time"\ncolumn = "day"\ntrain = 0.8', "split.train: can't be used with by = \"time\": the rows' times"),
        (
            'by = "time"\ncolumn = "d"\ntrain_until = "1.2.2020"',
            "split.train_until: expected a date or time (2020-01-31, 2020-01-31T12:00:00) or a number, received '1.2.2020'",
        ),
        ('by = "time"\ncolumn = "d"\ntrain_until = true', "or a number, received True"),
        ('by = "time"\ncolumn = "d"\ntrain_until = nan', "or a number, received nan"),
        (
            'by = "time"\ncolumn = "d"\ntrain_until = 3\neval_until = 2',
            "split.eval_until: expected more than train_until, 3, received 2",
        ),
        (
            'by = "time"\ncolumn = "d"\ntrain_until = 3\neval_until = 2020-01-01',
            "split.eval_until: expected the same as train_until, two dates or two numbers, received (3, '2020-01-01')",
        ),
        ('train = 1\nkey = ["a"]\nstratify = "y"', "split.stratify: can't be used with key, whose rows stay together"),
        ('by = "time"\nstratify = "y"', "split.stratify: can't be used with by = \"time\": the rows' times decide"),
        ("folds = 5", "split.fold: expected the fold that is eval, 0 to 4; run once for each: --set split.fold=0, and"),
        ("folds = 1\nfold = 0", "split.folds: expected a whole number from 2 to 1000, received 1"),
        ("folds = 5\nfold = 5", "split.fold: expected a whole number from 0 to 4, received 5"),
        (
            "folds = 5\nfold = 1\ntrain = 0.8",
            "split.train: can't be used with folds: eval is one fold, train the others",
        ),
        ("train = 0.5\neval_until = 0.5", 'split.eval_until: is for splits by time; write by = "time", too'),
    ],
)
def test_mistakes_are_told(tmp_path: Path, lines: str, expected: str) -> None:
    """Each message names the key, and what was expected and received."""
    assert expected in message(tmp_path, f"{SMALL}[split]\n{lines}\n")
