from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import HTTPException

from plexus.management_api.auth import require_admin


def admitted(expected: str | None, sent: str | None) -> int:
    """The status that a caller gets; 200 for an operator."""
    control = SimpleNamespace(admin_key=lambda: expected)
    request: Any = SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(control=control)))
    try:
        require_admin(request, sent)
    except HTTPException as refused:
        assert refused.detail  # noqa: PT017 - both outcomes are in the table
        return refused.status_code
    return 200


@pytest.mark.parametrize(
    ("expected", "sent", "status"),
    [
        ("admin-secret", "admin-secret", 200),
        ("schlüssel", "schlüssel", 200),
        ("admin-secret", None, 401),
        ("admin-secret", "", 401),
        ("admin-secret", "admin-secre", 401),
        ("admin-secret", "admin-secret ", 401),
        ("admin-secret", "ADMIN-SECRET", 401),
        ("admin-secret", "ä", 401),
        (None, None, 403),
        (None, "", 403),
        (None, "None", 403),
    ],
)
def test_only_the_holder_of_the_key_operates(expected: str | None, sent: str | None, status: int) -> None:
    assert admitted(expected, sent) == status
