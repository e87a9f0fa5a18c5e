"""Finds the quotes that open and close cells.

A quote opens a quoted cell only at a cell's start; inside, a doubled quote is a quote, and after
the closing one the rest of the cell is literal. So a run of adjacent quotes acts on two states,
unquoted and quoted, in one of three ways. An even run changes nothing. An odd run at a cell's start
swaps the states. Any other odd run leads to unquoted: it closes a quoted cell, or stands in an
unquoted one. The state anywhere is the parity of the swaps since the last run of the third sort,
which needs sums alone; it is exact for malformed text, too.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shardmill.transforms.records.lexicon import LF, Bytes, Flags, Lexicon, Positions


@dataclass(frozen=True)
class Quotes:
    """The quotes that change the state, and the states after.

    Attributes:
        positions: Offsets, ascending.
        states: The state after each: 1 inside a quoted cell, else 0.
        entry: The state before the first.
        runs: All runs of quotes, with those that change nothing. None means that quotes open and
            close cells by turns, so that no text follows a closing one.
    """

    positions: Positions
    states: npt.NDArray[np.int8]
    entry: int = 0
    runs: "QuoteRuns | None" = None

    def state_at(self, offsets: Positions) -> npt.NDArray[np.int8]:
        """The states before the bytes at some offsets.

        The bytes must not be quotes.
        """
        return np.concatenate([np.array([self.entry], np.int8), self.states])[np.searchsorted(self.positions, offsets)]

    @property
    def exit(self) -> int:
        """The state after the last."""
        return int(self.states[-1]) if len(self.states) else self.entry

    def followed_by_text(self, text: Bytes, lexicon: Lexicon) -> Positions:
        """Finds text after the quote that closes a cell.

        Blanks after that quote are fine, but for those before other text.

        Args:
            text: The text in which the quotes were found.
            lexicon: The special bytes.

        Returns:
            The offset of each such text's first byte that isn't blank, ascending.
        """
        if self.runs is None:
            return np.empty(0, np.int64)
        closes = np.where(self.runs.states_before(self.entry) == 0, self.runs.opens & ~self.runs.odd, self.runs.odd)
        after = self.runs.stops[closes]
        after = after[after < len(text)]
        blank = lexicon.blanks[text[after]]
        if blank.any():
            others = np.append(np.flatnonzero(~lexicon.blanks[text]), len(text))
            after[blank] = others[np.searchsorted(others, after[blank])]
            after = after[after < len(text)]
        return after[~lexicon.cell_starts[text[after]]]


def find_quotes(text: Bytes, lexicon: Lexicon, before: int = LF, entry: int = 0) -> Quotes:
    """Finds the quotes that open or close cells.

    Args:
        text: The bytes.
        lexicon: The special bytes.
        before: The byte before the text; not a quote, unless the text doesn't begin with one.
        entry: The state before the text: 1 inside a quoted cell, else 0.
    """
    if lexicon.quote is None or not (positions := np.flatnonzero(text == lexicon.quote)).size:
        return Quotes(np.empty(0, np.int64), np.empty(0, np.int8), entry)
    if entry == 0 and _is_regular(text, positions, lexicon, before):
        # Quotes open and close by turns: the common case, three times as fast as what follows.
        states = np.zeros(len(positions), np.int8)
        states[::2] = 1
        return Quotes(positions, states)
    runs = QuoteRuns.of(text, positions, lexicon, before)
    return Quotes(runs.positions[runs.odd], runs.states(entry), entry, runs)


@dataclass(frozen=True)
class QuoteRuns:
    """Runs of adjacent quotes.

    Attributes:
        positions: The offset of each run's first quote.
        stops: The offset after each run's last quote.
        odd: Whether each has an odd number of quotes; others don't change the state.
        opens: Whether each is at a cell's start.
    """

    positions: Positions
    stops: Positions
    odd: Flags
    opens: Flags

    @classmethod
    def of(cls, text: Bytes, quotes: Positions, lexicon: Lexicon, before: int) -> "QuoteRuns":
        """The runs that some quotes of a text make.

        `before` is the byte before the text.
        """
        firsts = np.flatnonzero(np.concatenate([[True], np.diff(quotes) != 1])[: len(quotes)])
        positions = quotes[firsts]
        previous = text[positions - 1]
        previous[positions == 0] = before
        if lexicon.trim and (blank := lexicon.blanks[previous]).any():
            starts = blank_starts(text, positions[blank], lexicon)
            previous[blank] = np.where(starts > 0, text[starts - 1], before)
        lengths = np.diff(firsts, append=len(quotes))
        return cls(positions, positions + lengths, lengths % 2 == 1, lexicon.cell_starts[previous])

    def states(self, entry: int) -> npt.NDArray[np.int8]:
        """The state after each odd run.

        It is the parity of the swaps since the last odd run that isn't a swap.
        """
        swaps = self.opens[self.odd]
        total = np.cumsum(swaps) + entry
        settled = np.maximum.accumulate(np.where(swaps, 0, total))
        return ((total - settled) & 1).astype(np.int8)

    def states_before(self, entry: int) -> npt.NDArray[np.int8]:
        """The state before each run, odd or even."""
        after = np.concatenate([np.array([entry], np.int8), self.states(entry)])
        return after[np.cumsum(self.odd) - self.odd]


def blank_starts(text: Bytes, quotes: Positions, lexicon: Lexicon) -> Positions:
    """The offsets at which the blanks before some quotes begin."""
    others = np.flatnonzero(~lexicon.blanks[text])
    return np.concatenate([np.zeros(1, np.int64), others + 1])[np.searchsorted(others, quotes)]


def _is_regular(text: Bytes, quotes: Positions, lexicon: Lexicon, before: int) -> bool:
    """Whether quotes open and close cells by turns.

    Every other quote, from the first, must begin a cell or double the one before it, and the others
    must end one.
    """
    allowed = lexicon.cell_starts
    allowed[lexicon.quote] = True
    opening, closing = quotes[::2], quotes[1::2]
    if opening[0] == 0:
        if not allowed[before]:
            return False
        opening = opening[1:]
    if len(closing) and closing[-1] == len(text) - 1:
        closing = closing[:-1]
    return bool(allowed[text[opening - 1]].all() and allowed[text[closing + 1]].all())
