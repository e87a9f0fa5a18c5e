"""Which file names the columns."""

import gzip
from pathlib import Path

import pytest

from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.job import input_files
from shardmill.pipelines.job.infer_schema import column_names, infer_columns
from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.files.checksums import Checksum
from shardmill.transforms.profile import Typed, as_spelled
from shardmill.transforms.read import TakeUnits


def test_columns_are_those_of_the_first_file_with_a_header(tmp_path: Path) -> None:
    """A file without text is passed over, though its stored bytes are some; so it is where rows are read."""
    (tmp_path / "1.csv.gz").write_bytes(gzip.compress(b""))
    (tmp_path / "2.csv").write_bytes(b"\n")
    (tmp_path / "3.csv").write_bytes(b"a,b\n1,x\n")
    inputs = input_files.list_files({None: [str(tmp_path / "*")]})
    assert column_names(inputs, Dialect()) == ("a", "b")
    typed, _ = infer_columns(inputs, Dialect(), str(tmp_path), Engine(workers=1), Typed, as_spelled(("a", "b")))
    assert (typed.types.names, typed.read) == (("a", "b"), 1)


def test_the_units_that_were_read_are_saved(tmp_path: Path) -> None:
    """In their order, each with the checksum of its bytes, so that the next job plans nothing and notices any change."""
    texts = [b"a,b\n1,x\n", b"a,b\n" + b"2,y\n" * 3, b""]
    for index, text in enumerate(texts):
        (tmp_path / f"{index}.csv").write_bytes(text)
    inputs = input_files.list_files({"train": [str(tmp_path / "*.csv")]})
    _, planned = infer_columns(inputs, Dialect(), str(tmp_path), Engine(workers=2), Typed, as_spelled(("a", "b")))
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
