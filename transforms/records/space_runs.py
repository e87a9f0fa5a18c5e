"""Makes one delimiter of each run of spaces.

So a table is written whose columns are aligned with spaces.
"""

import numpy as np

from shardmill.transforms.records.lexicon import CR, LF, SPACE, TAB, Bytes, Lexicon
from shardmill.transforms.records.quotes import find_quotes


def join_runs(text: Bytes, plain: Bytes, lexicon: Lexicon) -> tuple[Bytes, Bytes]:
    """Overwrites spaces that don't delimit cells by tabs.

    The last space of a run of blanks delimits, except at a line's start and end; the others become
    blanks around cells, which are trimmed. Lines of blanks alone are overwritten by newlines, which
    PyArrow takes for blank lines. Spaces in quotes and escaped ones stay.

    Args:
        text: The text to parse.
        plain: The same with escaped bytes neutralized.
        lexicon: The special bytes; the delimiter is a space, and cells are trimmed.
    """
    blank = (plain == SPACE) | (plain == TAB)
    quotes = find_quotes(plain, lexicon)
    if len(quotes.positions):
        found = np.flatnonzero(blank)
        blank[found] = quotes.state_at(found) == 0
    others = np.flatnonzero(~blank)
    edged = np.concatenate([[LF], plain[others], [LF]])
    is_edge = (edged == LF) | (edged == CR)
    spaces = np.flatnonzero(blank & (plain == SPACE))
    # Spaces of one run have as many other bytes before them.
    runs = np.searchsorted(others, spaces)
    is_last = np.append(runs[1:] != runs[:-1], np.ones(min(1, len(runs)), np.bool_))
    dropped = spaces[~is_last | is_edge[runs] | is_edge[runs + 1]]
    # Between two edges there may be tabs alone, too.
    blanks = np.flatnonzero(blank)
    runs = np.searchsorted(others, blanks)
    lines = blanks[is_edge[runs] & is_edge[runs + 1]]
    if not len(dropped) and not len(lines):
        return text, plain
    same = plain is text
    text = text.copy()
    plain = text if same else plain.copy()
    text[dropped] = plain[dropped] = TAB
    text[lines] = plain[lines] = LF
    return text, plain
