"""The tables of where a run's time went."""

import io

from rich.console import Console

from shardmill.pipelines.console.profile_table import print_profile

METRICS = {
    "bytes-read": 2_000_000,
    "rows-read": 10,
    "analyze-msec": 1000,
    "analyze-statistics-msec": 400,
    "transform-msec": 3000,
    "transform-graph-msec": 500,
    "transform-compress-msec": 2000,
    "write-msec": 1000,
}


def printed(metrics: dict[str, int], seconds: dict[str, float]) -> list[list[str]]:
    """The words of the lines that have any."""
    console = Console(file=io.StringIO(), width=100)
    print_profile({"metrics": metrics}, seconds, console)
    assert isinstance(console.file, io.StringIO)
    lines = (line.replace("│", " ").split() for line in console.file.getvalue().splitlines())
    return [line for line in lines if line and line[0][0].isalpha()]


def test_steps_are_divided_among_their_parts() -> None:
    """What the parts leave of a step is reading and parsing; the longest comes first and is named as the slowest."""
    lines = printed(METRICS, {})
    assert lines == [
        ["steps,", "all", "workers", "together"],
        ["transform", "compress", "2.00", "40%", "1"],
        ["write", "1.00", "20%"],
        ["analyze", "read", "and", "parse", "0.60", "12%", "3"],
        ["transform", "graph", "0.50", "10%", "4"],
        ["transform", "read", "and", "parse", "0.50", "10%", "4"],
        ["analyze", "statistics", "0.40", "8%", "5"],
        ["slowest:", "transform", "compress,", "40%", "of", "all", "workers'", "time"],
    ]


def test_phases_add_up_to_the_total() -> None:
    """Each phase has its share of the time by the clock; phases that took none are left out."""
    lines = printed({}, {"start": 1.0, "analyze": 3.0, "load": 0.0, "total": 4.0})
    assert lines == [
        ["phases,", "by", "the", "clock"],
        ["start", "1.00", "25%"],
        ["analyze", "3.00", "75%"],
        ["total", "4.00", "100%"],
    ]


def test_nothing_is_printed_of_what_isnt_known() -> None:
    """An engine that counts nothing, in other processes."""
    assert printed({}, {}) == []
