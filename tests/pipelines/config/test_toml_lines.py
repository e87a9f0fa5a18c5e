"""The lines of a TOML file that its keys stand in."""

import sys
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shardmill.pipelines.config.toml_lines import key_lines

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TEXT = '''# A comment.
derive = "a.py:f"

[input]
files = [
  "a.csv",   # one ]
  "b.csv",
]
null_values = ["", """]
header = 3
"""]
header = true

[input.columns.x]
missing = "NA"

[features]
"a b" = { kind = "clip", min = 1, max = 2 }
c.kind = "z_score"

[[more]]
d = 1
'''
LINES = {
    "derive": 2,
    "input": 4,
    "input.files": 5,
    "input.null_values": 9,
    "input.header": 12,
    "input.columns": 14,
    "input.columns.x": 14,
    "input.columns.x.missing": 15,
    "features": 17,
    "features.a b": 18,
    "features.a b.kind": 18,
    "features.a b.min": 18,
    "features.a b.max": 18,
    "features.c": 19,
    "features.c.kind": 19,
    "more": 21,
    "more.d": 22,
}


def test_each_key_has_the_line_in_which_its_statement_begins() -> None:
    """Whatever looks like one in a text, and whatever a statement's length."""
    assert {".".join(key): line for key, line in key_lines(TEXT).items()} == LINES


def test_an_empty_file_has_no_keys() -> None:
    """Nor has one of comments."""
    assert key_lines("") == {}
    assert key_lines("# a = 1\n\n") == {}


words = st.text("abc", min_size=1, max_size=2)
values = st.sampled_from(["1", "'x'", "[1,\n\n 2]", '"""\n\nq = 1\n"""', "{ y = 1 }", "[\n# z = 3 ]\n]"])


@given(
    st.lists(st.tuples(words, st.dictionaries(words, values, max_size=4)), max_size=4, unique_by=lambda each: each[0])
)
def test_every_key_of_a_valid_file_has_a_line(tables: list[tuple[str, dict[str, str]]]) -> None:
    """And that line begins with it."""
    text = "".join(
        f"\n[{name}]\n" + "".join(f"{key} = {value}\n# between\n" for key, value in table.items())
        for name, table in tables
    )
    lines = text.split("\n")
    found = key_lines(text)

    def check(value: Any, key: tuple[str, ...]) -> None:
        for name, inner in value.items() if isinstance(value, dict) else ():
            begins = f"[{name}]" if not key else f"{(*key, name)[1]} ="
            assert lines[found[(*key, name)] - 1].startswith(begins)
            check(inner, (*key, name))

    check(tomllib.loads(text), ())
