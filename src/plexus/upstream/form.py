"""One form, posted: how access tokens are asked for (``providers.tokens.Fetch``)."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.domain.link_local import is_link_local
from plexus.domain.provider import Origin, TlsSettings
from plexus.upstream.client import UpstreamClient
from plexus.upstream.request import UpstreamRequest

MAX_ANSWER = 256 * 1024
SECONDS = 10.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")


async def post_form(client: UpstreamClient, url: str, form: dict[str, str]) -> tuple[int, bytes]:
    """(status, body) of the answer. Raises TransportError; ProviderError for an address that is not asked."""
    origin, target = _address(url)
    request = UpstreamRequest(
        origin=origin,
        target=target,
        headers=[(b"content-type", b"application/x-www-form-urlencoded"), (b"accept", b"application/json")],
        body=urlencode(form).encode(),
        max_reply_bytes=MAX_ANSWER,
        first_byte_timeout=SECONDS,
    )
    reply = await client.send(request, whole=True)
    return reply.status, await reply.body(MAX_ANSWER)


def _address(url: str) -> tuple[Origin, bytes]:
    """A secret goes there: over TLS, unless it stays on this machine, and never to a metadata service."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    host, secure = parts.hostname or "", parts.scheme == "https"
    if not host or is_link_local(host) or not (secure or (parts.scheme == "http" and host in LOOPBACK)):
        raise ProviderError(
            ErrorKind.UPSTREAM_AUTH,
            "The provider's credential cannot be used.",
            hint=f"{url!r} is no address of a token service: it must be https://",
        )
    origin = Origin(host, port or (443 if secure else 80), TlsSettings() if secure else None)
    return origin, (parts.path or "/").encode() + (b"?" + parts.query.encode() if parts.query else b"")
