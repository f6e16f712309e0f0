"""How a credential travels to a provider: pure, by scheme."""

from __future__ import annotations

from urllib.parse import quote

from plexus.canonical.headers import Field
from plexus.domain.provider import AuthScheme, Credential

HEADERS: dict[AuthScheme, tuple[bytes, bytes]] = {
    "bearer": (b"authorization", b"Bearer "),
    "x-api-key": (b"x-api-key", b""),
    "x-goog-api-key": (b"x-goog-api-key", b""),
    "api-key": (b"api-key", b""),
}
"""Scheme -> header name, and what stands before the secret."""


def auth_fields(scheme: AuthScheme, credential: Credential | None) -> list[Field]:
    """The request headers that carry ``credential``; none for the schemes ``query`` and ``none``."""
    known = HEADERS.get(scheme)
    if credential is None or known is None:
        return []
    name, prefix = known
    return [(name, prefix + credential.secret.encode())]


def auth_query(scheme: AuthScheme, credential: Credential | None) -> bytes:
    """The query that carries ``credential`` (``key=…``), b"" for every other scheme."""
    if scheme != "query" or credential is None:
        return b""
    return b"key=" + quote(credential.secret, safe="").encode()
