"""The table of what is measured: one cell is one kind of load, put on each subject in turn."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """``rate`` 0: a closed loop, which finds the greatest rate; else requests a second in all. Times in milliseconds."""

    size: str
    connections: int
    rate: int = 0
    stream: bool = False
    first_ms: int = 0
    gap_ms: int = 0
    quick: bool = False
    """Also measured by ``--quick``."""
    pairs: bool = False
    """Every client protocol over every provider protocol, instead of the lanes."""

    @property
    def name(self) -> str:
        """As the table shows it."""
        if self.stream:
            pace = f"a delta every {self.gap_ms} ms" if self.gap_ms else "no pause"
            whom = ", each pair of protocols" if self.pairs else ""
            return f"stream of 100 deltas, {pace}, {self.connections} at once{whom}"
        load = f"{self.rate:,} requests/s" if self.rate else "as fast as it goes"
        plural = "s" if self.connections > 1 else ""
        return f"JSON {self.size}, {self.connections} client{plural}, {load}"

    @property
    def with_direct(self) -> bool:
        """Whether the mock is measured alone too: where latency is what matters."""
        return self.connections == 1 or self.rate > 0

    @property
    def ramp_ms(self) -> int:
        """Streams are begun evenly over the length of one."""
        return self.first_ms + 100 * self.gap_ms


CELLS = (
    Cell("300 B", 1, quick=True),
    Cell("300 B", 64, quick=True),
    Cell("300 B", 256),
    Cell("300 B", 64, rate=6000, quick=True),
    Cell("30 kB", 1),
    Cell("30 kB", 64, quick=True),
    Cell("30 kB", 256),
    Cell("300 B", 1, stream=True),
    Cell("300 B", 64, stream=True),
    Cell("300 B", 64, stream=True, first_ms=100, gap_ms=20),
    Cell("300 B", 256, stream=True, first_ms=100, gap_ms=20, quick=True),
    Cell("300 B", 256, stream=True, first_ms=100, gap_ms=20, pairs=True),
)
