"""Facts about a column's values, for a comment."""

from shardmill.schemas.inference.infer import ColumnProfile
from shardmill.schemas.inference.type_counts import decide
from shardmill.schemas.inference.whole_numbers import EXACT
from shardmill.schemas.schema import ColumnType

_NEARLY_ALL = 1 / 0.99
# The most characters of a value.
_WIDTH = 24


def column_facts(profile: ColumnProfile, column_type: ColumnType) -> str:
    """Describes a column's values in one line.

    Args:
        profile: The column's profile.
        column_type: Its type in the schema.
    """
    words = {ColumnType.INT: "integer", ColumnType.FLOAT: "float", ColumnType.BYTES: "text"}
    facts = [words[column_type], _distinct(profile)]
    if profile.absent:
        facts.append(f"{_percent(profile.absent, profile.rows)} missing")
    if column_type is ColumnType.BYTES:
        examples = ", ".join(shorten(example) for example in profile.distinct.examples)
        facts += [f"e.g. {examples}"] if examples else []
    else:
        facts += _range(profile)
        if column_type is ColumnType.FLOAT and profile.cells.rounded:
            facts.append(f"{profile.cells.rounded:,} whole numbers beyond {EXACT:,} are rounded to float32")
    return ", ".join(facts)


def _distinct(profile: ColumnProfile) -> str:
    exact = profile.distinct_count
    if exact is not None:
        return f"{exact:,} distinct"
    # The estimate has two significant digits; rounded up, it may exceed the number of cells.
    rounded = round(float(f"{profile.distinct_estimate:.2g}"))
    return f"about {min(rounded, profile.rows - profile.absent):,} distinct"


def _range(profile: ColumnProfile) -> list[str]:
    limits = [limit for pair in (profile.cells.integers, profile.cells.floats) if pair for limit in pair]
    if not limits:
        return []
    low, high = min(limits), max(limits)
    exact = decide(profile).type is ColumnType.INT
    texts = [str(limit) if exact else f"{limit:g}" for limit in (low, high)]
    return [texts[0] if low == high else " to ".join(texts)]


def _percent(part: int, whole: int) -> str:
    share = 100 * part / whole
    if part < whole < part * _NEARLY_ALL:
        return "over 99 %"
    return f"{share:.0f} %" if share >= 1 else f"{share:.1g} %"


def shorten(text: str) -> str:
    """Makes a text fit for a comment of one line."""
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return repr(text if len(text) <= _WIDTH else text[: _WIDTH - 3] + "...")
