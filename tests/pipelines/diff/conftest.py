"""Two runs that differ, for all tests of differences."""

from pathlib import Path

import pytest

from tests.support.runs import run_toml

CONFIG = """
[input]
files = "{name}.csv"
max_bad_fraction = 0.5
[features]
fare = "z_score"
pay = {{ kind = "vocabulary", num_oov_buckets = 1 }}
[output]
shards = {shards}
"""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, shared_tracer: None) -> Path:
    """A folder with two runs of one kind on other rows."""
    root = tmp_path_factory.mktemp("diff")
    (root / "a.csv").write_text(
        "fare,pay\n" + "".join(f"{row},{('cash', 'card')[row % 3 == 0]}\n" for row in range(40))
    )
    (root / "b.csv").write_text(
        "fare,pay\n" + "".join(f"{row},{('coin', 'card')[row % 3 == 0]}\n" for row in range(30)) + "1\n"
    )
    for name, shards in (("a", 1), ("b", 2)):
        run_toml(root, CONFIG.format(name=name, shards=shards), name=f"run-{name}")
    return root
