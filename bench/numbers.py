"""What a row of measurements comes to."""

from collections.abc import Mapping, Sequence
from math import ceil
from statistics import median


def percentile(measured: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of the values do not exceed (nearest rank); NaN of nothing.

    >>> percentile([4.0, 1.0, 3.0, 2.0], 50)
    2.0
    >>> percentile([4.0, 1.0, 3.0, 2.0], 99)
    4.0
    """
    if not measured:
        return float("nan")
    ranked = sorted(measured)
    return ranked[max(ceil(len(ranked) * percent / 100), 1) - 1]


def spread_ms(seconds: Sequence[float]) -> Mapping[str, float]:
    """p50, p95, p99 and the longest, in milliseconds."""
    named = {"p50": 50, "p95": 95, "p99": 99, "max": 100}
    return {name: round(percentile(seconds, percent) * 1000, 2) for name, percent in named.items()}


def ratio_of_rounds(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the ratios of neighbouring rounds: what disturbed the machine for long disturbed both of a pair.

    >>> ratio_of_rounds([80.0, 40.0, 90.0], [100.0, 50.0, 100.0])
    0.8
    """
    return round(median(one / other for one, other in zip(ours, theirs, strict=True)), 3)
