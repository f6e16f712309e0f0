"""The models that are listed."""

from __future__ import annotations

from plexus.mock_provider.faults import FAULTS
from plexus.mock_provider.models import MODELS, is_known, listing
from plexus.mock_provider.planner import MINDS


def test_all_that_the_mock_can_play_is_listed_and_the_first_one_answers() -> None:
    assert MODELS[0] == "mock-chat"
    assert all(any(model.startswith(mind) for model in MODELS) for mind in MINDS)
    assert {f"mock-fault-{name}" for name in FAULTS} <= set(MODELS)
    assert is_known("mock-chat")
    assert not is_known("mock")
    assert listing("messages")["first_id"] == "mock-chat"
