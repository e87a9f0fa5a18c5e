"""A stranger's text can't do anything to a terminal."""

import io

import pytest
from rich.table import Table

from shardmill.pipelines.console.plain_console import PlainConsole, PlainText
from shardmill.pipelines.console.printable import one_line, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zürich, 東京 👩‍🔬\n\tnext", "Zürich, 東京 👩‍🔬\n\tnext"),
        ("\x1b[31mred\x1b[0m", r"\u001b[31mred\u001b[0m"),
        ("over\rwritten", r"over\u000dwritten"),
        ("\x9b2J\x7f\0", r"\u009b2J\u007f\u0000"),
        ("abc\u202edcba", r"abc\u202edcba"),
        ("\ud800", r"\ud800"),
    ],
)
def test_control_characters_are_shown(text: str, shown: str) -> None:
    """What moves the cursor, colours, or turns the direction of writing is an escape; letters of all scripts stay."""
    assert printable(text) == shown


def test_a_line_stays_one() -> None:
    """Line feeds and tabs are escaped, too."""
    assert one_line("a\n\tb\x1b") == r"a\n\tb\u001b"


def test_a_console_shows_them_wherever_they_are() -> None:
    """In lines, tables and titles; the console's own colours work."""
    out = io.StringIO()
    console = PlainConsole(file=out, width=80, force_terminal=True, color_system="standard")
    table = Table(title=PlainText("a\x1btitle"), title_style="bold red")
    table.add_column("name")
    table.add_row(PlainText("\x1b]0;evil\x07"))
    console.print(table)
    console.print("line\x1b[2J", markup=False, highlight=False)
    text = out.getvalue()
    for wanted in (r"a\u001btitle", r"\u001b]0;evil", r"line\u001b[2J"):
        assert wanted in text
    assert "\x1b[1mname" in text
    assert not any(end in text for end in ("\x1b]", "\x1b[2J", "\x07"))
