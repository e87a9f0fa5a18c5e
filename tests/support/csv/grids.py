"""The cells of a text as the kernel takes them, for tests of what is made of cells."""

import numpy as np

from shardmill.transforms.csv.cell_columns import Grid
from shardmill.transforms.kernel.library import SLACK
from shardmill.transforms.records.lexer import lex
from shardmill.transforms.records.lexicon import Lexicon


def grid_of(text: bytes, lexicon: Lexicon, width: int) -> Grid:
    """The records of a text that have so many cells."""
    lexed = lex(np.frombuffer(text + bytes(SLACK), np.uint8)[: len(text)], lexicon, at_end=True)
    return Grid(lexed.data, lexed.separators, lexed.first[lexed.cells == width])
