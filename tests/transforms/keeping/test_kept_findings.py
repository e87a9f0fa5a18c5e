"""Findings of units, kept: found again wherever the same bytes are, and nowhere else."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection, SplitKey
from shardmill.transforms.csv.units import InputFile, Unit
from shardmill.transforms.keeping.findings import Findings
from shardmill.transforms.keeping.kept_entries import KeptEntries
from shardmill.transforms.keeping.kept_findings import FoundUnit, KeptFindings
from shardmill.transforms.keeping.unit_content import read_content
from shardmill.transforms.read import units_of
from shardmill.transforms.reading import Reading
from shardmill.transforms.rows.counts import UnitCount
from shardmill.transforms.rows.splits import SplitRule
from shardmill.transforms.rows.stratum_key import StratumKey
from shardmill.transforms.rows.time_key import TimeKey
from shardmill.transforms.statistics.accumulator import Analysis
from shardmill.transforms.statistics.requests import GroupRequest, NumericRequest, Request, VocabularyRequest

COLUMNS = (Column("x", ColumnType.FLOAT), Column("n", ColumnType.INT), Column("city", ColumnType.BYTES))
REQUESTS: tuple[Request, ...] = (
    NumericRequest("x", quantiles=True),
    NumericRequest("n"),
    VocabularyRequest("cities", ("city",)),
    GroupRequest("x", "city"),
)
ROWS = "x,n,city,\n1.5,2,Oslo,\nbad,3,Bergen,\n-2,-9223372036854775807,Oslo,\n,7,,\n"


def _empty() -> Findings:
    return Findings(Analysis(REQUESTS, COLUMNS))


def _analyzed(unit: Unit) -> FoundUnit:
    selection = Selection(COLUMNS, ("x", "n", "city"))
    reading = Reading(dialect=Dialect(extra_columns="ignore"), selection=selection, split_rule=SplitRule())
    findings, rows, rejected, size = _empty(), 0, 0, 0
    for block in reading.blocks(unit):
        findings.analysis.update(block.columns)
        findings.rejections.update(unit.index, block.rejects)
        findings.renamings.update(unit.index, unit.path, block.renamed)
        rows, rejected, size = rows + block.rows, rejected + len(block.rejects), size + block.size
    return FoundUnit(UnitCount(unit.index, unit.path, (rows,), rejected), findings, size)


def _unit(path: Path, text: str = ROWS) -> Unit:
    path.write_text(text)
    selection = Selection((), ("x", "n", "city"))
    (unit,) = units_of([InputFile(str(path), path.stat().st_size)], Dialect(extra_columns="ignore"), selection, map)
    return unit


def _facts(found: FoundUnit | None) -> object:
    """All that findings say."""
    assert found is not None
    analysis = found.findings.analysis
    (tokens,) = (table.to_pylist() for table in analysis.take_tables().values())
    quantiles = [
        (each.ranked().values.tolist(), each.ranked().cumulative.tolist()) for each in analysis.take_quantiles()
    ]
    others = [getattr(found.findings, name) for name in ("rejections", "infinite", "renamings", "rounded")]
    return [
        found.counted,
        found.size,
        others,
        analysis.rows,
        analysis.summaries(),
        list(analysis.statistics({}).groups.values()),
        sorted(tokens, key=str),
        quantiles,
    ]


@pytest.fixture
def kept(tmp_path: Path) -> Callable[..., KeptFindings]:
    """Makes the keeper of a folder."""

    def make(settings: str = "settings", *, by_unit: bool = False, by_line: bool = False) -> KeptFindings:
        return KeptFindings(KeptEntries(str(tmp_path), "setting"), settings, _empty, by_unit=by_unit, by_line=by_line)

    return make


def test_findings_come_back_to_the_bit(tmp_path: Path, kept: Callable[..., KeptFindings]) -> None:
    """Moments, quantiles, tokens, groups, rejected rows and renamed columns are those of an analysis."""
    unit = _unit(tmp_path / "a.csv")
    content = read_content(unit)
    assert kept().find(unit, content) is None
    kept().keep(unit, content, _analyzed(unit))
    found = kept().find(unit, content)
    assert found is not None
    assert found.findings.rejections.first
    assert found.findings.renamings.first
    assert _facts(found) == _facts(_analyzed(unit))


def test_a_file_of_another_name_is_told_by_its_own(tmp_path: Path, kept: Callable[..., KeptFindings]) -> None:
    """Rejected rows and renamed columns name the file that has the bytes now, the unit's index and the line."""
    unit = _unit(tmp_path / "a.csv")
    kept().keep(unit, read_content(unit), _analyzed(unit))
    moved = replace(_unit(tmp_path / "b.csv"), index=7, first_line=101)
    found = kept().find(moved, read_content(moved))
    assert found is not None
    ((index, reject),) = found.findings.rejections.first
    assert (index, reject.file, reject.line) == (7, moved.path, 103)
    assert _facts(found) == _facts(_analyzed(moved))


def test_all_that_decides_a_unit_decides(tmp_path: Path, kept: Callable[..., KeptFindings]) -> None:
    """Other bytes, settings, headers, splits, or a name that says how the file is compressed: nothing is found."""
    unit = _unit(tmp_path / "a.csv")
    content = read_content(unit)
    kept().keep(unit, content, _analyzed(unit))
    assert kept().find(unit, read_content(_unit(tmp_path / "c.csv", ROWS.replace("1.5", "1.6")))) is None
    assert kept("others").find(unit, content) is None
    assert kept(by_unit=True).find(unit, content) is None
    for other in (
        replace(unit, header=b"x,n,city"),
        replace(unit, start=5),
        replace(unit, split="eval"),
        replace(unit, path="a.csv.gz"),
    ):
        assert kept().find(other, content) is None


def test_tracked_keys_come_back(tmp_path: Path, kept: Callable[..., KeptFindings]) -> None:
    """They are kept beside the findings, as a table."""
    unit = _unit(tmp_path / "a.csv")
    keys = pa.table({"hash": pa.array([1, 2**64 - 1], pa.uint64()), "split": [0, 1]})
    kept().keep(unit, read_content(unit), _analyzed(unit)._replace(keys=keys))
    found = kept().find(unit, read_content(unit))
    assert found is not None
    assert found.keys == keys


def test_folds_of_lines_depend_on_where_a_unit_is(tmp_path: Path, kept: Callable[..., KeptFindings]) -> None:
    """Further down in its file its rows have other folds, so an entry counts for the same lines only."""
    unit = _unit(tmp_path / "a.csv")
    content = read_content(unit)
    kept(by_line=True).keep(unit, content, _analyzed(unit))
    assert _facts(kept(by_line=True).find(unit, content)) == _facts(_analyzed(unit))
    assert kept(by_line=True).find(replace(unit, first_line=unit.first_line + 1), content) is None


def test_a_key_says_whether_the_unit_decides() -> None:
    """Splits within values begin anew in each unit; other keys look at cells alone."""
    assert StratumKey("city").by_unit
    assert not SplitKey(("city",)).by_unit
    assert not TimeKey("day").by_unit
