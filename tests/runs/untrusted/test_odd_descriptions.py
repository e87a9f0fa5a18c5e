"""Whatever stands in the files that describe a run: one message of ours, or all works."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shardmill.pipelines.console.printable import printable
from shardmill.pipelines.inspect.code import code_for
from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.pipelines.verify.recorded import check_sums
from shardmill.pipelines.verify.rederive import Counted, ShardAssignment
from shardmill.schemas.errors import ShardmillError
from shardmill.transforms.rows.counts import Rejections, UnitCount
from shardmill.transforms.runtime.graph_names import read_names
from tests.runs.untrusted.untrusted import NAMES, show

pytestmark = pytest.mark.usefixtures("shared_tracer")

# Files of a run that are read as what describes it.
DESCRIPTIONS = ("manifest.json", "transformed_metadata/asset_map", NAMES)
# What takes the place of a value. Great numbers, paths that lead away, other shapes.
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**9, 2**63, -1, 1e400, float("nan"), 0.5, 1e300]),
    st.sampled_from(["", "../x", "/etc/passwd", "s3://x/y", "\x1b[2J", "\ud800", "\0", "train", "x" * 300]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The keys that lead to every value in JSON, but the whole."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [each for key, child in items for each in ((*path, key), *places(child, (*path, key)))]


def mutated(value: Any, data: st.DataObject) -> Any:
    """JSON with one to three values replaced, removed or added."""
    for _ in range(data.draw(st.integers(1, 3))):
        found = places(value)
        if not found:
            return data.draw(ODD)
        *path, last = data.draw(st.sampled_from(found))
        table = value
        for key in path:
            table = table[key]
        change = data.draw(st.sampled_from(["replace", "remove", "add"]))
        if change == "replace":
            table[last] = data.draw(ODD)
        elif change == "remove":
            del table[last]
        elif isinstance(table, dict):
            table[data.draw(st.text(max_size=5))] = data.draw(ODD)
        else:
            table.append(data.draw(ODD))
    return value


def message_of(look: Callable[[], object]) -> str | None:
    """The message that something ends in; None: it works."""
    try:
        look()
    except ShardmillError as error:
        return printable(str(error))
    return None


def use(run: Path) -> None:
    """All that is made of what describes a run, but for the graph's work: it works, or ends in one line."""
    looks = (
        lambda: show(run),
        lambda: compile(code_for(str(run)), "code", "exec"),
        lambda: read_names(f"{run}/transform_fn"),
        lambda: plan(FinishedRun.load(str(run))),
    )
    messages = [message for look in looks if (message := message_of(look)) is not None]
    assert [message for message in messages if len(message.splitlines()) != 1] == []


def plan(found: FinishedRun) -> None:
    """What `apply` and `verify` make of a manifest before they read rows."""
    _ = found.inputs, found.reading(None), found.shard_rule, found.level, found.shards
    check_sums(found)
    names = found.split_rule.names
    counted = Counted([], [UnitCount(0, "x", tuple(1 for _ in names), 0)], Rejections())
    for split in names:
        ShardAssignment.of(found, counted).assign(split, 0, 10)


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_a_mutated_description_ends_in_a_message_or_works(finished: Path, tmp_path: Path, name: str) -> None:
    """Whatever JSON stands there: one message of ours, or all works; and the code that is printed is Python."""
    run = Path(shutil.copytree(finished / "run", tmp_path / "run"))
    whole = (run / name).read_text()

    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data: st.DataObject) -> None:
        (run / name).write_text(json.dumps(mutated(json.loads(whole), data)))
        use(run)

    check()


@pytest.mark.parametrize(
    "name",
    [
        *DESCRIPTIONS,
        "metadata/schema.pbtxt",
        "transformed_metadata/schema.pbtxt",
        "pre_transform_feature_stats/FeatureStats.pb",
        "post_transform_feature_stats/FeatureStats.pb",
    ],
)
def test_damaged_bytes_end_in_a_message_or_work(finished: Path, tmp_path: Path, name: str) -> None:
    """So do other bytes in every file that describes a run."""
    run = Path(shutil.copytree(finished / "run", tmp_path / "run"))
    whole = (run / name).read_bytes()

    @settings(max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, len(whole)), st.binary(max_size=4), st.integers(0, 4))
    def check(place: int, inserted: bytes, removed: int) -> None:
        (run / name).write_bytes(whole[:place] + inserted + whole[place + removed :])
        use(run)

    check()
