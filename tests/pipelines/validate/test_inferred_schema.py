"""The schema that `init` writes, on other rows of the same files."""

import gzip
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.init.init import init
from shardmill.pipelines.validate.expectations import Wish
from shardmill.pipelines.validate.validate import validate
from shardmill.schemas.schema_pbtxt import load_schema
from tests.schemas.validation.small_statistics import names

Rows = list[list[str]]
COLUMNS = {
    "taxi": None,
    "census": (
        *("age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation", "relationship"),
        *("race", "sex", "capital_gain", "capital_loss", "hours_per_week", "native_country", "income"),
    ),
}
FILES = {"taxi": "chicago_taxi/data.csv.gz", "census": "census_income/adult.data.gz"}
# Three rides of 15,002 have no pickup.
ALMOST_FULL = {"pickup_community_area", "pickup_latitude", "pickup_longitude"}
DELIMITERS = {"taxi": ",", "census": ", "}


@pytest.fixture(scope="module", params=sorted(FILES))
def halves(request: pytest.FixtureRequest, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> "Halves":
    """The rows of a set, a random half of them for `init`."""
    name = str(request.param)
    with gzip.open(shared_data / FILES[name], "rt") as stream:
        rows = [line.rstrip("\n").split(DELIMITERS[name]) for line in stream if line.strip()]
    header = COLUMNS[name] or rows.pop(0)
    rows = [["" if cell == "?" else cell for cell in row] for row in rows]
    random.Random(14).shuffle(rows)
    # Were they all in the other half, the schema would require the cells that they lack.
    rows.sort(key=lambda row: "" not in [cell for name, cell in zip(header, row, strict=True) if name in ALMOST_FULL])
    return Halves(name, tmp_path_factory.mktemp(name), list(header), rows)


class Halves:
    """A half of some rows with its inferred schema, and the other half."""

    def __init__(self, name: str, folder: Path, header: list[str], rows: Rows) -> None:
        self.name = name
        self.header = header
        self._folder = folder
        self._new = rows[len(rows) // 2 :]
        self._write("old.csv", rows[: len(rows) // 2])
        init([str(folder / "old.csv")], str(folder / "p.toml"), Progress(quiet=True))
        self.schema = folder / "p.schema.pbtxt"

    def kinds(self, column: str | None = None, change: Callable[[str], str] = str) -> dict[str, list[str]]:
        """The anomalies by column of the other half, with a column's cells changed."""
        rows = [list(row) for row in self._new]
        if column is not None:
            position = self.header.index(column)
            for row in rows:
                row[position] = change(row[position])
        path = self._write("new.csv", rows)
        found = validate([str(path)], Wish(str(self.schema)), Progress(quiet=True), given={}).anomalies
        return {name: names(found, name) for name in found.anomaly_info}

    def _write(self, name: str, rows: Rows) -> Path:
        path = self._folder / name
        path.write_text("\n".join(",".join(row) for row in [self.header, *rows]) + "\n")
        return path


def test_the_other_half_has_no_anomaly(halves: Halves) -> None:
    """Though each half has values that the other lacks, and other extremes."""
    assert halves.kinds() == {}
    assert "string_domain" in halves.schema.read_text()
    # A run reads names, types and presence alone, so that domains can't reject a row.
    assert len(load_schema(str(halves.schema))) == len(halves.header)


CHANGES: dict[str, dict[str, tuple[Callable[[str], str], str]]] = {
    "taxi": {
        "fare": (lambda cell: "-" + cell, "FLOAT_TYPE_SMALL_FLOAT"),
        "pickup_latitude": (lambda cell: cell and "141.9", "FLOAT_TYPE_BIG_FLOAT"),
        "trip_start_hour": (lambda _: "24", "INT_TYPE_BIG_INT"),
        "trip_start_timestamp": (lambda cell: cell + "000", "SEMANTIC_DOMAIN_UPDATE"),
        "payment_type": (lambda cell: cell.upper(), "ENUM_TYPE_UNEXPECTED_STRING_VALUES"),
        "company": (lambda _: "", "FEATURE_TYPE_NOT_PRESENT"),
        "pickup_community_area": (lambda cell: cell if cell > "6" else "", "FEATURE_TYPE_LOW_FRACTION_PRESENT"),
    },
    "census": {
        "age": (lambda cell: "-1" if cell == "17" else cell, "INT_TYPE_SMALL_INT"),
        "sex": (lambda cell: cell[0], "ENUM_TYPE_UNEXPECTED_STRING_VALUES"),
        "workclass": (lambda cell: "" if cell == "Private" else cell, "FEATURE_TYPE_LOW_FRACTION_PRESENT"),
        "education_num": (lambda cell: "HS-grad" if cell == "9" else cell, "UNEXPECTED_DATA_TYPE"),
    },
}


def test_a_column_that_changed_is_an_anomaly(halves: Halves) -> None:
    """Each alone, of the kind that TFDV has for it."""
    for column, (change, kind) in CHANGES[halves.name].items():
        assert halves.kinds(column, change) == {column: [kind]}, column
