from __future__ import annotations

import pytest

from plexus.routing.lane import Lane, choose_lane


@pytest.mark.parametrize(
    ("same", "edited", "decoded", "lane"),
    [
        (True, False, False, "pass"),
        (True, True, False, "edit"),
        (True, True, True, "translate"),
        (False, False, False, "translate"),
    ],
)
def test_lanes(same: bool, edited: bool, decoded: bool, lane: Lane) -> None:
    assert choose_lane(same_protocol=same, edited=edited, decoded=decoded) == lane
