"""Rows that the tests of users' functions are run on."""

import csv
import random
from pathlib import Path

# A multiple of all registers' widths: TF Transform computes the elements beyond by another implementation, whose last bit may differ.
ROWS = 3072
HEADER = ("dense", "sparse", "count", "few", "color", "city", "text")
WORDS = ("red", "green", "blue", "a", "the", "movie", "was", "good", "bad", "très", "mère", "x" * 25)


def write_rows(path: Path, rows: range = range(ROWS)) -> Path:
    """A CSV file: each row a function of its number; `sparse`, `few` and `city` miss some values."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(_row(number) for number in rows)
    return path


def _row(number: int) -> tuple[object, ...]:
    draw = random.Random(number)
    return (
        f"{draw.gauss(0.3, 2):.4f}",
        "" if draw.random() < 0.3 else f"{draw.gauss(5, 1):.3f}",
        draw.randint(1, 40),
        "" if draw.random() < 0.9 else draw.randint(-5, 5),
        draw.choice(["red", "green", "blue", "mauve"]),
        draw.choice(["", "Oslo", "Paris", "München", "Rome", "Bern"]),
        " ".join(draw.choice(WORDS) for _ in range(draw.randint(1, 6))),
    )
