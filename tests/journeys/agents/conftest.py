"""What the journeys of the agents share."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.journeys.agents.install import NoAgents, installed


@pytest.fixture(scope="session")
def programs() -> Path:
    """The folder with the agents' programs. Fails, and does not skip, where they cannot be had."""
    try:
        return installed()
    except NoAgents as reason:
        pytest.fail(str(reason), pytrace=False)
