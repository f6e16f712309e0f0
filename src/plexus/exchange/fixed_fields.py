"""The part of a request's head that is the same for every call to a provider: written once, not for each exchange."""

from __future__ import annotations

from typing import NamedTuple

from plexus.domain.provider import Provider
from plexus.http1.head import encode_fields
from plexus.providers.auth import auth_fields


class Fixed(NamedTuple):
    """``names`` (lower case) are the fields that the operator configured: they win over the client's and the codec's."""

    provider: Provider
    names: frozenset[bytes]
    lines: bytes


class FixedFields:
    """Remembers one ``Fixed`` a provider, protocol and kind of reply, for as long as the provider is configured so."""

    def __init__(self, user_agent: bytes) -> None:
        self._user_agent = user_agent
        self._known: dict[tuple[str, str, bool | None], Fixed] = {}

    def of(self, provider: Provider, protocol: str, *, stream: bool | None) -> Fixed:
        """What heads every ``protocol`` request to ``provider``. ``stream`` None: its types are the caller's to say."""
        place = (provider.name, protocol, stream)
        known = self._known.get(place)
        if known is None or known.provider is not provider:
            known = self._known[place] = self._write(provider, protocol, stream)
        return known

    def _write(self, provider: Provider, protocol: str, stream: bool | None) -> Fixed:
        fields = [
            *provider.headers,
            *auth_fields(provider.auth.get(protocol, "bearer"), provider.credential),
        ]
        if stream is not None:
            fields.append((b"content-type", b"application/json"))
            fields.append((b"accept", b"text/event-stream" if stream else b"application/json"))
        names = frozenset(name.lower() for name, _ in provider.headers)
        if b"user-agent" not in names:
            fields.append((b"user-agent", self._user_agent))
        return Fixed(provider, names, encode_fields(fields))
