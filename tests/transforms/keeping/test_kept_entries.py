"""A folder of entries: found as they were kept, or not at all."""

import datetime as dt
import os
import shutil
import threading
from pathlib import Path

import pytest

from shardmill.schemas.errors import OutputError
from shardmill.transforms.keeping.generations import generations
from shardmill.transforms.keeping.kept_entries import KeptEntries
from tests.support.permissions import bound, open_folder

VALUE = {"tokens": list(range(1000))}


@pytest.fixture
def entries(tmp_path: Path) -> KeptEntries:
    """A folder with one entry."""
    made = KeptEntries(str(tmp_path / "cache"), "[analysis] cache")
    made.prepare()
    made.keep("key", VALUE)
    return made


def test_an_entry_is_found_by_its_name(entries: KeptEntries) -> None:
    """What was kept is found, under its own name only; nothing else is left in the folder."""
    assert entries.find("key") == VALUE
    assert entries.find("other") is None
    assert os.listdir(entries.folder) == ["key"]


def test_a_damaged_entry_is_not_used(entries: KeptEntries) -> None:
    """An entry with a changed, missing or further byte, or under another's name, is none; it can be kept anew."""
    path = Path(entries.path("key"))
    whole = path.read_bytes()
    for position in (0, 20, 60, len(whole) - 1):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        assert entries.find("key") is None
    for data in (b"", whole[:-1], whole[: len(whole) // 2], whole + b"\0"):
        path.write_bytes(data)
        assert entries.find("key") is None
    Path(entries.path("other")).write_bytes(whole)
    assert entries.find("other") is None
    entries.keep("key", VALUE)
    assert entries.find("key") == VALUE


def test_two_runs_may_write_one_entry(entries: KeptEntries) -> None:
    """While an entry is written again and again, by two at once, it is always found whole."""
    writers = [threading.Thread(target=lambda: [entries.keep("key", VALUE) for _ in range(50)]) for _ in range(2)]
    for writer in writers:
        writer.start()
    found = []
    while any(writer.is_alive() for writer in writers):
        found.append(entries.find("key") == VALUE)
    assert all(found)
    assert os.listdir(entries.folder) == ["key"]


def test_an_entry_in_use_outlives_many_days(tmp_path: Path) -> None:
    """One that is used every 20 days stays, one that isn't is gone after twice the days, and so are their folders."""
    cache, begin = tmp_path / "cache", dt.date(2026, 1, 1)
    (cache / "notes").mkdir(parents=True)

    def on(day: int) -> KeptEntries:
        found = generations(str(cache), 30, begin + dt.timedelta(day))
        made = KeptEntries(found.current, "[analysis] cache", found.earlier)
        made.prepare()
        return made

    on(0).keep("used", VALUE)
    on(0).keep("unused", VALUE)
    assert on(29).find("unused") == on(29).find("used") == VALUE
    for day in range(30, 200, 20):
        assert on(day).find("used") == VALUE
    assert on(200).find("unused") is None
    assert len([path for path in cache.iterdir() if path.name != "notes"]) <= 2
    assert not list(cache.rglob("unused"))


def test_entries_that_another_run_keeps_for_longer_stay(tmp_path: Path) -> None:
    """Runs with other numbers of days share a cache: any removes what is unused for the days of its own folder."""
    begin = dt.date(2026, 1, 1)
    for name in ("2020-01-01", "2020-02-30-7d", "notes-7d"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "other").touch()

    def on(day: int, days: int) -> KeptEntries:
        found = generations(str(tmp_path), days, begin + dt.timedelta(day))
        made = KeptEntries(found.current, "[analysis] cache", found.earlier)
        made.prepare()
        return made

    on(0, 90).keep("long", VALUE)
    on(0, 7).keep("short", VALUE)
    for day in range(7, 90, 7):
        on(day, 7)
    assert on(90, 90).find("long") == VALUE
    assert not list(tmp_path.rglob("short"))
    for day in range(91, 400, 7):
        on(day, 7)
    assert not list(tmp_path.rglob("long"))
    assert len(list(tmp_path.rglob("other"))) == 3


def test_a_folder_that_was_removed_is_made_again(tmp_path: Path) -> None:
    """A run that is at work while its folder is removed loses entries, and goes on."""
    found = generations(str(tmp_path), 30, dt.date(2026, 1, 1))
    entries = KeptEntries(found.current, "[analysis] cache", found.earlier)
    entries.prepare()
    entries.keep("key", VALUE)
    shutil.rmtree(entries.folder)
    assert entries.find("key") is None
    entries.keep("key", VALUE)
    assert entries.find("key") == VALUE


def test_a_folder_that_cannot_be_written_is_named() -> None:
    """The message names the setting, the folder and the reason; an entry that can't be read is none."""
    with open_folder() as folder:
        closed = KeptEntries(str(folder / "cache"), "[analysis] cache")
        closed.prepare()
        closed.keep("key", VALUE)
        Path(closed.path("key")).chmod(0)
        Path(closed.folder).chmod(0o555)
        expected = (
            r"\[analysis\] cache: can.t write in '.*/cache': Permission denied; free space or permit it, choose another"
        )
        with bound():
            assert closed.find("key") is None
            with pytest.raises(OutputError, match=expected):
                closed.prepare()
            with pytest.raises(OutputError, match=expected):
                closed.keep("key", VALUE)
