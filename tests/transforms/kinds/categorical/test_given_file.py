"""Vocabulary files that are given."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shardmill.transforms.kinds.categorical import given_file as module
from shardmill.transforms.kinds.categorical.given_file import given_text, problem_of


def _expected(lines: list[str]) -> str | None:
    """What is wrong with lines, found one by one."""
    if not lines:
        return "is empty"
    if "" in lines:
        return "has an empty line"
    repeated = sorted(line.encode() for line in lines if lines.count(line) > 1)
    return f"has {repeated[0].decode()!r} twice" if repeated else None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(alphabet="ab\ré é", max_size=3), max_size=6), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_lines_are_those_of_python(tmp_path: Path, lines: list[str], newline: str, ended: bool) -> None:
    r"""Lines end with \n or \r\n, the last one with nothing too; the first problem is named."""
    file = tmp_path / "given"
    text = newline.join(lines) + (newline if ended and lines else "")
    file.write_bytes(text.encode())
    found = text.replace("\r\n", "\n").split("\n")
    found = found[:-1] if found[-1] == "" else found
    assert given_text(str(file)).decode() == "".join(line + "\n" for line in found)
    assert problem_of(given_text(str(file))) == _expected(found)


def test_tokens_of_one_hash_may_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only equal tokens are repeated, whatever their hashes are."""
    monkeypatch.setattr(module, "token_hashes", lambda tokens: np.zeros(len(tokens), np.uint64))
    assert problem_of(b"a\nb\nc\n") is None
    assert problem_of(b"c\nb\nc\nb\n") == "has 'b' twice"


def test_text_of_another_encoding(tmp_path: Path) -> None:
    """A file that isn't UTF-8 can't be read."""
    file = tmp_path / "given"
    file.write_bytes("é\n".encode("latin-1"))
    with pytest.raises(UnicodeDecodeError):
        given_text(str(file))
