"""Which file names the columns, and how their types are found."""

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.job import input_files
from shardmill.pipelines.job.infer_schema import Inference, column_names
from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.units import InputFile, Unit
from shardmill.transforms.files.checksums import Checksum
from shardmill.transforms.profile import Profiled, Typed, as_spelled, as_text
from shardmill.transforms.read import TakeUnits
from shardmill.transforms.workers import phases


def inference(inputs: Sequence[InputFile], folder: Path, dialect: Dialect | None = None) -> Inference:
    """An inference on two threads."""
    return Inference(inputs, dialect or Dialect(), str(folder), Engine(workers=2), Progress(quiet=True))


def test_columns_are_those_of_the_first_file_with_a_header(tmp_path: Path) -> None:
    """A file without text is passed over, though its stored bytes are some; so it is where rows are read."""
    (tmp_path / "1.csv.gz").write_bytes(gzip.compress(b""))
    (tmp_path / "2.csv").write_bytes(b"\n")
    (tmp_path / "3.csv").write_bytes(b"a,b\n1,x\n")
    inputs = input_files.list_files({None: [str(tmp_path / "*")]})
    assert column_names(inputs, Dialect()) == ("a", "b")
    typed, _ = inference(inputs, tmp_path).infer(Typed, as_spelled(("a", "b")))
    assert (typed.types.names, typed.read) == (("a", "b"), 1)


def test_the_units_that_were_read_are_saved(tmp_path: Path) -> None:
    """In their order, each with the checksum of its bytes, so that the next job plans nothing and notices any change."""
    texts = [b"a,b\n1,x\n", b"a,b\n" + b"2,y\n" * 3, b""]
    for index, text in enumerate(texts):
        (tmp_path / f"{index}.csv").write_bytes(text)
    inputs = input_files.list_files({"train": [str(tmp_path / "*.csv")]})
    _, planned = inference(inputs, tmp_path).infer(Typed, as_spelled(("a", "b")))
    units = [1] | TakeUnits(planned)
    assert sorted(units, key=lambda unit: unit.index) == [
        Unit(index, index, f.path, split="train", location=f.location, file_bytes=f.size, checksum=Checksum.of(text))
        for index, (f, text) in enumerate(zip(inputs, texts, strict=True))
    ]


def test_files_without_text_name_no_columns(tmp_path: Path) -> None:
    """They are empty files."""
    (tmp_path / "1.csv").write_bytes(b"\n")
    (tmp_path / "2.csv").write_bytes(b"")
    inputs = input_files.list_files({None: [str(tmp_path / "*.csv")]})
    with pytest.raises(DataError, match=r"all input files are empty, '.*1\.csv' the first of them"):
        column_names(inputs, Dialect())


# Rows that a guess gets right; a quoted cell of many lines over all places where units may begin; lines in quotes near them;
# and a quote that is never closed.
GUESSED = {
    "right": (b'"1",x\n' * 9 + b'"2\n",y,\n\n3,z\n\xff,z\n' + b"4,z\n" * 500 + b"5\n" + b'6,"z"\n' * 500, 1),
    "wrong": (b"1,x\n" * 50 + b'2,"' + b"3,y\n" * 900 + b'"\n4\n' + b"5,z\n" * 100, 2),
    "in doubt": (b'1,"x\n"\n' * 400 + b"2\n", 2),
    "an error": (b"1,x\n" * 50 + b'2,"' + b"3,y\n" * 900, 2),
}


@pytest.mark.parametrize("case", GUESSED)
def test_guessed_units_change_nothing(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found, the units, or the error are those of a scan; files are scanned only where guesses don't do."""
    rows, scans = GUESSED[case]
    (tmp_path / "a.csv").write_bytes(b"a,b\n" + rows)
    (tmp_path / "b.csv").write_bytes(b"a,b\n1,x\n")
    inputs = input_files.list_files({None: [str(tmp_path / "*.csv")]})
    monkeypatch.setattr("shardmill.transforms.guess_units.GUESS_BYTES", 20)

    def outcome() -> tuple[object, ...]:
        phases.reset()
        try:
            found, planned = replace(inference(inputs, tmp_path), unit_bytes=1000).infer(Profiled, as_text(("a", "b")))
        except DataError as error:
            return (str(error),)
        units = sorted([1] | TakeUnits(planned), key=lambda unit: unit.index)
        schema = found.profiles.schema({})
        return units, [(each.type, each.required) for each in schema], found.records, found.cells, found.doubtful

    guessed, read = outcome(), phases.snapshot()["scan"][1]
    (tmp_path / "inferred.pickle").unlink(missing_ok=True)
    monkeypatch.setattr("shardmill.pipelines.job.infer_schema.can_guess", lambda _: False)
    assert guessed == outcome()
    assert (len(guessed) == 1) is (case == "an error")
    scanned = phases.snapshot()["scan"][1]
    assert scanned == 4 + len(rows)
    assert (read < scanned) is (scans == 1)


def test_the_phases_are_those_that_will_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few bytes are looked at for where units begin; if in vain, the files are scanned and read again."""
    announced: list[Mapping[str, int | None]] = []
    progress = Progress(quiet=True)
    monkeypatch.setattr(progress, "announce", announced.append)
    (tmp_path / "a.csv").write_bytes(b"a\n" + b'"1\n"\n' * 50_000)
    (tmp_path / "b.csv").write_bytes(b"a\n" + b"1\n" * 100_000)
    sizes = {"a.csv": 250_002, "b.csv": 200_002}
    for name, size in sizes.items():
        inputs = input_files.list_files({None: [str(tmp_path / name)]})
        folder = tmp_path / name[0]
        folder.mkdir()
        found = Inference(inputs, Dialect(), str(folder), Engine(workers=1), progress, 100_000)
        found.infer(Typed, as_spelled(("a",)))
        at = (size + 50_000) // 100_000
        few = at * (64 << 10)
        assert announced.pop(0) == {"scan": few, "infer": size}
        if name == "a.csv":
            assert announced.pop(0) == {"scan": few + size, "infer": 2 * size}
    assert announced == []
