from __future__ import annotations

import pytest

from plexus.domain.provider import AuthScheme, Credential
from plexus.providers.auth import auth_fields, auth_query

SECRET = Credential("default", "s&cret")


@pytest.mark.parametrize(
    ("scheme", "field"),
    [
        ("bearer", (b"authorization", b"Bearer s&cret")),
        ("x-api-key", (b"x-api-key", b"s&cret")),
        ("x-goog-api-key", (b"x-goog-api-key", b"s&cret")),
        ("api-key", (b"api-key", b"s&cret")),
    ],
)
def test_header_schemes(scheme: AuthScheme, field: tuple[bytes, bytes]) -> None:
    assert auth_fields(scheme, SECRET) == [field]
    assert auth_fields(scheme, None) == []
    assert auth_query(scheme, SECRET) == b""


def test_the_query_scheme_escapes() -> None:
    assert auth_fields("query", SECRET) == []
    assert auth_query("query", SECRET) == b"key=s%26cret"
    assert auth_query("none", SECRET) == b""


def test_a_credential_does_not_show_itself() -> None:
    assert "s&cret" not in repr(SECRET)
