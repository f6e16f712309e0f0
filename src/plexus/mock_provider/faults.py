"""Faults by model name, for people and drills: ``mock-fault-<name>`` answers with the step below, every time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from plexus.mock_provider.steps import Hang, Html, Raw, Redirect, Reply, Reset, Status, Step, Stream

PREFIX: Final = "mock-fault-"

FAULTS: Final[Mapping[str, Step]] = {
    "400": Status(400),
    "401": Status(401),
    "402": Status(402),
    "403": Status(403),
    "404-model": Status(404, kind="model"),
    "404": Status(404, body=b"not found", content_type="text/plain"),
    "408": Status(408),
    "409": Status(409),
    "413": Status(413),
    "422": Status(422),
    "429": Status(429),
    "429-retry-after": Status(429, retry_after=1),
    "429-quota": Status(429, kind="quota"),
    "500": Status(500),
    "502": Status(502),
    "503": Status(503),
    "503-retry-after": Status(503, retry_after=1),
    "504": Status(504),
    "529": Status(529),
    "context-length": Status(400, kind="context-length"),
    "content-filter": Status(400, kind="content-filter"),
    "region": Status(403, kind="region"),
    "redirect": Redirect(),
    "html": Html(),
    "malformed-json": Raw(b"{nope", "application/json"),
    "cut-json": Stream("a reply that is cut in the middle", cut_after=1, cut="abort"),
    "error-in-200": Status(200, kind="server"),
    "error-before-token": Stream("never said", error_after=1),
    "error-mid-stream": Stream("said before the error comes", error_after=6),
    "cut-mid-stream": Stream("said before the stream ends", cut_after=6),
    "reset-mid-stream": Stream("said before the reset", cut_after=6, cut="abort"),
    "no-event": Stream("never said", cut_after=0),
    "stall": Stream("said before the silence", stall_after=6),
    "no-first-byte": Hang(),
    "no-first-token": Hang(head=True),
    "reset": Reset(),
    "slow": Stream("a slow reply", delay=0.2),
    "empty": Reply(""),
    "no-done": Stream("complete, but for its last frame", without_done=True),
    "no-finish": Stream("complete, but for its finish", without_finish=True),
    "no-usage": Stream("complete, but for its usage", without_usage=True),
    "garbage": Stream("one event is no JSON", garbage_after=4),
}
"""What each name does."""


def fault_of(model: str) -> Step | None:
    """The step for a model's name; None for a model without a fault."""
    return FAULTS.get(model.removeprefix(PREFIX)) if model.startswith(PREFIX) else None
