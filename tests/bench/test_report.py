from __future__ import annotations

from pathlib import Path
from typing import Any

from bench import report


def run(subject: str, cpu_us: float, *, turn: int = 0, stream: bool = False, failed: int = 0) -> dict[str, Any]:
    return {
        "cell": "a cell", "subject": subject, "round": turn, "rate": 1000.0, "cpu_us": cpu_us, "failed": failed,
        "delta_cpu_us": cpu_us / 100 if stream else None, "stolen_cores": 0.1,
        "latency_us": {"p50": int(cpu_us * 10), "p99": 5000}, "first_byte_us": {"p50": 100, "p99": 200},
    }  # fmt: skip


def results(*runs: dict[str, Any]) -> dict[str, Any]:
    machine = {"cpu": "a core", "cores": 2, "kernel": "6.1"}
    return {
        "when": "2026-11-24", "machine": machine, "python": "3.11", "nginx": "nginx version: nginx/1.22", "rounds": 2,
        "seconds": 3.0, "runs": list(runs),
    }  # fmt: skip


def rows(table: str) -> dict[str, list[str]]:
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("| a")
    ]
    return {row[1]: row[2:] for row in cells}


def test_ratios_compare_within_a_round() -> None:
    both = [run("nginx", 10), run("pass", 30), run("nginx", 20, turn=1), run("pass", 60, turn=1)]
    assert rows(report.table(results(*both)))["pass"][3] == "3.0"


def test_added_latency_is_against_the_mock_alone() -> None:
    found = rows(report.table(results(run("direct", 5), run("nginx", 12), run("pass", 30))))
    assert found["pass"][-1] == "0.25"
    assert found["direct"][-1] == ""


def test_a_stream_has_a_cost_for_each_delta_and_the_latency_of_its_first_byte() -> None:
    found = rows(report.table(results(run("nginx", 1500, stream=True))))
    assert found["nginx"][1:] == ["1500.0", "15.0", "1.0", "0.10", "0.20", ""]


def test_failures_are_not_hidden() -> None:
    assert "pass (3 failed)" in report.table(results(run("nginx", 10), run("pass", 30, failed=3)))


def test_the_process_has_a_table_of_its_own() -> None:
    whole = results(run("nginx", 10))
    whole["start"] = {"first_start_s": 1.0, "start_s": [0.3, 0.4, 0.9], "rss_mb": 70.2}
    whole["end"] = {"rss_mb": 80.0, "peak_mb": 90.0, "served": 1234, "recorded": {"pass": 1000, "edit": 234}}
    table = report.table(whole)
    assert "| start to the first served request, median of 3 | 0.40 s |" in table
    assert "| records in the database | 1,234 |" in table


def test_the_table_goes_between_the_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    report.write("new", page)
    assert page.read_text() == f"before\n{report.BEGIN}\n\nnew\n\n{report.END}\nafter\n"
