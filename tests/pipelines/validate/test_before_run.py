"""`[validate]`: the input is validated before a run and before an application."""

import json
from pathlib import Path
from typing import Any

import pytest

from shardmill.pipelines import apply as apply_module
from shardmill.pipelines.apply import Application
from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.job import column_types
from shardmill.pipelines.validate.expectations import Wish
from shardmill.pipelines.validate.validate import validate
from shardmill.pipelines.verify.verify import verify
from shardmill.schemas.errors import ConfigError, DataError
from tests.pipelines.cli.test_commands import call_here
from tests.schemas.validation.small_statistics import names
from tests.support.runs import run_toml

SCHEMA = """
feature { name: "fare" type: FLOAT presence { min_fraction: 1 min_count: 1 } float_domain { min: 0 } }
feature { name: "pay" type: BYTES presence { min_count: 1 } string_domain { value: "cash" value: "card" } }
feature { name: "tip" type: FLOAT presence { min_fraction: 1 min_count: 1 } }
"""
CONFIG = """
[input]
files = "a.csv"
schema = "schema.pbtxt"
[validate]
on_anomaly = "{}"
[features]
fare = "z_score"
pay = {{ kind = "vocabulary", num_oov_buckets = 1 }}
tip = {{ kind = "label" }}
[output]
shards = 1
"""
GOOD = "fare,pay,tip\n" + "".join(f"{row},{('cash', 'card')[row % 2]},1\n" for row in range(1, 40))


class Told(Progress):
    """Keeps warnings."""

    def __init__(self) -> None:
        super().__init__(quiet=True)
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        """Keeps a warning."""
        self.warnings.append(text)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, shared_tracer: None) -> Path:
    """A folder with a run whose input was validated."""
    root = tmp_path_factory.mktemp("validated")
    (root / "schema.pbtxt").write_text(SCHEMA)
    (root / "a.csv").write_text(GOOD)
    run_toml(root, CONFIG.format("fail"))
    return root


def apply(folder: Path, rows: str, output: Path) -> list[str]:
    """Applies the run to new rows, and returns the warnings."""
    (output / "new.csv").write_text(rows)
    told = Told()
    apply_module.apply(
        Application(str(folder / "run"), (str(output / "new.csv"),)),
        str(output / "applied"),
        overwrite=False,
        engine=Engine(workers=2),
        progress=told,
    )
    return told.warnings


def test_a_run_whose_input_fits_is_as_any_other(folder: Path) -> None:
    """It keeps the schema that its input was validated by, and is verified."""
    assert 'value: "card"' in (folder / "run" / "metadata" / "expected.pbtxt").read_text()
    checks = verify(str(folder / "run"), None, 2, Progress(quiet=True))
    assert [check.problems for check in checks if check.problems] == []


def test_an_anomaly_ends_the_run(folder: Path, tmp_path: Path) -> None:
    """Nothing is written; the message lists the anomalies and what to do."""
    (tmp_path / "schema.pbtxt").write_text(SCHEMA)
    (tmp_path / "a.csv").write_text(GOOD + "-1,crypto,2\n")
    with pytest.raises(DataError) as caught:
        run_toml(tmp_path, CONFIG.format("fail"))
    assert str(caught.value) == (
        'the input has anomalies, and [validate] on_anomaly is "fail":\n'
        "  fare: Out-of-range values: The least value is -1, below the schema's 0\n"
        "  pay: Unexpected string values: Values that the schema doesn't have: 'crypto' (~2%)\n"
        'Change the data, the schema or the thresholds, or set on_anomaly = "warn"'
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "run.toml", "schema.pbtxt"]


def test_what_is_written_is_what_was_validated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is changed between the validation and the analysis ends the run: its new rows weren't validated."""
    (tmp_path / "schema.pbtxt").write_text(SCHEMA)
    (tmp_path / "a.csv").write_text(GOOD)
    find = column_types.find_columns

    def find_later(*given: Any) -> Any:
        (tmp_path / "a.csv").write_text(GOOD.replace("39,card", "-9,card"))
        return find(*given)

    monkeypatch.setattr(column_types, "find_columns", find_later)
    with pytest.raises(DataError, match=r"a\.csv.* changed during the run"):
        run_toml(tmp_path, CONFIG.format("fail"))


def test_new_data_is_validated_by_the_runs_schema(folder: Path, tmp_path: Path) -> None:
    """A label may be missing; other anomalies end the application, and nothing is written."""
    assert apply(folder, "fare,pay\n" + "".join(f"{row},cash\n{row},card\n" for row in range(1, 40)), tmp_path) == []
    (tmp_path / "b").mkdir()
    with pytest.raises(DataError, match=r"pay: Unexpected string values: .*'crypto' \(100%\)|'crypto' \(~100%\)"):
        apply(folder, "fare,pay,tip\n1,crypto,1\n", tmp_path / "b")
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["new.csv"]


def test_anomalies_that_were_warned_of_stay_in_the_run(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the manifest, in `inspect` and in the report, which escapes what the data says."""
    (tmp_path / "schema.pbtxt").write_text(SCHEMA)
    (tmp_path / "a.csv").write_text(GOOD + "3,<b>crypto,2\n")
    run = run_toml(tmp_path, CONFIG.format("warn"))
    assert json.loads((run / "manifest.json").read_text())["anomalies"] == [
        {
            "column": "pay",
            "anomaly": "Unexpected string values",
            "details": "Values that the schema doesn't have: '<b>crypto' (~2%)",
        }
    ]
    status, out, _ = call_here(monkeypatch, capsys, "inspect", str(run))
    assert status == 0
    assert "│ pay" in out[out.index("anomalies of the input") :]
    assert "<b>crypto" in out
    report = (run / "report.html").read_text()
    assert "unexpected string values" in report
    assert "<b>crypto" not in report


def test_a_run_to_compare_with_brings_its_schema(folder: Path, tmp_path: Path) -> None:
    """And its rows: other shares of the same texts have drifted."""
    (tmp_path / "new.csv").write_text("fare,pay,tip\n" + "".join(f"{row},card,1\n" for row in range(1, 40)))
    wish = Wish(against=str(folder / "run"))
    found = validate([str(tmp_path / "new.csv")], wish, Progress(quiet=True), given={}).anomalies
    assert names(found, "pay") == ["COMPARATOR_L_INFTY_HIGH"]
    assert found.baseline.feature[1].string_domain.value == ["cash", "card"]


def test_an_applied_run_has_no_rows_to_compare_with(folder: Path, tmp_path: Path) -> None:
    """The message says which run has."""
    apply(folder, GOOD, tmp_path)
    with pytest.raises(
        DataError, match=r"expected statistics of the rows to compare with, found none in pre_transform"
    ):
        validate([str(tmp_path / "new.csv")], Wish(against=str(tmp_path / "applied")), Progress(quiet=True), given={})


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("on_anomaly = 1", "validate.on_anomaly: expected 'warn' or 'fail', received 1"),
        ("infinity_norm = 2", "validate.infinity_norm: expected a number from 0 to 1, received 2"),
        ("envronment = 'X'", "did you mean 'environment'?"),
        ("", "validate: expected schema, against or [input] schema, one of which says what is expected"),
    ],
)
def test_mistakes_in_the_section_are_named(tmp_path: Path, section: str, expected: str) -> None:
    """With the key, what was expected and what was received."""
    path = tmp_path / "p.toml"
    path.write_text(f'[input]\nfiles = "a.csv"\n[validate]\n{section}\n[features]\nx = "numeric"\n')
    with pytest.raises(ConfigError) as caught:
        load_config(str(path))
    assert expected in str(caught.value)
