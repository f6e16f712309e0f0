"""docs/mock-provider.md names all that there is."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from plexus.mock_provider.faults import FAULTS, PREFIX
from plexus.mock_provider.knobs import Knobs
from plexus.mock_provider.models import MODELS
from plexus.mock_provider.routes import ROUTES

PAGE = (Path(__file__).parents[2] / "docs" / "mock-provider.md").read_text(encoding="utf-8")
NAMED = {name for quoted in re.findall(r"`([^`\n]+)`", PAGE) for name in (quoted, quoted.rpartition(":")[2])}


def test_every_fault_knob_and_model_is_named() -> None:
    assert set(FAULTS) - NAMED == set()
    assert {one.name for one in fields(Knobs)} - NAMED == set()
    assert {name for name in MODELS if not name.startswith(PREFIX)} - NAMED == set()


def test_every_path_is_named() -> None:
    examples = [name.replace("{model}", "m").replace("{id}", "r") for name in NAMED if name.startswith("/")]
    examples += [f"/v1beta/models/m:{name}" for name in NAMED]
    examples += ["/v1/responses/r/input_items", "/v1/responses/r/cancel"]
    lonely = [route.pattern.pattern for route in ROUTES if not any(route.pattern.fullmatch(one) for one in examples)]
    assert lonely == []
