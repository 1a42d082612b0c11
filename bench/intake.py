"""Intake against the bare view, in a closed loop: same server, same database, rounds by turns."""

from statistics import median
from typing import Any

from bench import bare
from bench.load import drive
from bench.numbers import ratio_of_rounds, spread_ms
from bench.signing import stranger, template_of
from bench.stacks import installed, plan_for, serve_under

LINES = 32
"""As many as the two web processes have threads."""


def measure(seconds: float, rounds: int) -> dict[str, Any]:
    """Requests per second of both, and the median ratio of neighbouring rounds."""
    rates: dict[str, list[float]] = {"ours": [], "bare": []}
    latencies: dict[str, list[float]] = {"ours": [], "bare": []}
    with installed("postgres") as installation:
        bare.prepare(installation.settings["BILLING_DATABASE_URL"])
        installation.serve()
        urls = {"ours": None, "bare": serve_under(installation, "gthread", "bare")}
        bodies = [template_of(stranger())]
        for number in range(rounds + 1):
            for which in sorted(urls, reverse=bool(number % 2)):
                plan = plan_for(installation, urls[which], bodies=bodies, seconds=seconds, lines=LINES)
                outcome = drive(plan, installation.folder)
                if set(outcome.statuses) != {"200"}:
                    raise RuntimeError(f"{which} answered {outcome.statuses}")
                if number:  # the first round warms up
                    rates[which].append(round(outcome.rate, 1))
                    latencies[which] += outcome.latencies
    return {
        "rates_per_second": rates,
        "median_per_second": {which: median(found) for which, found in rates.items()},
        "latency_ms": {which: spread_ms(found) for which, found in latencies.items()},
        "ratio": ratio_of_rounds(rates["ours"], rates["bare"]),
    }
