"""What processes cost: memory held and time computed, read from the kernel."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.integration.whole.installation import Installation

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def family(process: int) -> Iterator[int]:
    """A process and all that came of it."""
    yield process
    for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
        yield from family(int(child))


def leaf(process: int) -> int:
    """The one that does the work: gunicorn's own process only watches."""
    return list(family(process))[-1]


def held_mb(process: int, measure: str = "Rss") -> float:
    """Resident memory; `Pss` counts what is shared in part."""
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith(f"{measure}:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no {measure} of process {process}")


def computed_seconds(installation: Installation) -> Mapping[str, float]:
    """Processor time of everything that an installation has started, by its name, children included."""
    return {name: sum(map(_computed, family(one.pid))) for name, one in installation.processes.items()}


def _computed(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND
