"""Base URLs: which protocols they serve, and where."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from plexus.configuration.document import PROTOCOL_NAMES
from plexus.domain.link_local import is_link_local
from plexus.domain.provider import MODEL, Endpoint, Origin, TlsSettings

_VERSION = re.compile(r"/v\d+(?:beta\d*|alpha\d*)?$")
_PLAIN_QUERY = re.compile(r"api-version=[\w.-]+")
"""The one query that belongs to an address (Azure)."""
DEFAULT_PREFIX = "/v1"
PREFIXES = {"gemini": "/v1beta", "ollama": "/api", "cohere": "/v2", "bedrock_converse": ""}
"""The segment that a bare base URL lacks, by protocol; ``DEFAULT_PREFIX`` for all others."""

FAMILIES = (
    ("anthropic.com", "anthropic_messages"), ("generativelanguage.googleapis.com", "gemini"), (":11434/api", "ollama"),
    ("cohere.com/v2", "cohere"),
)  # fmt: skip
"""What a bare URL's host and path say about its protocol; Chat otherwise."""


def protocol_name(name: str) -> str | None:
    """Our name for a protocol as the file writes it; None for an unknown one."""
    return PROTOCOL_NAMES.get(name) or (name if name in PROTOCOL_NAMES.values() else None)


def guess_protocol(url: str) -> str:
    """The protocol of a URL that comes without one."""
    path = urlsplit(url).path.rstrip("/").removesuffix("/v1")
    if path.endswith("/anthropic"):
        return "anthropic_messages"  # how DeepSeek, Moonshot, Z.ai and others call their Messages endpoint
    return next((protocol for mark, protocol in FAMILIES if mark in url), "openai_chat")


def parse_endpoint(protocol: str, url: str, tls: TlsSettings | None, *, whole: bool = False) -> Endpoint:
    """The endpoint of a base URL. One that ends in a version segment, or is known to be ``whole``, is used as it is; else
    the prefix is added.

    Raises ValueError saying what to write.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no base URL. Write https://HOST/v1.")
    if is_link_local(parts.hostname):
        raise ValueError(f"{parts.hostname!r} is a link-local or metadata address, which no provider has.")
    if parts.fragment or (parts.query and not _PLAIN_QUERY.fullmatch(parts.query)):
        raise ValueError(f"{url!r} has a query. Write the base URL alone, such as https://HOST/v1.")
    if parts.username is not None:
        raise ValueError("a base URL holds no credentials. Write them as api_key or headers.")
    secure = parts.scheme == "https"
    try:
        port = parts.port or (443 if secure else 80)
    except ValueError:
        raise ValueError(f"{url!r} has no valid port.") from None
    path = parts.path.rstrip("/")
    prefix = PREFIXES.get(protocol, DEFAULT_PREFIX)
    if not whole and not _VERSION.search(path) and not path.endswith(("/openai", MODEL, prefix)):
        path += prefix
    origin = Origin(parts.hostname, port, (tls or TlsSettings()) if secure else None)
    return Endpoint(protocol=protocol, origin=origin, prefix=path, query=parts.query.encode())
