"""Structures that Python fills in and the kernel reads, or the other way round, are laid out alike."""

import re
from typing import Any

import numpy as np
import pytest

from shardmill.transforms.csv import cell_columns, cell_spellings
from shardmill.transforms.kernel import described_columns
from shardmill.transforms.rows import splits
from shardmill.transforms.statistics import moments, quantiles, text_summary, token_counts
from shardmill.transforms.tfrecord import encode, frames
from tests.support.locations import ROOT

# The sizes of C's types; addresses have 8 bytes.
SIZES = {"u8": 1, "i32": 4, "u32": 4, "i64": 8, "u64": 8}
# What Python has, the source and the structure.
LAYOUTS = [
    (described_columns.COLUMN, "columns/column.h", "Column"),
    (cell_columns._COLUMN, "cells/cells.c", "Column"),
    (cell_columns._NULLS, "cells/cell.h", "Nulls"),
    (cell_spellings._CELL, "cells/spelling.c", "Cell"),
    (splits._SPREAD, "rows/shards.h", "Spread"),
    (moments.LAYOUT, "statistics/moments.c", "Moments"),
    (np.dtype([(name, np.int64) for name in text_summary.LAYOUT]), "statistics/lengths.c", "Lengths"),
    (np.dtype(quantiles._Counted), "statistics/quantiles.c", "Counted"),
    (np.dtype(token_counts._Room), "statistics/tokens.c", "Tokens"),
    (encode._FEATURE, "tfrecord/encode.h", "Feature"),
    (np.dtype(frames.FrameEnd), "tfrecord/frames.h", "End"),
]


def fields_in_c(name: str, struct: str) -> tuple[dict[str, int], int]:
    """The offset of each field of a structure, and its size, as the rules of C have them."""
    source = re.sub(r"/\*.*?\*/|//[^\n]*", "", (ROOT / "native" / name).read_text(encoding="utf-8"), flags=re.DOTALL)
    body = re.search(r"typedef struct \{([^}]*)\} " + struct + ";", source)
    assert body, struct
    constants = dict(re.findall(r"\b([A-Z]\w+) = (\d+)", source))
    fields, place, widest = {}, 0, 1
    for declared in body[1].split(";")[:-1]:
        kind, names = re.fullmatch(r"\s*(?:const )?(\w+) (.*)", declared, re.DOTALL).groups()  # type: ignore[union-attr]
        for star, field, count in re.findall(r"(\*?)(\w+)(?:\[(\w+)\])?", names):
            size = 8 if star else SIZES[kind]
            place += -place % size
            fields[field] = place
            place += size * int(constants.get(count, count or 1))
            widest = max(widest, size)
    return fields, place + -place % widest


@pytest.mark.parametrize(("layout", "name", "struct"), LAYOUTS, ids=[f"{name}:{struct}" for _, name, struct in LAYOUTS])
def test_python_and_c_agree(layout: "np.dtype[Any]", name: str, struct: str) -> None:
    """On the names, where each field begins, and the size of all."""
    fields, size = fields_in_c(name, struct)
    found = {field: offset for field, (_, offset, *_) in (layout.fields or {}).items() if field != "scratch"}
    assert found == {field: fields.get(field) for field in found}
    assert found.keys() == fields.keys() or "scratch" in (layout.names or ())
    assert layout.itemsize == size
