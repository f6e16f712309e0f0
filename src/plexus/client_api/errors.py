"""What goes wrong outside an exchange, in the protocol that the caller seems to speak."""

from __future__ import annotations

from collections.abc import Mapping

from plexus.canonical.errors import ClientError, ErrorKind, GatewayError
from plexus.canonical.headers import Field, Headers
from plexus.client_api.endpoints import ENDPOINTS
from plexus.exchange.call import AnyCodec
from plexus.http1.server import Incoming

Codecs = Mapping[tuple[str, str], AnyCodec]


def answer_error(
    incoming: Incoming, error: GatewayError, request_id: str, codec: AnyCodec, fields: tuple[Field, ...] = ()
) -> None:
    """Answer ``error`` in the codec's protocol."""
    reply = codec.encode_error(error, request_id)
    incoming.respond(reply.status, [*reply.headers, (b"x-request-id", request_id.encode()), *fields], reply.body)


def speaks_gemini(headers: Headers, query: bytes) -> bool:
    """Whether a caller sends its key as Google's clients do."""
    return b"x-goog-api-key" in headers or any(part.startswith(b"key=") for part in query.split(b"&"))


def protocol_of(path: bytes, headers: Headers, query: bytes = b"") -> str:
    """The protocol whose shapes a caller of ``path`` will understand: by the path, else by the headers of its clients."""
    if path.startswith(b"/v1beta/"):
        return "gemini"
    if b"anthropic-version" in headers or path.startswith(b"/v1/messages"):
        return "anthropic_messages"
    if path.startswith((b"/v1/responses", b"/v1/conversations")):
        return "openai_responses"
    if path.startswith(b"/v1/models") and speaks_gemini(headers, query):
        return "gemini"
    return "openai_chat"


def not_found(method: bytes, path: bytes) -> ClientError:
    """The 404 of a path below ``/v1`` or ``/v1beta``, with the nearest path that exists."""
    name = path.decode("latin-1")
    known = [endpoint.decode() for endpoint in ENDPOINTS]
    meant = next((endpoint for endpoint in known if endpoint.endswith(name) or name.endswith(endpoint)), None)
    hint = f" Did you mean {meant}?" if meant and meant != name else ""
    return ClientError(
        ErrorKind.NOT_FOUND, f"No such path: {method.decode('latin-1')} {name}.{hint}", code="unknown_url"
    )


def wrong_method(method: bytes, path: bytes, allowed: bytes) -> ClientError:
    """The 405."""
    return ClientError(
        ErrorKind.METHOD_NOT_ALLOWED,
        f"{path.decode('latin-1')} takes {allowed.decode()}, not {method.decode('latin-1')}.",
        code="method_not_allowed",
    )
