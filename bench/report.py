"""Measured values put into the documents: what stands between `<!-- bench NAME -->` and `<!-- /bench -->`."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOCUMENTS = (Path("docs/performance.md"), Path("docs/decisions/0006-web-server.md"))
_MARKED = re.compile(r"(<!-- bench (\w+) -->\n).*?(<!-- /bench -->)", re.DOTALL)
_ABSENT = "not measured yet"

Results = Mapping[str, Any]
"""What each command found, by the name of its file."""


@dataclass(frozen=True)
class Bound:
    """A promise: what, the bound in words, where the value is, and whether it holds."""

    what: str
    bound: str
    source: str
    value: Callable[[Any], float]
    holds: Callable[[float], bool]
    unit: str
    command: str


def _slo(stack: str) -> Iterator[Bound]:
    command = f"make bench-slo ARGS='--stack {stack}'"
    where = {"postgres": "PostgreSQL", "sqlite": "SQLite"}[stack]
    source = f"slo-{stack}"
    yield Bound(f"webhook answer, p99, 100 events/s of which 10 are new payments, {where}", "< 200 ms", source,
                lambda found: found["webhook_ms"]["p99"], lambda ms: ms < 200, " ms", command)  # fmt: skip
    yield Bound(f"jobs that end well, 1 % of registrar calls failing, {where}", "100 %", source,
                lambda found: found["jobs"]["share_ended_well"] * 100, lambda share: share == 100, " %",
                command)  # fmt: skip
    yield Bound(f"jobs that needed a person, {where}", "< 1 %", source,
                lambda found: found["needing_a_person"] / found["jobs"]["jobs"] * 100, lambda share: share < 1, " %",
                command)  # fmt: skip
    yield Bound(f"duplicates and losses, {where}", "0", source,
                lambda found: sum(map(abs, found["duplicates"].values())), lambda number: number == 0, "",
                command)  # fmt: skip


def _idle(stack: str) -> Bound:
    where = {"postgres": "PostgreSQL", "sqlite": "SQLite"}[stack]
    return Bound(f"event to registrar call started, p95, idle, {where}", "< 1 s", f"idle-{stack}",
                 lambda found: found["event_to_registrar_call_ms"]["p95"], lambda ms: ms < 1000, " ms",
                 f"python -m bench idle --stack {stack}")  # fmt: skip


def _memory(process: str) -> Iterator[Bound]:
    command, after = "python -m bench memory", "requests" if process == "web" else "jobs"
    yield Bound(f"resident memory of one {process} process over 100 000 {after}", "< 200 MB", "memory",
                lambda found: found[f"{process}_mb"]["max"], lambda mb: mb < 200, " MB", command)  # fmt: skip
    yield Bound(f"its growth over the second half, {process}", "not growing", "memory",
                lambda found: found[f"{process}_mb"]["second_half_growth_percent"], lambda percent: percent < 2, " %",
                command)  # fmt: skip


BOUNDS = (
    *_slo("postgres"),
    *_slo("sqlite"),
    _idle("postgres"),
    _idle("sqlite"),
    Bound("webhook intake, closed loop, against a bare view that verifies and commits one row", "≥ 75 %", "intake",
          lambda found: found["ratio"] * 100, lambda percent: percent >= 75, " %", "python -m bench intake"),
    Bound("intake with 1 000 000 orders against 1 000, PostgreSQL", "≥ 80 %", "scale",
          lambda found: found["intake_ratio"] * 100, lambda percent: percent >= 80, " %", "python -m bench scale"),
    Bound("claims with 1 000 000 orders against 1 000, PostgreSQL", "≥ 80 %", "scale",
          lambda found: found["claims_ratio"] * 100, lambda percent: percent >= 80, " %", "python -m bench scale"),
    *_memory("web"),
    *_memory("worker"),
)  # fmt: skip


def write(folder: Path) -> None:
    """Put what the folder holds into the documents."""
    results = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
    for document in DOCUMENTS:
        document.write_text(filled(document.read_text(), results))
        print(f"wrote {document}")


def filled(text: str, results: Results) -> str:
    """The text with every marked part made anew."""
    return _MARKED.sub(lambda part: f"{part[1]}{_PARTS[part[2]](results)}\n{part[3]}", text)


# ---------------------------------------------------------------------- the parts


def _bounds(results: Results) -> str:
    rows = []
    for one in BOUNDS:
        if one.source in results and not _is_whole(results[one.source]):
            rows.append((one.what, one.bound, "only a short try yet", "", f"`{one.command}`"))
        elif one.source in results:
            value = one.value(results[one.source])
            rows.append((one.what, one.bound, f"{round(value, 2):g}{one.unit}", "yes" if one.holds(value) else "**no**",
                         f"`{one.command}`"))  # fmt: skip
        else:
            rows.append((one.what, one.bound, _ABSENT, "", f"`{one.command}`"))
    return _table(("what", "bound", "measured", "holds", "command"), rows)


def _is_whole(found: Any) -> bool:
    """Whether it was as long and as large as the bound says; a short try proves nothing."""
    match found["measured"]:
        case "slo":
            return bool(found["seconds"] >= 60)
        case "scale":
            return bool(found["orders"]["large"] >= 1_000_000)
        case "memory":
            return bool(found["requests"] >= 100_000)
    return True


def _slos(results: Results) -> str:
    spreads = {
        "webhook answer": "webhook_ms",
        "event to job start": "event_to_job_start_ms",
        "event to registration start": "event_to_registration_start_ms",
    }
    rows = []
    for name, found in _of(results, "slo"):
        rows += [(f"{words}, {name}", *(f"{found[key][rank]:g} ms" for rank in ("p50", "p95", "p99", "max")))
                 for words, key in spreads.items()]  # fmt: skip
    lines = [_table(("what", "p50", "p95", "p99", "longest"), rows)]
    for name, found in _of(results, "slo"):
        cores = ", ".join(f"{process} {used:g}" for process, used in found["cores_used"].items())
        lines.append(
            f"\n{name}: {found['webhooks']} webhooks in {found['seconds']:g} s, {found['new_payments']} new payments; "
            f"{found['jobs_per_second']:g} jobs/s; {found['registrar_calls_failed']} registrar calls failed, "
            f"{found['jobs']['needed_another_try']} jobs were tried again; all work was done "
            f"{found['drained_after_seconds']:g} s after the last webhook. Cores used: {cores}."
        )
    return "\n".join(lines)


def _rates(results: Results) -> str:
    rows = []
    if found := results.get("intake"):
        rows.append(("intake / bare view, one ledger", found["median_per_second"]["ours"],
                     found["median_per_second"]["bare"], f"{found['ratio']:.0%}"))  # fmt: skip
    if found := results.get("scale"):
        for what in ("intake", "claims"):
            of = found[f"{what}_median_per_second"]
            orders = f"{found['orders']['large']} / {found['orders']['small']} orders"
            rows.append((f"{what}, {orders}", round(of["large"], 1), round(of["small"], 1),
                         f"{found[f'{what}_ratio']:.0%}"))  # fmt: skip
    return _table(("what", "first, per s", "second, per s", "ratio"), rows)


def _servers(results: Results) -> str:
    found = results.get("servers", {})
    rows = [
        (kind, found[kind]["ours_per_second"], f"{found[kind]['ours_to_gthread']:.0%}",
         f"{found[kind]['ours_latency_ms']['p50']:g} / {found[kind]['ours_latency_ms']['p99']:g} ms",
         found[kind]["bare_per_second"], f"{found[kind]['memory_mb']:g} MB")
        for kind in ("sync", "gthread", "granian") if kind in found
    ]  # fmt: skip
    heads = ("server", "intake, per s", "to gthread", "p50 / p99", "bare view, per s", "memory of all processes")
    return _table(heads, rows)


def _machines(results: Results) -> str:
    lines = [
        f"- {name}: {found['on']['at']}, commit {found['on']['commit']}, {found['on']['cores']} cores of "
        f"{found['on']['processor']}, {found['on']['memory_gb']} GB, Python {found['on']['python']}, "
        f"{found['on']['system']}, load before {found['on']['load_before'][0]}"
        for name, found in results.items()
    ]
    return "\n".join(lines) or _ABSENT


_PARTS: Mapping[str, Callable[[Results], str]] = {
    "bounds": _bounds,
    "slo": _slos,
    "rates": _rates,
    "servers": _servers,
    "machines": _machines,
}


def _of(results: Results, name: str) -> Iterator[tuple[str, Any]]:
    for stack, words in (("postgres", "PostgreSQL and Redis"), ("sqlite", "SQLite")):
        if found := results.get(f"{name}-{stack}"):
            yield words, found


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    if not rows:
        return _ABSENT
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
