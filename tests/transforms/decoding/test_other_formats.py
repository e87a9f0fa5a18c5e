"""Files in other formats, named by how they begin."""

import io
import pickle
import sqlite3
import zipfile
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from shardmill.schemas.errors import DataError
from shardmill.transforms.decoding.other_formats import check_format
from tests.support.csv.csv_blocks import INT, read, select

TABLE = pa.table({"a": [1, 2]})


def zipped(*names: str) -> bytes:
    """A zip archive of files with some names."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "a\n1\n")
    return out.getvalue()


def written(write: Callable[..., object], *arguments: object) -> bytes:
    """The bytes that a library's function writes."""
    out = io.BytesIO()
    write(*arguments, out)
    return out.getvalue()


def database() -> bytes:
    """A database with a table."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (a)")
    return connection.serialize() if hasattr(connection, "serialize") else b"SQLite format 3\0"


FILES = [
    *((pickle.dumps(pd.DataFrame({"a": [1]}), protocol), "a pickle of Python") for protocol in (2, 3, 4, 5)),
    (written(lambda out: np.save(out, np.arange(3))), "an array of NumPy"),
    (written(lambda out: np.savez(out, x=np.arange(3))), "arrays of NumPy"),
    (written(parquet.write_table, TABLE), "a Parquet file"),
    (written(feather.write_feather, TABLE), "an Arrow file"),
    (database(), "an SQLite database"),
    (zipped("xl/workbook.xml"), "an Excel workbook; save it as CSV"),
    (zipped("[Content_Types].xml"), "an Excel workbook or another document of Office; save it as CSV"),
    (zipped("data.csv"), "a zip archive; extract its CSV files"),
    (b"GIF89a\1\0\1\0", "a GIF image"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG image"),
    (b"\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG image"),
    (b"\n<!DOCTYPE html>\n<html>", "a web page"),
    (b'[{"a": 1, "b": "x"},\n{"a": 2, "b": "y"}]\n', "JSON; convert it to CSV"),
    (b'\xef\xbb\xbf{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n', "JSON; convert it to CSV"),
    (b'{\n  "a": {\n    "0": 1\n  }\n}\n', "JSON; convert it to CSV"),
    (b"[\n" + b'  {"a": 1, "text": "%s"},\n' % (b"x" * 90) * 60, "JSON; convert it to CSV"),
    (b'{"a": ' + b"[" * 4000, "JSON; convert it to CSV"),
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a pointer of Git LFS"),
]


@pytest.mark.parametrize(("data", "what"), FILES)
def test_a_file_in_another_format_is_named(data: bytes, what: str) -> None:
    """With what to do, and not read as rows."""
    with pytest.raises(DataError, match=rf"'f.csv' isn't a CSV file: it is {what}"):
        read(data, select(a=INT))


@pytest.mark.parametrize(
    "text",
    [
        "GIF,PNG\n",
        "PK,a\n",
        "ORC,a\n",
        "BZh1,a\n",
        "FEA1,FEA2\n",
        "X\n1\n",
        "MM,DD\n",
        "version,a\n",
        "html,body\n",
        "id\x80\n",
        '{"a": 1},5\n{"a": 2},6\n',
        '{"a": None},5\n{"a": None},6\n',
        '{"unit": "kg"}\nid,x\n1,2\n',
        "{a},{b}\n1,2\n",
        "[1],[2]\n1,2\n",
        "",
    ],
)
def test_text_that_begins_alike_is_text(text: str) -> None:
    """Columns have such names."""
    check_format(text.encode(), "f.csv")
