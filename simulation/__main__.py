"""`python -m simulation`: run seeds, say how fast, and name the first one that breaks a rule."""

import argparse
import sys
import time

from simulation.runs import Outcome, run_seed

_EVERY = 100


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0 where every rule held."""
    parser = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many to run (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="the first of them (default: %(default)s)")
    parser.add_argument("--seed", type=int, help="run this one alone")
    parser.add_argument("--trace", action="store_true", help="show all that happened; with --seed")
    asked = parser.parse_args(arguments)
    if asked.seed is not None:
        return _show(run_seed(asked.seed, traced=asked.trace))
    return _run_many(range(asked.first, asked.first + asked.seeds))


def _show(outcome: Outcome) -> int:
    for line in outcome.trace:
        print(line)
    verdict = f"BROKEN {outcome.broken}" if outcome.broken else "every rule held"
    print(f"seed {outcome.scenario.seed}: {verdict} ({outcome.steps} steps)")
    return 1 if outcome.broken else 0


def _run_many(seeds: range) -> int:
    began, steps = time.perf_counter(), 0
    for done, seed in enumerate(seeds, start=1):
        outcome = run_seed(seed)
        steps += outcome.steps
        if outcome.broken:
            _show(outcome)
            print(f"replay it: python -m simulation --seed {seed} --trace")
        if outcome.broken or done == len(seeds) or (done % _EVERY == 0 and sys.stderr.isatty()):
            seconds = time.perf_counter() - began
            print(f"{done} seeds in {seconds:.1f} s: {done / seconds:.0f} seeds/s, {steps / done:.0f} steps each")
        if outcome.broken:
            return 1
    print("every rule held")
    return 0


if __name__ == "__main__":
    sys.exit(main())
