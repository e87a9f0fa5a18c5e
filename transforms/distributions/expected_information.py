"""Mutual information that tokens and a label have by chance."""

import math

import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]
# Numbers of rows whose probability is less than this share of the likeliest one's are left out:
# together they are less than a rounding.
_LEAST_PROBABILITY = 1e-30


def expected_information(tokens: _Floats, label: float, rows: float) -> _Floats:
    """The expected mutual information of tokens and a label.

    It is in bits, times the number of rows, and that of how many rows have both, if they fell
    together by chance: the sum over numbers k of p(k) * k * log2(k * n / (x * y)), where p is the
    hypergeometric distribution (Vinh, Epps and Bailey, "Information theoretic measures for
    clusterings comparison", 2009).

    Args:
        tokens: [tokens], the rows x with each token, at least 1.
        label: The rows y with the label, at least 1.
        rows: All rows n, no fewer than any of these.

    Returns:
        [tokens].
    """
    sizes, which = np.unique(tokens, return_inverse=True)
    likeliest = np.floor((sizes + 1) * (label + 1) / (rows + 2))
    likeliest = np.clip(likeliest, np.maximum(sizes + label - rows, 0), np.minimum(sizes, label))
    coefficients = math.log2(rows) - math.log2(label) - exact_log2(sizes)
    # Probabilities as multiples of the likeliest number's: all follow from it, by factors.
    totals, sums = np.ones_like(sizes), _terms(likeliest, coefficients)
    for step in (1, -1):
        index, numbers, shares = np.arange(sizes.size), likeliest, np.ones_like(sizes)
        while index.size:
            shares = shares * _factors(numbers, sizes[index], label, rows, step)
            numbers = numbers + step
            likely = shares >= _LEAST_PROBABILITY
            index, numbers, shares = index[likely], numbers[likely], shares[likely]
            totals[index] += shares
            sums[index] += shares * _terms(numbers, coefficients[index])
    return (sums / totals)[which]


def _terms(numbers: _Floats, coefficients: _Floats) -> _Floats:
    return numbers * (coefficients + exact_log2(np.maximum(numbers, 1)))


def _factors(numbers: _Floats, sizes: _Floats, label: float, rows: float, step: int) -> _Floats:
    """The next number's probability over that of this one."""
    first = numbers if step < 0 else numbers + 1
    both, neither = first, rows - sizes - label + first
    token_alone, label_alone = sizes - first + 1, label - first + 1
    return both / token_alone * (neither / label_alone) if step < 0 else token_alone / both * (label_alone / neither)


def exact_log2(values: _Floats) -> _Floats:
    """Binary logarithms.

    Their bits don't depend on a value's position in the array, as NumPy's may.
    """
    distinct, positions = np.unique(values, return_inverse=True)
    return np.array([math.log2(value) for value in distinct.tolist()])[positions]
