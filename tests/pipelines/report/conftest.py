"""A run on data that is out to break the page, for all tests of it."""

from pathlib import Path

import pytest

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


def _schema(names: list[str]) -> str:
    from shardmill.schemas.schema import Column, ColumnType, Schema
    from shardmill.schemas.schema_pbtxt import format_schema

    types = [ColumnType.BYTES] * 3 + [ColumnType.INT] * 5
    return format_schema(Schema(tuple(Column(name, each) for name, each in zip(names, types, strict=True))))
