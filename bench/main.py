"""``bench/run``: start everything, measure A B B A, write the results, print the table."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import bodies, machine, report
from bench.cells import CELLS, Cell
from bench.subjects import GATEWAY_PORT, LANES, MOCK_PORT, NGINX_PORT, PAIRS, ROOT, Gateway, Mock, Nginx, compiled

STARTS = 5
DELTAS = 100
MAX_STOLEN = 0.25
"""Cores that the hypervisor may take during a run; beyond that it is taken again, twice at most."""


class Bench:
    """The processes, and the runs so far."""

    def __init__(self, folder: Path, command: list[str] | None, seconds: float) -> None:
        self.folder = folder
        self.seconds = seconds
        self.load = compiled("load", folder)
        self.mock = Mock(folder)
        self.nginx = Nginx(folder)
        self.gateway = Gateway(folder, command) if command else None
        self.runs: list[dict[str, Any]] = []

    def close(self) -> None:
        """Stop all that was started."""
        for part in (self.gateway, self.nginx, self.mock):
            if part is not None:
                machine.stop(part.process)

    def subjects(self, cell: Cell) -> list[str]:
        """Who is measured in this cell."""
        ours = (PAIRS if cell.pairs else LANES) if self.gateway else ()
        return [*(["direct"] if cell.with_direct else []), "nginx", *ours]

    def _place(self, subject: str) -> tuple[int, subprocess.Popen[bytes]]:
        """Port and process."""
        if subject == "direct":
            return MOCK_PORT, self.mock.process
        if subject == "nginx":
            return NGINX_PORT, self.nginx.process
        assert self.gateway is not None
        return GATEWAY_PORT, self.gateway.process

    def _request(self, cell: Cell, subject: str) -> bytes:
        """What is sent, again and again."""
        client, over, spoken = subject.partition(" over ")
        protocol = client if over else "chat"
        ours = self.gateway is not None and subject in (*LANES, *PAIRS)
        model = f"bench-over-{spoken}" if over else f"bench-{subject}" if ours else "bench-1"
        path, body = bodies.call(protocol, model, cell.size, stream=cell.stream)
        return bodies.http(path, body, self.gateway.key if self.gateway is not None and ours else "none")

    def measure(self, cell: Cell, subject: str) -> dict[str, Any]:
        """One run of one cell."""
        port, process = self._place(subject)
        request = self.folder / "request"
        request.write_bytes(self._request(cell, subject))
        self.mock.pace(cell.first_ms, cell.gap_ms)
        # Alone, the mock is called from the other core, as the gateway is: a wake-up across cores belongs to every figure.
        core = machine.SUBJECT_CORE if subject == "direct" else machine.LOAD_CORE
        arguments = [port, request, cell.connections, self.seconds_of(cell), cell.rate, cell.ramp_ms]
        before, machine_before = machine.settle(process.pid), machine.Usage.now()
        main_before = machine.main_thread_seconds(process.pid)
        calibration, begun = machine.calibration_ms(), time.monotonic()
        load = subprocess.run(
            ["taskset", "-c", str(core), self.load, *map(str, arguments)],
            check=True, stdout=subprocess.PIPE,
        )  # fmt: skip
        took, machine_after = time.monotonic() - begun, machine.Usage.now()
        cpu = machine.settle(process.pid) - before
        said = json.loads(load.stdout)
        requests = max(said["requests"], 1)
        return {
            "cell": cell.name,
            "subject": subject,
            "requests": said["requests"],
            "failed": said["failed"],
            "rate": round(said["in_time"] / said["seconds"], 1),
            "cpu_us": round(cpu / requests * 1e6, 2),
            "main_cpu_us": round((machine.main_thread_seconds(process.pid) - main_before) / requests * 1e6, 2),
            "delta_cpu_us": round(cpu / requests / DELTAS * 1e6, 3) if cell.stream else None,
            "latency_us": said["latency_us"],
            "first_byte_us": said["first_byte_us"],
            "busy_cores": round((machine_after.busy - machine_before.busy) / took, 2),
            "stolen_cores": round((machine_after.stolen - machine_before.stolen) / took, 3),
            "calibration_ms": calibration,
        }

    def seconds_of(self, cell: Cell) -> float:
        """Paced streams last two seconds each; a run must hold several."""
        return self.seconds + 2 * cell.ramp_ms / 1000

    def run(self, cell: Cell, subject: str, turn: int) -> None:
        """Measure, again where the hypervisor was in the way, and keep the result."""
        result = self.measure(cell, subject)
        for _ in range(2):
            if result["stolen_cores"] > MAX_STOLEN:
                result = self.measure(cell, subject)
        self.runs.append({**result, "round": turn})
        p50, p99 = result["latency_us"]["p50"], result["latency_us"]["p99"]
        print(
            f"  {subject:22} {result['rate']:>9,.0f}/s  {result['cpu_us']:>8.1f} µs CPU  p50 {p50 / 1000:.2f}  "
            f"p99 {p99 / 1000:.2f} ms" + (f"  {result['failed']} FAILED" if result["failed"] else ""),
            file=sys.stderr,
        )


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """One bench at a time on a machine."""
    with Path(tempfile.gettempdir(), "bench.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def start_up(bench: Bench) -> dict[str, Any]:
    """Seconds to the first served request, and memory at rest."""
    assert bench.gateway is not None
    machine.settle(bench.gateway.process.pid)  # the first start makes the database; the others find it made
    seconds = sorted(bench.gateway.restart() for _ in range(STARTS))
    machine.settle(bench.gateway.process.pid)
    return {
        "first_start_s": round(bench.gateway.first_start, 3),
        "start_s": [round(each, 3) for each in seconds],
        "rss_mb": machine.memory_mb(bench.gateway.process.pid),
    }


def footprint(bench: Bench) -> dict[str, Any]:
    """Memory after the load, and whether everything that was served stands in the database."""
    gateway = bench.gateway
    assert gateway is not None
    pid = gateway.process.pid
    rss, peak = machine.memory_mb(pid), machine.memory_mb(pid, "VmHWM")
    machine.stop(gateway.process)  # drains the journal
    served = sum(run["requests"] for run in bench.runs if run["subject"] in (*LANES, *PAIRS))
    return {"rss_mb": rss, "peak_mb": peak, "served": served, "recorded": gateway.recorded()}


def take(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """All measurements."""
    command = None if options.nginx_only else shlex.split(options.command)
    bench = Bench(folder, command, options.seconds)
    results: dict[str, Any] = {
        "when": time.strftime("%Y-%m-%d"),
        "machine": machine.description(),
        "python": sys.version.split()[0],
        "nginx": bench.nginx.version,
        "rounds": options.rounds,
        "seconds": options.seconds,
        "runs": bench.runs,
    }
    try:
        if bench.gateway is not None:
            results["start"] = start_up(bench)
        for cell in CELLS:
            if (options.quick and not cell.quick) or options.only not in cell.name:
                continue
            print(cell.name, file=sys.stderr)
            subjects = bench.subjects(cell)
            for turn in range(options.rounds):
                for subject in [*subjects, *reversed(subjects)]:
                    bench.run(cell, subject, turn)
        if bench.gateway is not None:
            results["end"] = footprint(bench)
    finally:
        bench.close()
    return results


def profile(options: argparse.Namespace, folder: Path) -> str:
    """Where the gateway's main thread spends its time, on one lane. Needs a command that ends in ``plexus serve``."""
    found = folder / "profile.txt"
    plexus, *rest = shlex.split(options.command)
    bench = Bench(
        folder, [str(Path(plexus).parent / "python"), "-m", "bench.profiled", str(found), *rest], options.seconds
    )
    try:
        for cell in CELLS:
            if options.only in cell.name:
                print(cell.name, file=sys.stderr)
                bench.run(cell, options.profile, 0)
    finally:
        bench.close()
    return found.read_text()


def main() -> int:
    """Parse the command line and do it."""
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the main cells only, one round of two seconds each")
    parser.add_argument("--rounds", type=int, default=2, help="times that A B … B A is run in each cell (2)")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a run (3)")
    parser.add_argument("--only", default="", metavar="TEXT", help="only cells whose name has TEXT in it")
    parser.add_argument("--nginx-only", action="store_true", help="leave the gateway out")
    parser.add_argument(
        "--profile",
        choices=(*LANES, *PAIRS),
        help="where the time goes: profile this lane or pair, in the cells of --only",
    )
    parser.add_argument("--command", default=f"{ROOT}/.venv/bin/plexus serve", help="starts the gateway")
    parser.add_argument("--results", type=Path, default=ROOT / "build" / "bench" / "results.json")
    parser.add_argument("--report", action="store_true", help="measure nothing: print the table of --results")
    parser.add_argument("--keep", action="store_true", help="keep the cells of --results that are not measured now")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, min(options.seconds, 2.0)
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    if options.profile:
        with alone():
            print(profile(options, folder))
        return 0
    if not options.report:
        with alone():
            results = take(options, folder)
        if options.keep and options.results.exists():
            results = report.joined(json.loads(options.results.read_text()), results)
        options.results.write_text(json.dumps(results, indent=1) + "\n")
    table = report.table(json.loads(options.results.read_text()))
    print(table)
    if options.write:
        report.write(table, ROOT / "docs" / "performance.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
