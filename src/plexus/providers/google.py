"""Google's credentials as questions for an access token: service accounts (a signed JWT, RFC 7523) and users' refresh
tokens (https://developers.google.com/identity/protocols/oauth2/service-account).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path

import msgspec

from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.providers.tokens import Question

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFETIME = 3600


class GoogleKey(msgspec.Struct, frozen=True):
    """A credentials file of Google's tools."""

    type: str
    client_email: str | None = None
    private_key: str | None = None
    private_key_id: str | None = None
    token_uri: str = TOKEN_URL
    client_id: str | None = None
    client_secret: str | None = None
    refresh_token: str | None = None

    def __repr__(self) -> str:
        return f"GoogleKey({self.type!r}, ***)"


def find_key(credentials: str | None, environ: Mapping[str, str]) -> GoogleKey:
    """The key of an account: the configuration's own, else of GOOGLE_APPLICATION_CREDENTIALS, else the one that ``gcloud auth
    application-default login`` leaves. Raises ProviderError(UPSTREAM_AUTH) where there is none that can be used."""
    text = credentials
    if text is None:
        home = Path(environ.get("CLOUDSDK_CONFIG") or Path(environ.get("HOME", "~")).expanduser() / ".config/gcloud")
        path = environ.get("GOOGLE_APPLICATION_CREDENTIALS") or home / "application_default_credentials.json"
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, ValueError):
            raise _missing(
                "no Google credentials: neither under google:, nor in GOOGLE_APPLICATION_CREDENTIALS, nor from gcloud"
            ) from None
    return read_key(text)


def read_key(text: str) -> GoogleKey:
    """The key in a credentials file. Raises ProviderError(UPSTREAM_AUTH)."""
    try:
        key = msgspec.json.decode(text, type=GoogleKey)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise _missing("the Google credentials are no JSON of a key") from None
    needed = {
        "service_account": (key.client_email, key.private_key),
        "authorized_user": (key.client_id, key.client_secret, key.refresh_token),
    }.get(key.type)
    if needed is None:
        raise _missing(
            f"Google credentials of type {key.type!r} are not taken; service_account and authorized_user are"
        )
    if not all(needed):
        raise _missing(f"the Google credentials of type {key.type!r} are not complete")
    return key


def ask(key: GoogleKey, now: float) -> Question:
    """What the token is asked for with. Raises ProviderError(UPSTREAM_AUTH)."""
    if key.type == "authorized_user":
        form = {
            "grant_type": "refresh_token",
            "client_id": key.client_id or "",
            "client_secret": key.client_secret or "",
            "refresh_token": key.refresh_token or "",
        }
        return Question(key.token_uri, form)
    return Question(key.token_uri, {"grant_type": GRANT, "assertion": _assertion(key, int(now))})


def _assertion(key: GoogleKey, now: int) -> str:
    """The signed JWT (RFC 7515, RS256)."""
    head = {"alg": "RS256", "typ": "JWT", **({"kid": key.private_key_id} if key.private_key_id else {})}
    claims = {
        "iss": key.client_email,
        "sub": key.client_email,
        "scope": SCOPE,
        "aud": key.token_uri,
        "iat": now,
        "exp": now + LIFETIME,
    }
    text = f"{_part(json.dumps(head).encode())}.{_part(json.dumps(claims).encode())}"
    return f"{text}.{_part(_rs256(key.private_key or '', text.encode()))}"


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _rs256(pem: str, message: bytes) -> bytes:
    try:
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - an optional extra
        from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415
    except ImportError:
        raise _missing(
            "a service account signs with RSA, which needs the extra 'vertex': pip install 'plexus-gateway[vertex]'"
        ) from None
    try:
        private = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _missing("the service account's private_key is no PEM key") from None
    if not isinstance(private, rsa.RSAPrivateKey):
        raise _missing("the service account's private_key is no RSA key")
    return private.sign(message, padding.PKCS1v15(), SHA256())


def _missing(hint: str) -> ProviderError:
    return ProviderError(ErrorKind.UPSTREAM_AUTH, "The provider's credential is missing or cannot be used.", hint=hint)
