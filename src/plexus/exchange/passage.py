"""Raw passage to a provider: who may, where a path leads, and what of the heads goes through. Pure.

``/raw/{provider}/{path}``: the path is the provider's own, from the root of its host, so that ``https://api.openai.com`` in a
program becomes ``http://…/raw/openai`` and nothing else changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import unquote

from plexus.canonical.errors import ClientError, ErrorKind, bad_request
from plexus.canonical.headers import Field, Headers
from plexus.domain.key import Key
from plexus.domain.provider import Endpoint, Provider
from plexus.domain.snapshot import Snapshot
from plexus.exchange.call import AnyCodec

RAW = "raw/"
"""What a provider's name is put behind where a key's ``models`` speak of it."""
REFUSED_METHODS = frozenset({b"TRACE", b"CONNECT"})
"""TRACE gives back the head that it got (RFC 9110 section 9.3.8), and with it the credential."""


class Passage(NamedTuple):
    """Where a raw call goes. ``operation`` and ``model`` are what its path says of them, None for nothing that we know."""

    provider: Provider
    endpoint: Endpoint
    operation: str | None
    model: str | None


def find_passage(
    name: str, path: bytes, key: Key, snapshot: Snapshot, codecs: Mapping[tuple[str, str], AnyCodec]
) -> Passage:
    """The passage of a call to ``path`` (raw, from the host's root) of the provider ``name``.

    Raises ClientError: KEY_FORBIDDEN for a key that has no passthrough or whose models leave ``raw/<provider>`` out,
    NOT_FOUND for a provider or a path that is not open, BAD_REQUEST for a path that climbs.
    """
    if not key.passthrough or not key.allows(RAW + name):
        raise ClientError(
            ErrorKind.KEY_FORBIDDEN, f"This key may not pass calls through to {name!r}.", code="permission_denied"
        )
    provider = snapshot.providers.get(name)
    if provider is None or provider.passthrough is None:
        raise ClientError(ErrorKind.NOT_FOUND, f"No provider {name!r} is open to calls that pass through.")
    if not provider.enabled:
        raise ClientError(ErrorKind.UNAVAILABLE, f"The provider {name!r} is switched off.")
    text = path.decode("latin-1")
    if climbs(text):
        raise bad_request("The path must not climb: leave out . and .. in all spellings.")
    found = _find_endpoint(text, provider, codecs)
    if found is None:
        allowed = provider.passthrough or tuple(sorted({endpoint.prefix for endpoint in provider.endpoints.values()}))
        shown = ", ".join(f"/raw/{name}{prefix}/…" for prefix in allowed)
        raise ClientError(ErrorKind.NOT_FOUND, f"This path of {name!r} is not open. Open: {shown}.")
    return found


def climbs(path: str) -> bool:
    """Whether some reader could take ``path`` for one with dot segments, or for a host: by slashes of either kind, parameters
    (``..;``) or percent-encoding, once or several times."""
    if path.startswith(("//", "/\\")):
        return True
    for _ in range(4):
        if any(segment.partition(";")[0].strip() in (".", "..") for segment in re.split(r"[/\\]", path)):
            return True
        decoded = unquote(path)
        if decoded == path:
            return False
        path = decoded
    return True


def _find_endpoint(path: str, provider: Provider, codecs: Mapping[tuple[str, str], AnyCodec]) -> Passage | None:
    """The endpoint whose base URL ``path`` is below: one that has an operation there, else the nearest. For paths that the
    operator opened beside them, the first."""
    if provider.passthrough and not any(_is_below(path, prefix) for prefix in provider.passthrough):
        return None
    around = [endpoint for endpoint in provider.endpoints.values() if _is_below(path, endpoint.prefix)]
    for endpoint in around:
        known = _find_operation(path[len(endpoint.prefix) :], endpoint.protocol, codecs)
        if known is not None:
            return Passage(provider, endpoint, *known)
    if around:
        return Passage(provider, max(around, key=lambda endpoint: len(endpoint.prefix)), None, None)
    if provider.passthrough and provider.endpoints:
        return Passage(provider, next(iter(provider.endpoints.values())), None, None)
    return None


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix.rstrip("/") + "/")


_MARK = "plexus-model"


def _find_operation(
    rest: str, protocol: str, codecs: Mapping[tuple[str, str], AnyCodec]
) -> tuple[str, str | None] | None:
    """(operation, model in the path) of what stands below a base URL."""
    for (spoken, operation), codec in codecs.items():
        for stream in (False, True) if spoken == protocol else ():
            before, mark, after = codec.path(_MARK, stream).partition(_MARK)
            if not mark and rest == before:
                return operation, None
            if mark and rest.startswith(before) and rest.endswith(after) and len(rest) > len(before) + len(after):
                return operation, unquote(rest[len(before) : len(rest) - len(after)])
    return None


HOP_BY_HOP = frozenset(
    {
        b"connection", b"http2-settings", b"keep-alive", b"proxy-authenticate", b"proxy-authorization",
        b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade",
    }
)  # fmt: skip
"""RFC 9110 section 7.6.1."""
NOT_UP = HOP_BY_HOP | {
    b"accept-encoding", b"api-key", b"authorization", b"content-length", b"cookie", b"expect", b"forwarded", b"host",
    b"x-api-key", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-goog-api-key", b"x-real-ip",
}  # fmt: skip
"""The client's own secrets and address, and what belongs to its connection with us."""
NOT_DOWN = HOP_BY_HOP | {b"alt-svc", b"content-length", b"date", b"set-cookie", b"strict-transport-security"}
"""What a provider says of its own host would be taken for ours."""
OUR_PREFIX = b"x-plexus-"


def fields_up(headers: Headers, configured: frozenset[bytes]) -> list[Field]:
    """The client's fields that go to the provider; ``configured`` are names that the operator has filled."""
    return [field for field in _passing(headers, NOT_UP) if field[0].lower() not in configured]


def fields_down(headers: Headers) -> list[Field]:
    """The provider's fields that go to the client. Its own request id gets another name, since ours has that one."""
    fields: list[Field] = []
    for name, value in _passing(headers, NOT_DOWN):
        ours = name.lower() in (b"x-request-id", b"x-upstream-request-id")
        fields.append((b"x-upstream-request-id", value) if ours else (name, value))
    length = headers.get(b"content-length")
    if length is not None:
        fields.append((b"content-length", length))
    return fields


def _passing(headers: Headers, dropped: frozenset[bytes]) -> Iterable[Field]:
    named = {
        option.strip(b" \t").lower() for value in headers.all(b"connection") for option in value.split(b",")
    } | dropped
    for name, value in headers:
        lower = name.lower()
        if lower not in named and not lower.startswith(OUR_PREFIX):
            yield name, value
