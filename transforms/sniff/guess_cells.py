"""Guesses delimiter, quote, escape, and padding of cells.

Every candidate is tried on the samples and scored; see `score.best` for the order among them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shardmill.transforms.csv.dialect import DELIMITERS, Dialect
from shardmill.transforms.scoring.cell_types import type_of_column
from shardmill.transforms.scoring.cut_records import Rows, Text
from shardmill.transforms.scoring.odd_layouts import are_aligned, are_quoted_cells, are_wrapped
from shardmill.transforms.scoring.score import Score, best, score, without_swallowed
from shardmill.transforms.sniff.decision import Decision

# These stand in text, dates and times, too: they count where the others don't fit.
_LAST_DELIMITERS = (" ", ":")
_NAMES = {",": "comma", "\t": "tab", ";": "semicolon", "|": "vertical bar", " ": "space", ":": "colon"}
_QUOTES = ('"', "'", None)
_ESCAPE = "\\"
# The least share of lines of one width that makes columns, and the one above which it is sure.
_COLUMNS = 0.5
_SURE = 0.9
_PAIR = 2
_WRAPPED = (
    "each line is quoted as a whole, as in a table that was saved as CSV twice; remove the outer quotes first, "
    "and make doubled quotes single; if each line is one cell of text: --set input.quote='\"'"
)
_ALIGNED = "the lines seem to have columns of fixed width, which aren't read; convert them to CSV"
# Records that are enough to see whether most have quotes.
_SOME = 100


@dataclass(frozen=True)
class Cells:
    """A guess of delimiter, quote and escape.

    Attributes:
        score: The score of the guess; its dialect has the guessed fields.
        scores: The scores of all candidates that were compared with it.
        last: The best score of a delimiter that stands in text, where none of the others cuts the
            lines. None means that there is no such delimiter, or that it is the guess.
        wrapped: Whether each line is quoted as a whole.
        aligned: Whether spaces align lines of one cell in columns.
        quoted: Whether nearly all records are one quoted cell.
    """

    score: Score
    scores: Sequence[Score]
    last: Score | None = None
    wrapped: bool = False
    aligned: bool = False
    quoted: bool = False


def guess_cells(texts: Sequence[Text], dialect: Dialect, given: Mapping[str, Any]) -> Cells:
    """Guesses delimiter, quote and escape.

    Args:
        texts: The samples; one of them has a record at least.
        dialect: What is known so far.
        given: Fields that the user set.
    """
    found = _guess_cells(texts, dialect, given)
    aligned = found.score.width == 1 and are_aligned(texts)
    return replace(found, wrapped=are_wrapped(texts), aligned=aligned)


def _guess_cells(texts: Sequence[Text], dialect: Dialect, given: Mapping[str, Any]) -> Cells:
    if "delimiter" in given:
        scores = _scores(texts, dialect, given)
        return Cells(_sure_best(scores), scores)
    if given.get("quote", '"') == '"' and are_quoted_cells(texts, dialect.comment):
        scores = _single_scores(texts, dialect, given)
        return Cells(_sure_best(scores), scores, quoted=True)
    scores = []
    for delimiter in DELIMITERS:
        if any(delimiter.encode() in text.data for text in texts):
            scores += _scores(texts, replace(dialect, delimiter=delimiter), given)
    found = best(each for each in scores if each.width > 1 and each.share >= _COLUMNS)
    last = [] if found and found.fit >= _SURE else _last_scores(texts, dialect, given)
    better = best(each for each in last if _cuts_evenly(each) and (found is None or each.fit > found.fit))
    if better and not _is_one_value(better) and (_has_typed_column(better) or _has_quotes(better)):
        return Cells(better, [*scores, *last])
    if found:
        return Cells(found, scores)
    scores = _single_scores(texts, dialect, given)
    return Cells(_sure_best(scores), scores, better)


def _single_scores(texts: Sequence[Text], dialect: Dialect, given: Mapping[str, Any]) -> list[Score]:
    """Scores dialects in which lines are cells.

    The delimiter is best one that they don't hold, if there is one.
    """
    return [
        score(texts, candidate, width=1)
        for delimiter in DELIMITERS
        for candidate in _candidates(texts, replace(dialect, delimiter=delimiter), given)
    ]


def _sure_best(scores: Sequence[Score]) -> Score:
    found = best(scores)
    assert found is not None
    return found


def _scores(texts: Sequence[Text], dialect: Dialect, given: Mapping[str, Any]) -> list[Score]:
    """Scores the dialects that have a delimiter."""
    scores = []
    for candidate in _candidates(texts, dialect, given):
        found = score(texts, candidate)
        if dialect.delimiter == " " and "trim" not in given:
            runs = score(texts, replace(candidate, trim=True))
            # Where no spaces adjoin, both read the same.
            found = found if (found.fit, -found.width) >= (runs.fit, -runs.width) else runs
        scores.append(found)
    return _without_bared(without_swallowed(scores), texts)


def _without_bared(scores: Sequence[Score], texts: Sequence[Text]) -> list[Score]:
    """Counts lines as bad whose well-quoted cells would be read with quotes.

    These are cells in which quotes are doubled, as in no text without quoting; they count where they
    outnumber the lines that don't fit with quotes.

    Args:
        scores: The scores of dialects that have the same delimiter.
        texts: The samples.
    """
    usual = best(each for each in scores if each.dialect.quote == '"')
    bare = [each for each in scores if each.dialect.quote is None]
    if usual is None or not bare:
        return list(scores)
    count = sum(b'""' in cell for cell in _quoted_cells(texts, usual.dialect))
    if count <= usual.bad_lines:
        return list(scores)
    return [replace(each, good_lines=max(0, each.good_lines - count)) if each in bare else each for each in scores]


def _quoted_cells(texts: Sequence[Text], dialect: Dialect) -> list[bytes]:
    """The cells of one line in quotes, without them.

    Quotes inside are doubled.
    """
    cut = re.escape(dialect.delimiter)
    cell = re.compile(rf'(?:^|(?<=[\r\n{cut}]))"([^"\r\n]*(?:""[^"\r\n]*)*)"(?=[\r\n{cut}]|$)'.encode())
    return [match[1] for text in texts for match in cell.finditer(text.data)]


def _candidates(texts: Sequence[Text], dialect: Dialect, given: Mapping[str, Any]) -> Iterator[Dialect]:
    """The dialects to try for a delimiter.

    Those that no text can tell from others are left out.
    """
    cut = re.escape(dialect.delimiter)
    for quote in (given["quote"],) if "quote" in given else _QUOTES:
        if quote == "'" and "quote" not in given and not _found(texts, rf"(?:^|[\r\n]|{cut}) *'"):
            continue
        special = re.escape(f"{quote or ''}{dialect.delimiter}")
        escapes: tuple[str | None, ...] = (None,)
        if _found(texts, rf"\\[{special}\r\n]") and _escapes(texts, special):
            escapes = (None, _ESCAPE)
        trims: tuple[bool, ...] = (dialect.trim,)
        if "trim" not in given and quote and dialect.delimiter != " " and _found(texts, rf"{cut} +{quote}"):
            trims = (False, True)
        for trim in trims:
            for escape in (given["escape"],) if "escape" in given else escapes:
                yield replace(dialect, quote=quote, escape=escape, trim=trim)


def _found(texts: Sequence[Text], pattern: str) -> bool:
    return any(re.search(pattern.encode(), text.data) for text in texts)


def _escapes(texts: Sequence[Text], special: str) -> bool:
    """Whether nearly all backslashes stand before what needs an escape.

    Others would be lost, as in paths.

    Args:
        texts: The samples.
        special: Quotes and delimiters, as in a regular expression.
    """
    pattern = rf"\\([{special}\r\n\\N])?".encode()
    found = [match[1] is not None for text in texts for match in re.finditer(pattern, text.data)]
    return sum(found) >= _SURE * len(found)


def _last_scores(texts: Sequence[Text], dialect: Dialect, given: Mapping[str, Any]) -> list[Score]:
    """Scores delimiters that are text elsewhere."""
    return [
        each
        for delimiter in _LAST_DELIMITERS
        if any(delimiter.encode() in text.data for text in texts)
        for each in _scores(texts, replace(dialect, delimiter=delimiter), given)
    ]


def _cuts_evenly(found: Score) -> bool:
    """Whether nearly all lines are as long as the first.

    That may lack the name of the first column.
    """
    files = [records for records in found.files if len(records)]
    lines = found.all_lines
    if not found.first:
        lines -= len(files)
        lacking = all(records.widths[0] == found.width - 1 for records in files)
        # A header of a single cell must look like one.
        quoted = found.width > _PAIR or all(records.raw([0])[0][0][:1] == found.dialect.quote for records in files)
        if not (lacking and quoted):
            return False
    return found.width > 1 and found.good_lines >= _SURE * lines > 0


def _is_one_value(found: Score) -> bool:
    """Whether lines are dates or numbers as a whole."""
    lines = [row for records in found.files for row in _bodies(records.rows())]
    return type_of_column([found.dialect.delimiter.join(row) for row in lines]) is not None


def _has_typed_column(found: Score) -> bool:
    """Whether a column shows a type below its first cell."""
    body = [row for records in found.files for row in _bodies(records.rows()) if len(row) == found.width]
    return any(type_of_column(list(filter(str.strip, column))) for column in zip(*body, strict=True))


def _has_quotes(found: Score) -> bool:
    """Whether most records have a quoted cell."""
    rows = [row for records in found.files for row in records.raw(range(min(len(records), _SOME)))]
    quoted = [any(cell[:1] == found.dialect.quote for cell in row) for row in rows]
    return 2 * sum(quoted) > len(rows)


def _bodies(rows: Rows) -> Rows:
    return rows[1:] or rows


def decide_delimiter(cells: Cells, table: Score) -> Decision:
    """The decision about the delimiter.

    Args:
        cells: The guess.
        table: Its score where the lines above the table, and a header of other cells, are left out.
    """
    found, last = cells.score, cells.last
    if found.width == 1:
        choice = "none, one column" + ("" if found.dialect.delimiter == "," else f" (set to {_name(found.dialect)})")
        if cells.aligned:
            return Decision("delimiter", choice, _ALIGNED, sure=False)
        if cells.quoted:
            return Decision("delimiter", choice, f"{_lines(found)} are one cell, and nearly all cells are quoted")
        if last is None:
            return Decision(
                "delimiter", choice, f"none cuts half of the {found.all_lines:,} lines evenly", found.share >= _SURE
            )
        word = name_delimiter(last.dialect.delimiter)
        why = "but are dates or numbers as a whole" if _is_one_value(last) else "but none of numbers or dates"
        reason = (
            f"{_lines(last)} have {last.width} cells if cut at each {word}, {why}; if these are columns: "
            f"--set input.delimiter='{last.dialect.delimiter}'"
        )
        return Decision("delimiter", choice, reason, sure=False)
    reason = f"{_lines(table)} have {found.width} cells"
    others = {
        each.dialect.delimiter
        for each in cells.scores
        if each.width > 1 and each.whole and each.dialect.delimiter in set(DELIMITERS) - {found.dialect.delimiter}
    }
    if others:
        reason += f"; {' and '.join(map(name_delimiter, sorted(others)))} would cut all lines evenly, too"
    return Decision("delimiter", _name(found.dialect), reason, table.share >= _SURE and not others)


def name_delimiter(delimiter: str) -> str:
    """The delimiter in a word, or else quoted."""
    return _NAMES.get(delimiter, repr(delimiter))


def _lines(found: Score) -> str:
    return f"{found.good_lines:,} of {found.all_lines:,} lines"


def _name(dialect: Dialect) -> str:
    return name_delimiter(dialect.delimiter) + (", or several" if dialect.delimiter == " " and dialect.trim else "")


def decide_quoting(cells: Cells, texts: Sequence[Text], given: Mapping[str, Any]) -> Iterator[Decision]:
    """The decisions about quote and escape.

    There are none where these are the usual ones and sure.

    Args:
        cells: The guess.
        texts: The samples.
        given: Fields that the user set.
    """
    found = cells.score
    same = [each for each in cells.scores if each.dialect.delimiter == found.dialect.delimiter]
    usual = best(each for each in same if each.dialect.quote == '"') or found
    rivals = [each for each in same if (each.fit, each.first) == (found.fit, found.first)]
    if "quote" not in given:
        others = [each for each in rivals if each.dialect.quote != found.dialect.quote and not _cuts_same(each, found)]
        reason = _why_quote(found, usual)
        if others:
            reason += f"; with {others[0].dialect.quote or 'none'} as many fit, but cells differ"
        if cells.wrapped:
            yield Decision("quote", found.dialect.quote or "none", _WRAPPED, sure=False)
        elif found.dialect.quote != '"' or others:
            bared = not found.dialect.quote and 0 < usual.bad_lines < len(_quoted_cells(texts, usual.dialect))
            reason += "; but more cells are in quotes, which are kept" if bared else ""
            sure = not others and not usual.swallowed and not bared
            yield Decision("quote", found.dialect.quote or "none", reason, sure)
    if "escape" not in given:
        others = [
            each
            for each in rivals
            if each is not found
            and (each.dialect.quote, each.dialect.trim) == (found.dialect.quote, found.dialect.trim)
            and any(one.rows() != other.rows() for one, other in zip(each.files, found.files, strict=True))
        ]
        if found.dialect.escape or others:
            reason = "fewer lines are malformed or ragged so" if found.dialect.escape else "the lines fit without one"
            yield Decision("escape", found.dialect.escape or "none", reason, not others)
        elif usual.malformed and _found(texts, r'\\"'):
            reason = "backslashes stand before quotes, but before other text, too, which would lose them"
            yield Decision("escape", "none", reason, sure=False)


def _why_quote(found: Score, usual: Score) -> str:
    if found.dialect.quote == '"':
        return f"{_lines(found)} fit"
    if usual.swallowed:
        return f'with " {usual.swallowed:,} lines that are whole without it would be within cells'
    if usual.good_lines < found.good_lines:
        return f'with " {usual.bad_lines:,} of {usual.all_lines:,} lines are malformed or ragged'
    return f"{_lines(found)} fit, and cells are wrapped in it" if found.dialect.quote else f"{_lines(found)} fit"


def _cuts_same(one: Score, other: Score) -> bool:
    """Whether two dialects cut the same records."""
    return all(
        len(first) == len(second) and bool((first.widths == second.widths).all())
        for first, second in zip(one.files, other.files, strict=True)
    )


def is_padded(rows: Rows) -> bool:
    """Whether most cells have spaces around them.

    Only cells after a delimiter count; they begin or end with a space.
    """
    cells = [cell for row in rows for cell in row[1:] if cell]
    return bool(cells) and sum(cell != cell.strip() for cell in cells) > len(cells) / 2
