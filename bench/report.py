"""From runs to the table in docs/performance.md."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
Run = dict[str, Any]


def table(results: dict[str, Any]) -> str:
    """The whole section, as Markdown."""
    return "\n\n".join(part for part in (_how(results), _cells(results["runs"]), _process(results)) if part)


def joined(earlier: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """``earlier`` with the cells that were measured again, or anew; what is said of the process stays with the larger run."""
    measured = {run["cell"] for run in now["runs"]}
    kept = [run for run in earlier["runs"] if run["cell"] not in measured]
    larger = earlier if len(kept) > len(now["runs"]) else now
    return {**now, **larger, "when": now["when"], "runs": [*kept, *now["runs"]]}


def write(text: str, page: Path) -> None:
    """Put ``text`` between the marks of ``page``."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def _how(results: dict[str, Any]) -> str:
    host = results["machine"]
    stolen = max((run["stolen_cores"] for run in results["runs"]), default=0)
    return (
        f"Taken {results['when']}: {host['cpu']}, {host['cores']} cores, Linux {host['kernel']}, "
        f"Python {results['python']}, {results['nginx'].removeprefix('nginx version: ')}; "
        f"{results['rounds']} rounds, runs of {results['seconds']:g} s; "
        f"at most {stolen:.2f} cores taken by the hypervisor."
    )


def _cells(runs: list[Run]) -> str:
    lines = [
        "| load | subject | requests/s | CPU µs a request | a delta | CPU, nginx = 1 | p50 ms | p99 ms | added p50 ms |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for cell in dict.fromkeys(run["cell"] for run in runs):
        of_cell = [run for run in runs if run["cell"] == cell]
        lines += [_row(cell, subject, of_cell) for subject in dict.fromkeys(run["subject"] for run in of_cell)]
    return "\n".join(lines)


def _row(cell: str, subject: str, runs: list[Run]) -> str:
    own = [run for run in runs if run["subject"] == subject]
    failed = sum(run["failed"] for run in own)
    p50, p99 = (median(_latency(run)[point] for run in own) / 1000 for point in ("p50", "p99"))
    values = [
        cell,
        subject + (f" ({failed} failed)" if failed else ""),
        f"{median(run['rate'] for run in own):,.0f}",
        f"{median(run['cpu_us'] for run in own):.1f}" if subject != "direct" else "",
        f"{median(run['delta_cpu_us'] for run in own):.1f}" if own[0]["delta_cpu_us"] and subject != "direct" else "",
        _ratio(subject, runs),
        f"{p50:.2f}",
        f"{p99:.2f}",
        _added(p50, subject, runs),
    ]
    return f"| {' | '.join(values)} |"


def _ratio(subject: str, runs: list[Run]) -> str:
    """The median over rounds of this subject's CPU against nginx's in the same round."""
    if subject == "direct":
        return ""
    rounds = sorted({run["round"] for run in runs})
    ratios = [_cpu(runs, subject, turn) / _cpu(runs, "nginx", turn) for turn in rounds]
    return f"{median(ratios):.1f}"


def _cpu(runs: list[Run], subject: str, turn: int) -> float:
    values: list[float] = [run["cpu_us"] for run in runs if run["subject"] == subject and run["round"] == turn]
    return sum(values) / len(values)


def _latency(run: Run) -> dict[str, int]:
    """To the end of a JSON reply, to the first byte of a stream; microseconds."""
    found: dict[str, int] = run["latency_us"] if run["delta_cpu_us"] is None else run["first_byte_us"]
    return found


def _added(p50: float, subject: str, runs: list[Run]) -> str:
    direct = [_latency(run)["p50"] for run in runs if run["subject"] == "direct"]
    return f"{p50 - median(direct) / 1000:.2f}" if direct and subject != "direct" else ""


def _process(results: dict[str, Any]) -> str:
    if "start" not in results:
        return ""
    start, end = results["start"], results["end"]
    recorded = end["recorded"]
    lines = [
        "| the process | |",
        "|---|---:|",
        f"| start to the first served request, median of {len(start['start_s'])} | {median(start['start_s']):.2f} s |",
        f"| the very first start, with an empty database | {start['first_start_s']:.2f} s |",
        f"| resident memory at rest | {start['rss_mb']:.0f} MB |",
        f"| resident memory after {end['served']:,} requests (highest) | {end['rss_mb']:.0f} MB ({end['peak_mb']:.0f} MB) |",
    ]
    if recorded is not None:
        lines.append(f"| records in the database | {sum(recorded.values()):,} |")
    return "\n".join(lines)
