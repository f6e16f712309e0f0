"""Runs ``plexus`` under a sampling profiler: ``python -m bench.profiled REPORT serve …``.

Each tick of the process's CPU time (SIGPROF, some 250 a second) the main thread's stack is counted. What C code takes is
charged to the Python function that called it. At the exit REPORT gets two tables: functions by their own time, and with
all that they call.
"""

from __future__ import annotations

import atexit
import runpy
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

INTERVAL = 0.001
ROWS = 45


class Sampler:
    """Counts stacks. A recursive function counts once a stack."""

    def __init__(self) -> None:
        self.samples = 0
        self.own: Counter[str] = Counter()
        self.whole: Counter[str] = Counter()

    def tick(self, _signal: int, frame: FrameType | None) -> None:
        """Signal handler."""
        self.samples += 1
        seen: set[str] = set()
        while frame is not None:
            name = label(frame)
            if not seen:
                self.own[name] += 1
            if name not in seen:
                seen.add(name)
                self.whole[name] += 1
            frame = frame.f_back

    def report(self) -> str:
        """Both tables."""
        return "\n\n".join(
            f"{title}, % of {self.samples} samples\n"
            + "\n".join(
                f"{100 * count / max(self.samples, 1):6.1f}  {name}" for name, count in counts.most_common(ROWS)
            )
            for title, counts in (("Own time", self.own), ("With callees", self.whole))
        )


def label(frame: FrameType) -> str:
    """``package/file.py function``."""
    code = frame.f_code
    return f"{'/'.join(Path(code.co_filename).parts[-2:])} {code.co_qualname}"


def main() -> None:
    """Profile the rest of the command line as ``plexus`` would run it."""
    report, sampler = Path(sys.argv[1]), Sampler()
    sys.argv = ["plexus", *sys.argv[2:]]
    atexit.register(lambda: report.write_text(sampler.report() + "\n"))
    signal.signal(signal.SIGPROF, sampler.tick)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
    runpy.run_module("plexus", run_name="__main__")  # importing is part of the profile


if __name__ == "__main__":
    main()
