"""The lines that tell decisions."""

from shardmill.pipelines.init.show_decisions import show_decisions
from shardmill.transforms.sniff.decision import Decision


def test_doubtful_decisions_come_first() -> None:
    """Otherwise their order is kept."""
    decisions = [Decision(name, "x", "y", sure=name not in "bd") for name in "abcd"]
    assert [line[0] for line in show_decisions(decisions, "p.toml")] == ["b", "d", "a", "c"]


def test_there_are_twenty_at_most() -> None:
    """The rest is a number, and the file that tells them."""
    decisions = [Decision(f"column {number}", "x", "y", sure=number != 30) for number in range(31)]
    lines = show_decisions(decisions, "a\n.toml")
    assert lines[0] == "column 30: x (y), please check"
    assert lines[20:] == [r"... 11 decisions more: see the comments in a\n.toml"]
    assert len(show_decisions(decisions[:20], "p.toml")) == 20


def test_names_cannot_write_to_the_terminal() -> None:
    """Control characters in them are escaped, line ends too."""
    assert show_decisions([Decision("column 'a\x1b[31m\nb'", "x", "y")], "p") == [r"column 'a\u001b[31m\nb': x (y)"]


def test_decisions_about_one_column_share_a_line() -> None:
    """With all choices and reasons; it is doubtful if one of them is. Others stay apart."""
    decisions = [
        Decision("column 'x'", "integers", "whole numbers"),
        Decision("rows", "a", "b"),
        Decision("column 'y'", "dates", "as %Y"),
        Decision("column 'x'", "commented out", "counts the rows", sure=False),
        Decision("rows", "c", "d"),
    ]
    assert show_decisions(decisions, "p.toml") == [
        "column 'x': integers, commented out (whole numbers; counts the rows), please check",
        "rows: a (b)",
        "column 'y': dates (as %Y)",
        "rows: c (d)",
    ]
