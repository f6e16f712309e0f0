"""The same APIs behind clouds: other paths, other credentials. And the services that give their access tokens.

- Vertex AI: Claude below ``publishers/anthropic``, where the path names the model and the body the version
  (https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude).
- Azure OpenAI: by deployment and ``api-version``
  (https://learn.microsoft.com/en-us/azure/ai-foundry/openai/reference).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qs

import msgspec

from plexus.canonical.headers import Headers
from plexus.mock_provider.answer import Json
from plexus.mock_provider.ask import Ask
from plexus.mock_provider.call import MockCall
from plexus.mock_provider.chat import request as chat_request
from plexus.mock_provider.errors import Fault, Refused
from plexus.mock_provider.messages import request as messages_request
from plexus.mock_provider.stage import Desk, Stage

VERTEX_VERSION: Final = "vertex-2023-10-16"
TOKEN: Final = "mock-access-token"  # noqa: S105 - what a mock gives to anybody
LIFETIME: Final = 3600


def read_vertex_claude(call: MockCall, stage: Stage) -> Ask:
    """The ask in a call of rawPredict or streamRawPredict. Raises Refused."""
    body = dict(call.json)
    if "model" in body:
        raise Refused("model: Extra inputs are not permitted")
    if body.pop("anthropic_version", None) != VERTEX_VERSION:
        raise Refused(f'anthropic_version: "{VERTEX_VERSION}" is required')
    if bool(body.get("stream")) is not call.path.endswith(":streamRawPredict"):
        raise Refused("stream: does not go with the method that was called")
    whole = msgspec.json.encode({**body, "model": call.model})
    return messages_request.read(whole, Headers([*call.headers, (b"anthropic-version", b"2023-06-01")]), stage.issuer)


def read_azure(call: MockCall, _stage: Stage) -> Ask:
    """The ask in a call of a deployment. Raises Refused."""
    if not parse_qs(call.query).get("api-version"):
        raise Refused("Resource not found", code="404", kind="not-found", status=404)
    return chat_request.read(call.body)


GRANTS: Final = {
    "urn:ietf:params:oauth:grant-type:jwt-bearer": ("assertion",),
    "refresh_token": ("client_id", "client_secret", "refresh_token"),
    "client_credentials": ("client_id", "client_secret", "scope"),
}
"""Grant -> what must come with it (RFC 6749, RFC 7523)."""


def token_error(fault: Fault, _ident: str) -> Json:
    """RFC 6749 section 5.2."""
    return {"error": fault.code or "invalid_request", "error_description": fault.message or fault.kind.message}


def give_token(desk: Desk) -> Callable[[], Json]:
    """An access token for a form that asks properly. It is the provider's key, where it has one."""
    form = {name: values[0] for name, values in parse_qs(desk.call.body.decode("latin-1")).items()}
    needed = GRANTS.get(form.get("grant_type", ""))
    if needed is None:
        raise Refused("the grant is not known", code="unsupported_grant_type")
    missing = [name for name in needed if name not in form]
    if missing:
        raise Refused(f"missing: {', '.join(missing)}", code="invalid_request")
    if "assertion" in needed and not _is_jwt(form["assertion"], desk.created):
        raise Refused("Invalid JWT", code="invalid_grant")
    return lambda: {"access_token": desk.stage.key or TOKEN, "expires_in": LIFETIME, "token_type": "Bearer"}


def _is_jwt(text: str, now: int) -> bool:
    """Whether it is a signed one that holds now, for one hour at most. Whose signature it is, a mock cannot know."""
    parts = text.split(".")
    try:
        head, claims = (msgspec.json.decode(base64.urlsafe_b64decode(part + "==")) for part in parts[:2])
        since, until = int(claims["iat"]), int(claims["exp"])
    except (ValueError, KeyError, TypeError, binascii.Error, msgspec.DecodeError):
        return False
    fresh = since - 60 <= now < until <= since + LIFETIME
    return fresh and len(parts) == 3 and bool(parts[2]) and head.get("alg") == "RS256" and bool(claims.get("iss"))
