from __future__ import annotations

import pytest
from tests.builders import provider, target

from plexus.routing.lane import Lane, choose_lane, choose_protocol

BOTH = target(provider(protocols=("openai_responses", "openai_chat", "anthropic_messages")))
SPOKEN = {"openai_chat", "anthropic_messages"}


def test_the_clients_own_protocol_is_preferred() -> None:
    assert choose_protocol("anthropic_messages", BOTH, SPOKEN) == "anthropic_messages"


def test_otherwise_the_targets_first_that_we_speak() -> None:
    assert choose_protocol("gemini", BOTH, SPOKEN) == "openai_chat"
    assert choose_protocol("gemini", BOTH, set()) is None


@pytest.mark.parametrize(
    ("same", "edited", "sealed", "lane"),
    [
        (True, False, False, "pass"),
        (True, True, False, "edit"),
        (True, True, True, "translate"),
        (False, False, False, "translate"),
    ],
)
def test_lanes(same: bool, edited: bool, sealed: bool, lane: Lane) -> None:
    assert choose_lane(same_protocol=same, edited=edited, sealed=sealed) == lane
