"""What is counted without leaving a record."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """Since the process started."""

    exchanges: int = 0
    active: int = 0
    refused: int = 0
    """Calls refused before a key was known."""
