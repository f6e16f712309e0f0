"""Who calls: the key behind the secret that the client sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from plexus.canonical.errors import ClientError, ErrorKind
from plexus.canonical.headers import Headers
from plexus.domain.key import Key
from plexus.domain.snapshot import Snapshot


class Caller(NamedTuple):
    """``label`` is the attribution: what followed the first colon of ``secret:label``, lower case."""

    key: Key
    label: str | None


def authenticate(
    headers: Headers, query: Mapping[str, str], snapshot: Snapshot, digest: Callable[[str], bytes]
) -> Caller:
    """The caller. Raises ClientError(KEY_INVALID).

    Secrets are looked up by a keyed hash, so nothing is compared whose timing could tell a secret.
    """
    presented = find_secret(headers, query)
    if presented is None:
        raise ClientError(
            ErrorKind.KEY_INVALID,
            "No API key. Send it as `Authorization: Bearer KEY`, `x-api-key: KEY` or `x-goog-api-key: KEY`.",
            code="invalid_api_key",
        )
    secret, _, label = presented.partition(":")
    key = snapshot.keys.get(digest(secret))
    if key is None or not key.enabled:
        raise ClientError(ErrorKind.KEY_INVALID, "The API key is not known here.", code="invalid_api_key")
    return Caller(key, label.lower() or None)


def find_secret(headers: Headers, query: Mapping[str, str]) -> str | None:
    """The secret as sent, in this order: Authorization (with or without Bearer), x-api-key, x-goog-api-key, ``?key=``."""
    authorization = headers.text(b"authorization")
    if authorization:
        scheme, space, rest = authorization.partition(" ")
        return rest.strip() if space and scheme.lower() == "bearer" else authorization.strip()
    return headers.text(b"x-api-key") or headers.text(b"x-goog-api-key") or query.get("key") or None
