"""A delimiter that isn't the files'."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.job.check_delimiter import check_delimiter
from shardmill.schemas.errors import ConfigError


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_another_delimiter_is_told_before_the_data_is_read(tmp_path: Path, delimiter: str) -> None:
    """Where no feature's column is in the header as it is cut: the setting, and how many columns it would make."""
    config = tmp_path / "p.toml"
    config.write_text('[input]\nfiles = "a.csv"\n[features]\nmonth = "z_score"\n')
    toml = delimiter.replace("\t", r"\t")
    message = f'p.toml: the first line has 1 column with "," between them, and 3 with "{toml}"; set [input] delimiter = "{toml}"'
    with pytest.raises(ConfigError, match=re.escape(message)):
        check_delimiter(load_config(str(config)), [delimiter.join(("year", "month", "day"))], Progress(quiet=True))


def test_a_column_may_be_called_as_if_there_were_another_delimiter(tmp_path: Path) -> None:
    """A feature that is made of it says that it's meant; a pattern says so too, but may not know."""
    config = tmp_path / "p.toml"
    config.write_text('[input]\nfiles = "a.csv"\n[features]\n"*" = "z_score"\n')
    file = io.StringIO()
    progress = Progress(quiet=True, console=Console(file=file))
    check_delimiter(load_config(str(config)), ["year;month"], progress)
    assert file.getvalue().startswith('warning: the first line has 1 column with "," between them, and 2 with ";"')
    file.truncate(0)
    check_delimiter(load_config(str(config)), ["year", "month; day", "hour"], progress)
    assert not file.getvalue()
