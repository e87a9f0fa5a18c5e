"""`[analysis] cache`: what earlier runs have found isn't looked for again, and no byte of the output tells."""

import json
import os
import random
from pathlib import Path

import pytest

from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.summary import print_summary
from shardmill.schemas.errors import OutputError
from shardmill.transforms import analyze
from shardmill.transforms.keeping.kept_entries import KeptEntries
from tests.support.runs import files_of, run
from tests.support.stores import s3

pytestmark = pytest.mark.usefixtures("shared_tracer")

ROWS = 400
TOML = """
{derive}
[input]
files = ["day-*.csv"]
max_bad_fraction = 0.1
{cache}
[split]
train = 0.8
eval = 0.2
[features]
age = {{ kind = "z_score", missing = "median" }}
bucket = {{ kind = "bucketize", column = "age", num_buckets = 4 }}
city = {{ kind = "vocabulary", num_oov_buckets = 1 }}
by_city = {{ kind = "group_z_score", column = "price", key = "city" }}
{made}
price = "label"
[output]
shards = 2
"""
MADE = """words = { kind = "bag_of_words", column = "both", top_k = 5, lower = true }
ratio = { kind = "arithmetic", expression = "price / (age - 40)", missing = "median" }
"""
DERIVE = """
import tensorflow as tf

def derive(inputs):
    return {"both": tf.strings.join([inputs["city"], inputs["text"]], " ")}
"""


def _toml(cache: str | None = None, *, made: bool = False) -> str:
    """A configuration, with features for which graphs make what is analyzed."""
    section = "" if cache is None else f'[analysis]\ncache = "{cache}"'
    return TOML.format(cache=section, derive='derive = "mine.py:derive"' if made else "", made=MADE if made else "")


def _day(folder: Path, day: int, rows: int = ROWS) -> None:
    """A day's file: bad rows, missing cells, a column without a name."""
    draw = random.Random(day)
    lines = ["age,city,text,price,\n"]
    for row in range(rows):
        age = "bad" if row % 50 == 7 else "" if row % 9 == 0 else f"{draw.gauss(40, 12):.2f}"
        city = draw.choice(["Oslo", '"New\nYork"', "Roma", ""])
        lines.append(f"{age},{city},{draw.choice(['A film', 'a Book', 'x'])},{draw.random():.3f},\n")
    (folder / f"day-{day}.csv").write_text("".join(lines))


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days' files, which a run with a cache has read, and then the file of a day before them."""
    folder = tmp_path_factory.mktemp("days")
    (folder / "mine.py").write_text(DERIVE)
    (folder / "plain.toml").write_text(_toml(made=True))
    (folder / "cached.toml").write_text(_toml("cache", made=True))
    for day in (2, 3, 4):
        _day(folder, day)
    run(folder / "cached.toml", folder / "yesterday")
    _day(folder, 1)
    run(folder / "plain.toml", folder / "full")
    run(folder / "cached.toml", folder / "today")
    return folder


def _entries(cache: Path) -> list[Path]:
    """The files of entries."""
    return sorted(path for path in cache.rglob("*") if path.is_file())


def _kept(run_dir: Path) -> int:
    """The rows that were analyzed by earlier runs."""
    return int(json.loads((run_dir / "manifest.json").read_text())["metrics"].get("rows-kept", 0))


def test_only_the_new_file_is_analyzed(days: Path) -> None:
    """The rows of yesterday's three files are taken from the cache, though they are now other units."""
    assert _kept(days / "yesterday") == 0
    assert _kept(days / "today") == 3 * ROWS


def test_the_bytes_are_those_of_a_full_run(days: Path) -> None:
    """Shards, graph, vocabularies, statistics, rejected rows and manifest equal those of a run without a cache."""
    assert files_of(days / "today") == files_of(days / "full")
    assert json.loads((days / "today" / "manifest.json").read_text())["rejected"]["rows"] > 0


def test_damaged_entries_are_analyzed_again(days: Path) -> None:
    """An entry with a wrong byte, one that ends early and one that is empty are redone, and are good afterwards."""
    entries = _entries(days / "cache")
    assert len(entries) == 4
    data = [entry.read_bytes() for entry in entries[:2]]
    entries[0].write_bytes(data[0][:-1] + bytes([data[0][-1] ^ 1]))
    entries[1].write_bytes(data[1][: len(data[1]) // 2])
    entries[2].write_bytes(b"")
    run(days / "cached.toml", days / "repaired", workers=1)
    assert files_of(days / "repaired") == files_of(days / "full")
    assert _kept(days / "repaired") == ROWS
    assert None not in [KeptEntries(str(entry.parent), "").find(entry.name) for entry in entries]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days' files, and runs with a cache in a bucket: before one was changed and the other renamed, and afterwards."""
    folder = tmp_path_factory.mktemp("two")
    (folder / "plain.toml").write_text(_toml())
    (folder / "stored.toml").write_text(_toml("s3://bucket/cache"))
    _day(folder, 1)
    _day(folder, 2)
    with s3.serve("bucket") as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        server.put("bucket", "cache/2020-02-02-90d/old", b"unused since")
        run(folder / "stored.toml", folder / "before", beam_args=server.beam_args)
        changed = folder / "day-1.csv"
        found = changed.stat()
        changed.write_text(changed.read_text().replace("Roma", "Rome"))
        os.utime(changed, ns=(found.st_atime_ns, found.st_mtime_ns))
        assert changed.stat().st_size == found.st_size
        (folder / "day-2.csv").rename(folder / "day-9.csv")
        run(folder / "stored.toml", folder / "after", beam_args=server.beam_args)
        names = server.names("bucket", "cache/")
    assert len(names) == 3
    assert "cache/2020-02-02-90d/old" not in names
    run(folder / "plain.toml", folder / "full")
    return folder


def test_bytes_count_and_no_name_or_time(two: Path) -> None:
    """A file with other bytes, but the name, size and time of before, is analyzed; one of another name isn't."""
    assert (_kept(two / "before"), _kept(two / "after")) == (0, ROWS)


def test_a_cache_in_an_object_store_serves_as_well(two: Path) -> None:
    """With entries in a bucket, the bytes are those of a full run."""
    assert files_of(two / "after") == files_of(two / "full")


def test_the_summary_tells(days: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line says how many rows earlier runs had analyzed."""
    print_summary("today", json.loads((days / "today" / "manifest.json").read_text()), {})
    assert "  1,200 of them were analyzed before\n" in capsys.readouterr().out


def test_findings_with_too_many_tokens_are_not_kept(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a unit's tokens take too much memory to be held by themselves, its findings aren't kept, and aren't lost."""
    monkeypatch.setattr(analyze, "HELD_BYTES", 1)
    (two / "many.toml").write_text(_toml("many-cache"))
    run(two / "many.toml", two / "many")
    assert files_of(two / "many") == files_of(two / "full")
    assert _entries(two / "many-cache") == []


def test_a_cache_that_cannot_be_written_stops_the_run(days: Path) -> None:
    """The message names the setting and the reason; nothing is published."""
    (days / "file").write_text("")
    (days / "wrong.toml").write_text(_toml("file/cache"))
    with pytest.raises(
        OutputError, match=r"\[analysis\] cache: can.t write in '.*file/cache/[-0-9]+d': Not a directory; free"
    ):
        run(days / "wrong.toml", days / "none")
    assert not (days / "none").exists()


def test_the_cache_is_a_path_like_others(tmp_path: Path) -> None:
    """A relative cache is relative to the configuration's folder, and isn't in the manifest's settings."""
    (tmp_path / "a.toml").write_text(_toml("cache"))
    config = load_config(str(tmp_path / "a.toml"))
    assert config.analysis.cache == str(tmp_path / "cache")
    assert "analysis" not in config.resolved()
