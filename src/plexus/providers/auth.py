"""How a credential goes upstream, as values: the scheme is a word of the configuration or of a preset."""

from __future__ import annotations

from urllib.parse import quote

from plexus.canonical.headers import Field
from plexus.domain.provider import AuthScheme, Credential

HEADERS: dict[AuthScheme, tuple[bytes, bytes]] = {
    "bearer": (b"authorization", b"Bearer "),  # RFC 6750 section 2.1
    "x-api-key": (b"x-api-key", b""),  # Anthropic
    "x-goog-api-key": (b"x-goog-api-key", b""),  # Google AI
    "api-key": (b"api-key", b""),  # Azure OpenAI
}
"""Scheme -> header name, and what stands before the secret."""

DEFAULTS: dict[str, AuthScheme] = {"anthropic_messages": "x-api-key", "gemini": "x-goog-api-key"}
"""Protocol -> the scheme of its owner, where it is not a bearer token."""


def auth_fields(scheme: AuthScheme, credential: Credential | None) -> list[Field]:
    """The header fields that carry ``credential``; none for the schemes ``query`` and ``none``, or without a credential."""
    if credential is None or scheme not in HEADERS:
        return []
    name, before = HEADERS[scheme]
    return [(name, before + credential.secret.encode("latin-1"))]


def auth_query(scheme: AuthScheme, credential: Credential | None) -> bytes:
    """``key=…`` for the scheme ``query``, percent-encoded; b"" for all others."""
    if credential is None or scheme != "query":
        return b""
    return b"key=" + quote(credential.secret, safe="").encode()


def default_scheme(protocol: str) -> AuthScheme:
    """How the protocol's owner takes a credential."""
    return DEFAULTS.get(protocol, "bearer")
