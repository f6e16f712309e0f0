"""Processes on pinned cores, and what they and the machine have used."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERTZ = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
SUBJECT_CORE, LOAD_CORE = CORES[0], CORES[-1]
NICENESS = -10
"""Of all parts alike, where root may: it keeps the rest of the machine out of the way."""


def start(
    command: Sequence[str],
    core: int,
    *,
    log: Path | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """The command on ``core``, in a session of its own; its output goes to ``log``."""

    def pin() -> None:
        os.sched_setaffinity(0, {core})
        with contextlib.suppress(OSError):  # only root may be less nice
            os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
            Path("/proc/self/autogroup").write_text(str(NICENESS))  # where sessions are scheduled as groups

    output = log.open("ab") if log is not None else subprocess.DEVNULL
    return subprocess.Popen(
        command,
        stdout=output,
        stderr=output,
        cwd=cwd,
        env=env,
        start_new_session=True,
        preexec_fn=pin,  # noqa: PLW1509 - no threads here
    )


def stop(process: subprocess.Popen[bytes], patience: float = 20.0) -> None:
    """SIGTERM, and SIGKILL after ``patience`` seconds."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def cpu_seconds(pid: int) -> float:
    """User and system time of the process, all its threads and its reaped children (proc(5), fields 14 to 17)."""
    return sum(_times(f"/proc/{pid}/stat")) / HERTZ


def main_thread_seconds(pid: int) -> float:
    """The same of its main thread alone, where the event loop runs: what else there is, is work behind the replies."""
    return sum(_times(f"/proc/{pid}/task/{pid}/stat")[:2]) / HERTZ


def _times(file: str) -> list[int]:
    fields = Path(file).read_text().rpartition(") ")[2].split()
    return [int(field) for field in fields[11:15]]


def memory_mb(pid: int, field: str = "VmRSS") -> float:
    """Resident memory now, or (``VmHWM``) at its highest, in MB of 2**20 bytes."""
    found = re.search(rf"^{field}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found is not None
    return round(int(found[1]) / 1024, 1)


def settle(pid: int, limit: float = 30.0) -> float:
    """Wait until the process has nothing left to do; its CPU seconds by then. Raises TimeoutError after ``limit``."""
    end = time.monotonic() + limit
    before = cpu_seconds(pid)
    while time.monotonic() < end:
        time.sleep(0.3)
        now = cpu_seconds(pid)
        if now - before <= 1 / HERTZ:
            return now
        before = now
    raise TimeoutError(f"process {pid} is still at work")


@dataclass(frozen=True)
class Usage:
    """CPU seconds of the whole machine: at work, and taken by the hypervisor for others."""

    busy: float
    stolen: float

    @classmethod
    def now(cls) -> Usage:
        user, nice, system, idle, wait, irq, softirq, stolen = (
            int(field) / HERTZ for field in Path("/proc/stat").read_text().split()[1:9]
        )
        del idle, wait
        return cls(user + nice + system + irq + softirq, stolen)


def calibration_ms() -> float:
    """CPU milliseconds of a fixed loop now: a virtual core is not equally fast at all times."""
    best = float("inf")
    for _ in range(3):
        begun, x = time.thread_time(), 0
        for i in range(300_000):
            x = (x * 31 + i) % 1_000_003
        best = min(best, time.thread_time() - begun)
    return round(best * 1000, 2)


def description() -> dict[str, str | int]:
    """What ran the bench."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    release = os.uname()
    return {
        "cpu": cpu[1].strip() if cpu else release.machine,
        "cores": len(CORES),
        "kernel": release.release.partition("-")[0],
    }
