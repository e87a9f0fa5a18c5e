"""A user's file: read, run once, and errors that say where in it they are from."""

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from shardmill.schemas.errors import ConfigError
from shardmill.transforms.functions.user_function import Recorded, UserFunction


def _function(folder: Path, text: str, name: str = "f") -> UserFunction:
    path = folder / "mine.py"
    path.write_text(text)
    return UserFunction.read(f"{path}:{name}")


@pytest.mark.parametrize("reference", ["mine.py", "mine:f", "mine.py:", "mine.py:two words", ":f"])
def test_a_reference_names_a_file_and_a_function(reference: str) -> None:
    """Anything but `file.py:function` is refused."""
    with pytest.raises(ConfigError, match=r'expected "file\.py:function", received'):
        UserFunction.read(reference)


def test_reading_runs_nothing(tmp_path: Path) -> None:
    """The file is run when the function is, and once only."""
    text = (
        "from pathlib import Path\nruns = Path(__file__).with_name('runs')\n"
        "runs.write_text(runs.read_text() + 'x' if runs.exists() else 'x')\ndef f(inputs): return {'a': 1}\n"
    )
    function = _function(tmp_path, text)
    assert not (tmp_path / "runs").exists()
    assert function({}) == {"a": 1}
    assert function({}) == {"a": 1}
    assert (tmp_path / "runs").read_text() == "x"


def test_a_function_travels_as_its_text(tmp_path: Path) -> None:
    """Pickled, it needs no file; after a change of the file, it is what was read."""
    function = _function(tmp_path, "def f(inputs): return {'a': 1}\n")
    (tmp_path / "mine.py").write_text("def f(inputs): return {'a': 2}\n")
    assert pickle.loads(pickle.dumps(function))({}) == {"a": 1}
    assert UserFunction.read(f"{tmp_path}/mine.py:f")({}) == {"a": 2}


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    """With the file's name and the function's."""
    (tmp_path / "mine.py").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"can't read '.*mine.py', which should hold the function 'f': 'utf-8' codec"):
        UserFunction.read(f"{tmp_path}/mine.py:f")


def test_helpers_may_have_any_name(tmp_path: Path) -> None:
    """A file beside the function's may be called as one of our folders: nothing of ours has such a name."""
    names = ("pipelines", "schemas", "transforms")
    for name in names:
        (tmp_path / f"{name}.py").write_text(f"OWN = {name!r}\n")
    lines = "\n".join(f"from {name} import OWN as {name}" for name in names)
    function = _function(tmp_path, f"{lines}\ndef f(inputs): return {{'a': [{', '.join(names)}]}}\n")
    code = (
        "import sys\nfrom shardmill.transforms.functions.user_function import UserFunction\n"
        f"print(UserFunction.read({function.path + ':f'!r})({{}})['a'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path.parent)
    assert done.stdout.strip() == str(list(names))


def test_a_name_that_is_no_function_is_refused(tmp_path: Path) -> None:
    """The functions of the file are listed, without what it imports."""
    function = _function(tmp_path, "from os.path import join\nf = 3\ndef g(inputs): return inputs\n")
    with pytest.raises(ConfigError, match=r"mine.py has no function 'f'; it has 'g'$"):
        function.load()


def test_a_long_message_is_cut(tmp_path: Path) -> None:
    """What an error says at length is not repeated in full."""
    with pytest.raises(ConfigError) as error:
        _function(tmp_path, "def f(inputs): raise ValueError('x' * 100_000)\n")({})
    assert len(str(error.value)) < 2000
    assert "ValueError: xxx" in str(error.value)


def test_files_beside_it_are_the_users(tmp_path: Path) -> None:
    """Installed packages aren't, nor files that don't exist."""
    function = _function(tmp_path, "def f(inputs): return inputs\n")
    other, installed = tmp_path / "other.py", tmp_path / "site-packages" / "x.py"
    installed.parent.mkdir()
    for path in (other, installed):
        path.touch()
    owned = [
        function.owns(str(path))
        for path in (tmp_path / "mine.py", other, installed, tmp_path / "gone.py", Path("/etc/hosts"))
    ]
    assert owned == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("look", "seen"),
    [
        (lambda values: values["a"], {"a"}),
        (lambda values: values.get("b"), {"b"}),
        (lambda values: values.pop("a"), {"a"}),
        (lambda values: "a" in values, set()),
        (lambda values: list(values.items()), {"a", "b"}),
        (lambda values: list(values.values()), {"a", "b"}),
        (lambda values: {**values}, {"a", "b"}),
        (lambda values: values.copy(), {"a", "b"}),
        (list, {"a", "b"}),
    ],
)
def test_a_recorded_dict_knows_what_was_looked_at(look: object, seen: set[str]) -> None:
    """However its values are reached."""
    values = Recorded({"a": 1, "b": 2})
    look(values)  # type: ignore[operator]
    assert values.seen == seen
