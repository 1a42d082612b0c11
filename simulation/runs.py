"""One seed from its first customer to rest, and what was found wrong."""

import gc
from dataclasses import dataclass

from simulation.accountant import accountant
from simulation.opening import open_shop
from simulation.people import Operator
from simulation.processes import set_going
from simulation.rules import Rules
from simulation.scenario import MINUTE_MS, Scenario, draw
from simulation.schedule import Broken, Trace
from simulation.world import OpenLedger, Plant, World, memory_ledger

_REST_MS = 46 * 24 * 60 * MINUTE_MS  # longer than the longest wait of a job: three times 15 days


@dataclass(frozen=True)
class Outcome:
    """How a run ended: `broken` says which rule, `trace` what happened, where it was wanted."""

    scenario: Scenario
    broken: Broken | None
    steps: int
    trace: tuple[str, ...]


def run_seed(
    seed: int, *, open_ledger: OpenLedger = memory_ledger, plant: Plant = lambda world: None, traced: bool = False
) -> Outcome:
    """Run the scenario of a seed; the same seed gives the same run."""
    return run(draw(seed), open_ledger=open_ledger, plant=plant, traced=traced)


def run(
    scenario: Scenario,
    *,
    open_ledger: OpenLedger = memory_ledger,
    plant: Plant = lambda world: None,
    traced: bool = False,
) -> Outcome:
    """Rough weather, then fair weather until rest, then an operator who settles what waits for one, and rest again."""
    trace = Trace(traced)
    world = World(scenario, open_ledger, trace)
    broken: Broken | None = None
    gc.disable()  # what a run leaves is collected between runs: within one it is all in use
    try:
        _tell(world, plant)
    except Broken as found:
        broken = found
    except Exception as bug:  # noqa: BLE001 - whatever comes out here is a finding with a seed
        broken = Broken("no defects", repr(bug))
        broken.__cause__ = bug
    finally:
        world.schedule.close()
        gc.enable()
    return Outcome(scenario, broken, world.schedule.steps, tuple(trace.lines or ()))


def _tell(world: World, plant: Plant) -> None:
    open_shop(world)
    rules = Rules(world)
    if world.wild.interleaves:  # where reading all rows costs little
        world.on_commit = rules.after_commit
    plant(world)
    set_going(world)
    world.schedule.run(world.scenario.fair_at_ms)
    world.schedule.note("from here on nothing fails")
    world.weather.clear_up()
    _rest(world)
    rules.at_rest()
    operator = Operator(world)
    for shift in (operator.settle_all, operator.pay_back) if world.scenario.by_phone else (operator.settle_all,):
        world.schedule.spawn("operator", shift)
        _rest(world)
    rules.at_last()
    books = accountant(world)
    for look in (books.close_the_books, books.find_them_closed):
        world.schedule.spawn("accountant", look)
        _rest(world)
    rules.when_closed()


def _rest(world: World) -> None:
    until_ms = world.schedule.now_ms + _REST_MS
    if not world.schedule.run(until_ms):
        raise Broken("comes to rest", f"still going after {_REST_MS // 86_400_000} days of fair weather")
