"""Input that changes while it is read: whatever was read before, the run ends and names the file, and nothing is published."""

import gzip
from pathlib import Path

import pytest

from shardmill.pipelines import apply
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.job.infer_schema import Inference
from shardmill.pipelines.job.input_files import list_files
from shardmill.pipelines.job.job import Job
from shardmill.schemas.errors import DataError
from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.held import HeldBytes
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.files import files
from shardmill.transforms.files.checksums import Checksum
from shardmill.transforms.read import Blocks, units_of
from tests.support.csv.csv_blocks import select_columns
from tests.support.runs import read_split, run_toml
from tests.support.stores.remote_files import SCHEME

SELECTION = select_columns((Column("x", ColumnType.INT), Column("y", ColumnType.INT)))
ROWS = 3000
OLD = b"x,y\n" + b"".join(b"%d,1\n" % row for row in range(10_000, 10_000 + ROWS))
# The same size and number of rows.
NEW = b"x,y\n" + b"".join(b"%d,2\n" % row for row in range(10_000, 10_000 + ROWS))
CHANGES = {
    "other cells": NEW,
    "one byte": OLD[:-2] + b"7\n",
    "appended": OLD + b"5,5\n",
    "cut short": OLD[: len(OLD) // 2],
    "emptied": b"",
    "longer rows": OLD.replace(b"\n11000,1\n", b"\n11000,1\n11001,1\n"),
    "no CSV": b"\0" * len(OLD),
    "an open quote": OLD[:-20] + b'"' + OLD[-19:],
}


def _store(path: Path, text: bytes) -> None:
    path.write_bytes(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)


def _listed(path: str) -> Unit:
    """The one unit of a file, as it is now."""
    (unit,) = units_of(list_files({None: (f"{path.rpartition('/')[0]}/*",)}), Dialect(), SELECTION, map)
    return unit


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("place", ["{}/a.csv", "{}/a.csv.gz", SCHEME + "://{}/a.csv", SCHEME + "://{}/a.csv.gz"])
def test_a_second_pass_reads_what_the_first_did(tmp_path: Path, place: str, change: str) -> None:
    """Whatever is done to a file between two passes over it, the second one ends with a message that names it."""
    path = place.format(tmp_path)
    local = tmp_path / path.rsplit("/", 1)[-1]
    _store(local, OLD)
    unit = _listed(path)
    first = Blocks(unit, Dialect(), SELECTION)
    assert sum(block.rows for block in first) == ROWS
    assert first.checksum == Checksum.of(local.read_bytes())
    held = Unit(**{**vars(unit), "checksum": first.checksum})
    assert sum(block.rows for block in Blocks(held, Dialect(), SELECTION)) == ROWS
    _store(local, CHANGES[change])
    with pytest.raises(
        DataError, match=rf"'{path}' changed during the run: expected .*; run again when nothing writes"
    ):
        list(Blocks(held, Dialect(), SELECTION))


def test_a_file_that_is_written_while_it_is_read_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even in the first pass: a file that grows, or shrinks, between two blocks isn't what was listed."""
    monkeypatch.setattr("shardmill.transforms.csv.blocks.BLOCK_BYTES", 4096)
    for change in ("appended", "cut short"):
        path = tmp_path / "a.csv"
        path.write_bytes(OLD)
        blocks = iter(Blocks(_listed(str(path)), Dialect(), SELECTION))
        next(blocks)
        path.write_bytes(CHANGES[change])
        with pytest.raises(DataError, match=r"a\.csv' changed during the run"):
            list(blocks)


def test_a_first_pass_that_fails_reads_no_further(tmp_path: Path) -> None:
    """Of a large file with a bad header the rest isn't read to say so; where the checksum is known, it is, to tell a change."""
    path = tmp_path / "a.csv"
    path.write_bytes(OLD)
    unit = _listed(str(path))
    for checksum, read in ((None, 100), (Checksum.of(OLD), len(OLD))):
        with path.open("rb") as stream:
            found = HeldBytes(stream, Unit(**{**vars(unit), "checksum": checksum}))
            room = bytearray(100)
            assert found.readinto(memoryview(room)) == 100
            assert room == OLD[:100]
            found.check_unchanged()
            assert stream.tell() == read


def test_a_bad_row_of_a_changed_file_is_not_what_is_said(tmp_path: Path) -> None:
    """What is wrong with a row of a changed file doesn't matter."""

    def refuse(_: object) -> None:
        raise DataError("a bad row")

    path = tmp_path / "a.csv"
    path.write_bytes(OLD)
    unit = _listed(str(path))
    with pytest.raises(DataError, match="a bad row"):
        list(Blocks(unit, Dialect(), SELECTION, refuse))
    path.write_bytes(NEW)
    with pytest.raises(DataError, match="changed during the run"):
        list(Blocks(Unit(**{**vars(unit), "checksum": Checksum.of(OLD)}), Dialect(), SELECTION, refuse))


class Openings:
    """Counts the openings of a file, and changes it before one of them."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._path = path
        self._open = files.open_at
        self._text = b""
        self.at = 0
        self.count = 0
        monkeypatch.setattr(files, "open_at", self)

    def __call__(self, path: str, offset: int = 0, stop: int | None = None, *, size: int | None = None) -> files.Opened:
        """Opens a file, as `files.open_at` does."""
        if path == str(self._path):
            self.count += 1
            if self.count == self.at:
                _store(self._path, self._text)
        return self._open(path, offset, stop, size=size)

    def change_before(self, opening: int, text: bytes) -> None:
        """Puts the old text there, to be replaced by another before the opening of that number from now on."""
        _store(self._path, OLD)
        self.at, self.count, self._text = opening, 0, text


TOML = '[input]\nfiles = ["{}"]\n[features]\nx = "z_score"\ny = "label"\n[output]\nshards = 1\n'


@pytest.fixture(params=["a.csv.gz", "cut.csv"])
def openings(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Openings]:
    """A file, and what counts and changes it: read whole, and cut into units."""
    if request.param == "cut.csv":
        monkeypatch.setattr(Inference.__init__, "__defaults__", (8192,))
        monkeypatch.setitem(Job.__init__.__kwdefaults__, "unit_bytes", 8192)
    path = tmp_path / request.param
    return path, Openings(path, monkeypatch)


def _labels(run: Path) -> set[float]:
    """The labels, by which the versions differ."""
    return set(read_split(run, "train")["y"])


@pytest.mark.usefixtures("shared_tracer")
def test_a_run_never_mixes_two_versions_of_a_file(openings: tuple[Path, Openings], tmp_path: Path) -> None:
    """Rewritten before any opening of the file, a run is of one version alone or ends; after the first full pass it always ends."""
    path, hook = openings
    toml = TOML.format(path)
    hook.change_before(0, b"")
    run_toml(tmp_path, toml, name="whole", workers=1)
    total = hook.count
    assert total == (4 if path.suffix == ".gz" else 13)
    refused = []
    # Of many openings of units some.
    first = 2 if path.suffix == ".gz" else 5
    tried = sorted({2, first, first + 1, total // 2, total})
    for opening in tried:
        hook.change_before(opening, NEW)
        try:
            assert _labels(run_toml(tmp_path, toml, name=f"run{opening}", workers=1)) == {2}
        except DataError as error:
            assert f"{str(path)!r} changed during the run" in str(error)  # noqa: PT017  (either is right, for some)
            assert not (tmp_path / f"run{opening}").exists()
            refused.append(opening)
    # Before the pass that infers the schema nothing but the header, and where units may begin, has
    # been read.
    assert refused == [opening for opening in tried if opening > first]


@pytest.mark.usefixtures("shared_tracer")
def test_apply_holds_the_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is rewritten between the counting and the transform of `apply` ends it."""
    path = tmp_path / "a.csv"
    path.write_bytes(OLD)
    run = run_toml(tmp_path, TOML.format(path), workers=1)
    hook = Openings(path, monkeypatch)
    hook.change_before(2, NEW)
    application = apply.Application(str(run), (str(path),))
    with pytest.raises(DataError, match=r"a\.csv' changed during the run"):
        apply.apply(
            application,
            str(tmp_path / "new"),
            overwrite=False,
            engine=Engine(workers=1),
            progress=Progress(quiet=True),
        )
    assert not (tmp_path / "new").exists()


def test_a_function_analyzes_what_was_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is rewritten before the passes of TF Transform ends the run."""
    pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")
    path = tmp_path / "a.csv"
    (tmp_path / "f.py").write_text(
        "import tensorflow_transform as tft\n\n\n"
        "def preprocessing_fn(inputs):\n"
        "    return {'x': tft.scale_to_z_score(inputs['x']), 'y': inputs['y']}\n"
    )
    toml = f'preprocessing_fn = "{tmp_path}/f.py:preprocessing_fn"\nlabel = "y"\n[input]\nfiles = ["{path}"]\n'
    hook = Openings(path, monkeypatch)
    # The header, the schema, the analysis, TF Transform's pass.
    hook.change_before(4, NEW)
    with pytest.raises(DataError, match=r"a\.csv' changed during the run"):
        run_toml(tmp_path, toml, workers=1)
    assert hook.count == 4
    assert not (tmp_path / "run").exists()
