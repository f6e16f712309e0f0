from __future__ import annotations

from typing import get_args

import pytest

from plexus.domain.provider import AuthScheme, Credential
from plexus.providers.auth import auth_fields, auth_query, default_scheme

CREDENTIAL = Credential("acme", "s3cret/+&=")


@pytest.mark.parametrize(
    ("scheme", "fields", "query"),
    [
        ("bearer", [(b"authorization", b"Bearer s3cret/+&=")], b""),
        ("x-api-key", [(b"x-api-key", b"s3cret/+&=")], b""),
        ("x-goog-api-key", [(b"x-goog-api-key", b"s3cret/+&=")], b""),
        ("api-key", [(b"api-key", b"s3cret/+&=")], b""),
        ("query", [], b"key=s3cret%2F%2B%26%3D"),
        ("none", [], b""),
    ],
)
def test_schemes(scheme: AuthScheme, fields: list[tuple[bytes, bytes]], query: bytes) -> None:
    assert auth_fields(scheme, CREDENTIAL) == fields
    assert auth_query(scheme, CREDENTIAL) == query


@pytest.mark.parametrize("scheme", get_args(AuthScheme))
def test_without_a_credential_nothing_is_sent(scheme: AuthScheme) -> None:
    assert auth_fields(scheme, None) == []
    assert auth_query(scheme, None) == b""


def test_the_owners_schemes() -> None:
    assert default_scheme("openai_chat") == "bearer"
    assert default_scheme("anthropic_messages") == "x-api-key"
    assert default_scheme("gemini") == "x-goog-api-key"
