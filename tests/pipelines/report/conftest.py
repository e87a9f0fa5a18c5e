"""A run on data that is out to break the page, for all tests of it."""

import json
import shutil
from pathlib import Path

import pytest
from tensorflow_metadata.proto.v0 import statistics_pb2

from shardmill.schemas.run_folder import RAW_STATISTICS, STATISTICS_FILE, VOCABULARIES
from tests.support.runs import run_toml

HOSTILE = "<script>document.title='broken'</script>"
# Nowhere to break it.
WIDE = "W" * 500
BIDI = "\u202eevil\u202c"
ROWS = 400


@pytest.fixture(scope="session")
def hostile_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with names and values that hold markup, quotes and marks of direction; with much to warn of."""
    folder = tmp_path_factory.mktemp("report")
    names = [HOSTILE, "a\"b'c", BIDI, "amount", "leak", "same", "customer_id", "y"]
    rows = [
        [
            f"</script><b>{row % 3}",
            f'{WIDE}""{row // 2 % 2}',
            f"{BIDI}\x1b[31m{row // 4 % 2}",
            str(row * 37 % 101),
            str(row % 2 * 10),
            "7",
            str(1000 + row),
            "never" if row == 5 else str(row % 2),
        ]
        for row in range(ROWS)
    ]
    header = ",".join('"' + name.replace('"', '""') + '"' for name in names)
    body = "\n".join(",".join(f'"{cell}"' for cell in row) for row in rows)
    (folder / "rows.csv").write_text(f"{header}\n{body}\n", "utf-8")
    (folder / "rows.pbtxt").write_text(_schema(names), "utf-8")
    quoted = [name.replace("\\", "\\\\").replace('"', '\\"') for name in names[:3]]
    kinds = "\n".join(f'"{name}" = {{ kind = "vocabulary", top_k = 1 }}' for name in quoted)
    return run_toml(
        folder,
        f"""
[input]
files = ["{folder}/rows.csv"]
schema = "{folder}/rows.pbtxt"
max_bad_fraction = 0.1
[split]
train = 0.8
eval = 0.2
[features]
{kinds}
amount = "z_score"
leak = "numeric"
same = "numeric"
customer_id = "z_score"
importance = {{ kind = "weight", column = "amount" }}
y = "label"
[output]
shards = 2
""",
        name="hostile",
    )


@pytest.fixture(scope="session")
def hostile_pages(hostile_run: Path) -> dict[str, Path]:
    """A page of each sort on that data: of the run, of its files, and of how another run differs."""
    from shardmill.pipelines.console.progress import Progress
    from shardmill.pipelines.diff.compare_runs import compare_runs
    from shardmill.pipelines.diff.diff_page import diff_page
    from shardmill.pipelines.diff.run_facts import RunFacts
    from shardmill.pipelines.report.raw.report_files import report_files

    folder = hostile_run.parent
    files = folder / "files.html"
    report_files([str(folder / "rows.csv")], str(files), Progress(quiet=True), given={}, workers=2)
    before, after = (RunFacts.load(str(each)) for each in (hostile_run, _changed(hostile_run)))
    diff = folder / "diff.html"
    diff.write_text(diff_page(compare_runs(before, after), before, after), "utf-8")
    return {"run": hostile_run / "report.html", "files": files, "diff": diff}


def _changed(run: Path) -> Path:
    """A copy of a run with other settings, other values among its statistics, and other tokens."""
    other = run.parent / "other"
    shutil.copytree(run, other)
    manifest = json.loads((other / "manifest.json").read_text("utf-8"))
    manifest["config"]["output"]["seed"] = 7
    manifest["rejected"]["reasons"] = {HOSTILE: 1}
    for entry in manifest["files"]:
        if entry["file"].startswith(VOCABULARIES):
            entry["sha256"] = "0" * 64
    (other / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    path = other / RAW_STATISTICS / STATISTICS_FILE
    found = statistics_pb2.DatasetFeatureStatisticsList.FromString(path.read_bytes())
    for feature in found.datasets[0].features:
        for each in (*feature.string_stats.rank_histogram.buckets, *feature.num_stats.histograms[:1]):
            if isinstance(each, statistics_pb2.Histogram):
                each.buckets[0].sample_count *= 2
            else:
                each.label += BIDI
                each.sample_count /= 2
    path.write_bytes(found.SerializeToString())
    for asset in (other / VOCABULARIES).iterdir():
        asset.write_text(f"{HOSTILE}\n", "utf-8")
    return other


def _schema(names: list[str]) -> str:
    from shardmill.schemas.schema import Column, ColumnType, Schema
    from shardmill.schemas.schema_pbtxt import format_schema

    types = [ColumnType.BYTES] * 3 + [ColumnType.INT] * 5
    return format_schema(Schema(tuple(Column(name, each) for name, each in zip(names, types, strict=True))))
