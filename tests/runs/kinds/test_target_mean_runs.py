"""`target_mean` in a run: training rows leave their fold out, others and serving don't."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.preprocessing import TargetEncoder

from shardmill.schemas.errors import DataError
from tests.pipelines.test_apply import apply, rows_of, shards
from tests.support.runs import run_toml
from tests.support.verified import problems

pytestmark = pytest.mark.usefixtures("shared_tracer")

ROWS = 400
FEATURES = """[output]
shards = 2
[features]
row = "numeric"
price = "label"
city = "target_mean"
raw = { kind = "target_mean", column = "city", smoothing = 0, folds = 2 }
"""


def _write(folder: Path, prices: np.ndarray) -> None:
    random = np.random.default_rng(1)
    cities = random.choice(["Oslo", "Rome", "Wien", ""], ROWS)
    lines = [f"{row},{row // 2},{city},{price}" for row, (city, price) in enumerate(zip(cities, prices, strict=True))]
    (folder / "data.csv").write_text("\n".join(["row,visitor,city,price", *lines, ""]))


def _prices() -> np.ndarray:
    return np.random.default_rng(2).integers(1, 1000, ROWS) / 8


def _run(folder: Path, split: str, *, name: str = "run") -> Path:
    return run_toml(folder, f'[input]\nfiles = "{folder}/data.csv"\n{split}{FEATURES}', name=name)


SPLIT = '[split]\ntrain = 0.75\neval = 0.25\nkey = ["visitor"]\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run and its data."""
    root = tmp_path_factory.mktemp("target-means")
    _write(root, _prices())
    _run(root, SPLIT)
    return root


def _rows(run: Path, split: str = "train") -> dict[int, dict[str, float]]:
    return {int(row["row"][0]): {name: values[0] for name, values in row.items()} for row in rows_of(run, split)}


def _cities(folder: Path) -> list[str]:
    return [line.split(",")[2] for line in (folder / "data.csv").read_text().splitlines()[1:]]


def test_other_rows_have_the_means_of_all_training_rows(folder: Path) -> None:
    """Those of the eval split, and new ones, whose labels needn't be there."""
    train, held, cities = _rows(folder / "run"), _rows(folder / "run", "eval"), _cities(folder)
    encoder = TargetEncoder(smooth=20.0, target_type="continuous")
    encoder.fit(np.array([[cities[row]] for row in train]), np.array([each["price"] for each in train.values()]))
    expected = encoder.transform(np.array([[cities[row]] for row in held]))[:, 0]
    np.testing.assert_allclose([each["city"] for each in held.values()], expected, rtol=1e-6)
    (folder / "new.csv").write_text("row,visitor,city\n1,1,Oslo\n2,2,\n3,3,Bern\n")
    apply(folder / "run", [folder / "new.csv"], folder / "applied")
    found = [row["city"][0] for split in ("train", "eval") for row in rows_of(folder / "applied", split)]
    wanted = encoder.transform(np.array([["Oslo"], [""], ["Bern"]]))[:, 0]
    np.testing.assert_allclose(sorted(found), sorted(wanted), rtol=1e-6)
    assert problems(folder / "applied") == {}


def test_training_rows_leave_their_fold_out(folder: Path) -> None:
    """Two folds of visitors: each has the means of the other; with 0 smoothing they tell which rows are in which."""
    train, cities = _rows(folder / "run"), _cities(folder)
    values = {city: {each["raw"] for row, each in train.items() if cities[row] == city} for city in ("Oslo", "Rome")}
    assert all(len(each) == 2 for each in values.values())
    first = values["Oslo"].pop()
    fold = {row // 2 for row, each in train.items() if cities[row] == "Oslo" and each["raw"] == first}
    other = [each["price"] for row, each in train.items() if cities[row] == "Oslo" and row // 2 not in fold]
    assert first == np.float32(np.mean(other))
    # Both rows of a visitor are in one fold.
    rome = {row // 2: set() for row in train}  # type: ignore[var-annotated]
    for row, each in train.items():
        if cities[row] == "Rome":
            rome[row // 2].add(each["raw"])
    assert max(map(len, rome.values())) == 1


def test_verify_knows_the_folds(folder: Path) -> None:
    """Training rows are recomputed with their folds, others through the serving signature; a wrong record is found."""
    manifest = json.loads((folder / "run" / "manifest.json").read_text())
    assert manifest["columns"]["fold_by"] == "key"
    assert problems(folder / "run") == {}
    path = folder / "run" / "manifest.json"
    data = path.read_bytes()
    path.write_text(json.dumps({**manifest, "columns": {**manifest["columns"], "fold_by": "line"}}))
    assert problems(folder / "run").keys() == {"rows"}
    manifest["config"]["split"]["key"] = None
    path.write_text(json.dumps(manifest))
    with pytest.raises(
        DataError, match=r'columns\.fold_by: expected "line" where config\.split\.key is none, received "key"'
    ):
        problems(folder / "run")
    path.write_bytes(data)


def test_a_rows_own_label_doesnt_change_its_features(tmp_path: Path) -> None:
    """Another price of one row changes other rows' means, and not a bit of its own; by lines, where rows have no key."""
    prices = _prices()
    found = []
    for name, price in (("run", 3.0), ("other", 40000.0)):
        prices[7] = price
        _write(tmp_path, prices)
        found.append(_rows(_run(tmp_path, "", name=name)))
    assert [each[7].pop("price") for each in found] == [3, 40000]
    assert found[0][7] == found[1][7]
    changed = {row for row in found[0] if found[0][row]["raw"] != found[1][row]["raw"]}
    cities = _cities(tmp_path)
    assert changed < {row for row in range(ROWS) if cities[row] == cities[7]}
    assert len(changed) > ROWS / 20
    assert problems(tmp_path / "other") == {}


def test_rows_split_by_time_have_folds_by_their_key(tmp_path: Path) -> None:
    """Visitors that are counted share a fold, whatever their rows' times: by 0 smoothing, a city has two means."""
    _write(tmp_path, _prices())
    split = f'[split]\nby = "time"\ncolumn = "row"\ntrain_until = {ROWS - 8}\nkey = ["visitor"]\n'
    run = _run(tmp_path, split)
    found, cities = _rows(run), _cities(tmp_path)
    means = {city: {each["raw"] for row, each in found.items() if cities[row] == city} for city in set(cities)}
    assert all(len(each) == 2 for each in means.values())
    fold = {row: sorted(means[cities[row]]).index(each["raw"]) for row, each in found.items()}
    sides = {(cities[row], cities[row + 1]): set() for row in range(0, ROWS - 8, 2)}  # type: ignore[var-annotated]
    for row in range(0, ROWS - 8, 2):
        sides[cities[row], cities[row + 1]].add(fold[row] == fold[row + 1])
    assert all(len(each) == 1 for each in sides.values())
    assert json.loads((run / "manifest.json").read_text())["columns"]["fold_by"] == "key"
    assert problems(run) == {}


def test_records_of_groups_have_their_own_labels_in_no_mean(tmp_path: Path) -> None:
    """Another price of one row changes no feature of its group, which is in one record with it."""
    prices, found = _prices(), []
    window = '[window]\nsize = 2\ngroup_by = ["visitor"]\norder_by = "row"\n'
    for name, price in (("run", 3.0), ("other", 40000.0)):
        prices[7] = price
        _write(tmp_path, prices)
        run = _run(tmp_path, window, name=name)
        found.append({record["row"][0]: record["raw"] for record in rows_of(run)})
        assert problems(run) == {}
    assert found[0][6] == found[1][6]
    assert found[0] != found[1]


def test_groups_of_rows_have_folds_too(tmp_path: Path) -> None:
    """Their rows go through files: each keeps its fold."""
    _write(tmp_path, _prices())
    toml = FEATURES.replace("[output]\n", '[output]\nformat = "sequence_example"\n')
    toml += '[sequence]\ngroup_by = ["visitor"]\norder_by = "row"\n'
    run = run_toml(tmp_path, f'[input]\nfiles = "{tmp_path}/data.csv"\n{SPLIT}{toml}')
    assert problems(run) == {}


def test_kept_findings_have_their_folds(tmp_path: Path) -> None:
    """A run that analyzes nothing anew, and one with another seed, have the bytes of runs without a cache."""
    _write(tmp_path, _prices())
    toml = f'[input]\nfiles = "{tmp_path}/data.csv"\n{FEATURES}'
    cached = toml.replace("[output]\n", f'[analysis]\ncache = "{tmp_path}/cache"\n[output]\n')
    seeded = cached.replace("shards = 2\n", "shards = 2\nseed = 1\n")
    found = [
        run_toml(tmp_path, text, name=name)
        for name, text in (("plain", toml), ("cached", cached), ("other", seeded), ("again", cached))
    ]
    assert shards(found[0]) == shards(found[1]) == shards(found[3])
    kept = [json.loads((run / "manifest.json").read_text())["metrics"].get("rows-kept", 0) for run in found]
    assert kept == [0, 0, 0, ROWS]
