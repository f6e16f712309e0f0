from __future__ import annotations

import pytest
from tests.builders import key


@pytest.mark.parametrize(
    ("models", "name", "allowed"),
    [
        (None, "anything", True),
        (None, "", True),
        (r"gpt-.*|o1", "gpt-4o", True),
        (r"gpt-.*|o1", "o1", True),
        (r"gpt-.*|o1", "o1-mini", False),
        (r"gpt-.*|o1", "x-gpt-4o", False),
        (r"(?!)", "", False),
    ],
)
def test_the_whole_name_must_match(models: str | None, name: str, allowed: bool) -> None:
    assert key(models=models).allows(name) == allowed
