"""AWS Signature Version 4 (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).

The signature covers method, path, query, the named headers and the body, so it is made when nothing of the request changes
any more.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterable
from urllib.parse import quote

import msgspec

from plexus.canonical.headers import Field

ALGORITHM = "AWS4-HMAC-SHA256"


class AwsKeys(msgspec.Struct, frozen=True):
    """Who signs. ``session_token`` goes with keys that expire."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None

    def __repr__(self) -> str:
        return f"AwsKeys({self.access_key_id!r}, ***)"


class Signable(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it will be sent. ``target`` is path and query, escaped once; ``headers`` are those that the signature
    must cover beside Host and its own (``content-type``, ``x-amz-*``), names in lower case."""

    method: bytes = b"POST"
    host: str
    target: bytes
    headers: tuple[Field, ...] = ()
    body: bytes


class Scope(msgspec.Struct, frozen=True):
    """What a signature holds for."""

    region: str
    service: str


def sign(request: Signable, keys: AwsKeys, scope: Scope, now: float) -> list[Field]:
    """The fields that ``request`` is sent with: date, token and authorization. ``now`` is in unix seconds."""
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    added: list[Field] = [(b"x-amz-date", date.encode())]
    if keys.session_token is not None:
        added.append((b"x-amz-security-token", keys.session_token.encode()))
    covered = _canonical_headers([(b"host", request.host.encode()), *request.headers, *added])
    place = f"{date[:8]}/{scope.region}/{scope.service}/aws4_request"
    digest = hashlib.sha256(_canonical_request(request, covered)).hexdigest()
    text = f"{ALGORITHM}\n{date}\n{place}\n{digest}"
    signature = hmac.digest(_signing_key(keys.secret_access_key, date[:8], scope), text.encode(), hashlib.sha256)
    names = ";".join(name for name, _ in covered)
    said = f"{ALGORITHM} Credential={keys.access_key_id}/{place}, SignedHeaders={names}, Signature={signature.hex()}"
    return [*added, (b"authorization", said.encode())]


def _signing_key(secret: str, day: str, scope: Scope) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, scope.region, scope.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    return key


def _canonical_headers(fields: Iterable[Field]) -> list[tuple[str, str]]:
    """Name in lower case -> values, white space folded, in the order of the names."""
    found: dict[str, list[str]] = {}
    for name, value in fields:
        found.setdefault(name.decode("latin-1").lower(), []).append(" ".join(value.decode("latin-1").split()))
    return [(name, ",".join(found[name])) for name in sorted(found)]


def _canonical_request(request: Signable, covered: list[tuple[str, str]]) -> bytes:
    path, _, query = request.target.decode("latin-1").partition("?")
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&") if pair)
    lines = [
        request.method.decode(),
        quote(path or "/", safe="/~"),  # what is sent escaped is escaped once more, for all services but S3
        "&".join(f"{name}={value}" for name, value in pairs),
        *(f"{name}:{value}" for name, value in covered),
        "",
        ";".join(name for name, _ in covered),
        hashlib.sha256(request.body).hexdigest(),
    ]
    return "\n".join(lines).encode("latin-1")
