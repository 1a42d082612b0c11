"""gunicorn sync, gunicorn gthread and granian, each with our intake and with the bare view, rounds by turns."""

import random
from statistics import median
from typing import Any

from bench import bare
from bench.intake import LINES
from bench.load import drive
from bench.numbers import ratio_of_rounds, spread_ms
from bench.processes import family, held_mb
from bench.serving import KINDS
from bench.signing import stranger, template_of
from bench.stacks import installed, plan_for, serve_under


def measure(seconds: float, rounds: int = 3) -> dict[str, Any]:
    """Requests per second of each, their latency, and the memory of all its processes."""
    pairs = [(kind, which) for kind in KINDS for which in ("ours", "bare")]
    rates: dict[tuple[str, str], list[float]] = {pair: [] for pair in pairs}
    latencies: dict[tuple[str, str], list[float]] = {pair: [] for pair in pairs}
    with installed("postgres") as installation:
        bare.prepare(installation.settings["BILLING_DATABASE_URL"])
        urls = {pair: serve_under(installation, *pair) for pair in pairs}
        bodies, dice = [template_of(stranger())], random.Random(1)
        for number in range(rounds + 1):
            for pair in dice.sample(pairs, len(pairs)):
                plan = plan_for(installation, urls[pair], bodies=bodies, seconds=seconds, lines=LINES)
                outcome = drive(plan, installation.folder)
                if set(outcome.statuses) != {"200"}:
                    raise RuntimeError(f"{pair} answered {outcome.statuses}")
                if number:  # the first round warms up
                    rates[pair].append(round(outcome.rate, 1))
                    latencies[pair] += outcome.latencies
        memory = {pair: _memory_mb(installation.processes["-".join(pair)].pid) for pair in pairs}
    return {
        kind: {
            "ours_per_second": median(rates[kind, "ours"]),
            "bare_per_second": median(rates[kind, "bare"]),
            "ours_to_gthread": ratio_of_rounds(rates[kind, "ours"], rates["gthread", "ours"]),
            "ours_latency_ms": spread_ms(latencies[kind, "ours"]),
            "bare_latency_ms": spread_ms(latencies[kind, "bare"]),
            "memory_mb": memory[kind, "ours"],
        }
        for kind in KINDS
    }


def _memory_mb(process: int) -> float:
    """Of all its processes, what they share counted once."""
    return round(sum(held_mb(one, "Pss") for one in family(process)), 1)
