from __future__ import annotations

import pytest

from plexus.canonical.usage import Usage
from plexus.protocols.tap import Noted


@pytest.mark.parametrize(
    ("ended", "said", "usage", "empty"),
    [
        (True, False, None, True),
        (True, False, Usage(input=5), True),
        (True, False, Usage(output=1), False),
        (True, True, None, False),
        (False, False, None, False),
    ],
)
def test_empty_is_a_proper_end_with_nothing_said(ended: bool, said: bool, usage: Usage | None, empty: bool) -> None:
    noted = Noted()
    noted.ended, noted.said, noted.usage = ended, said, usage
    assert noted.empty == empty
