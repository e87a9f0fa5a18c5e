"""The example of docs/incremental.md, run as a reader would."""

import re
from pathlib import Path

import pytest
import typer

from shardmill.pipelines.cli.commands import app
from tests.repository.test_readme import shows
from tests.support.locations import ROOT

PAGE = ROOT / "docs" / "incremental.md"
SCHEMA = """
feature { name: "shop" type: BYTES }
feature { name: "price" type: FLOAT }
feature { name: "sold" type: INT }
"""


def _blocks(language: str) -> list[str]:
    """The page's code blocks in a language."""
    if not PAGE.exists():
        pytest.skip("the tests run apart from the repository")
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def _day(folder: Path, day: int) -> None:
    (folder / "days").mkdir(exist_ok=True)
    rows = "".join(f"shop {row % 2},{day + row}.5,{row}\n" for row in range(4))
    (folder / "days" / f"{day}.csv").write_text(f"shop,price,sold\n{rows}")


@pytest.mark.usefixtures("shared_tracer")
def test_the_pages_commands_print_what_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each command succeeds, a new day's file before each but the first, and prints the lines shown."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sales.toml").write_text(_blocks("toml")[0])
    (tmp_path / "schema.pbtxt").write_text(SCHEMA)
    _day(tmp_path, 1)
    commands = [
        each.partition("\n") for text in _blocks("console") for each in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    ]
    assert commands
    for day, (command, _, shown) in enumerate(commands, 2):
        _day(tmp_path, day)
        # The shared tracing process was started in another folder.
        name, *arguments = command.replace("--output ", f"--output {tmp_path}/").split()
        assert name == "shardmill"
        typer.main.get_command(app).main(arguments, standalone_mode=False)
        printed = capsys.readouterr().out
        assert shows(shown, printed), f"{command}\nshown:\n{shown}\nprinted:\n{printed}"
