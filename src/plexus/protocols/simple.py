"""Operations of one question and one answer in JSON (embeddings, rerank): their codecs without what streams need.

An operation is a short table of its functions for each protocol; what all of them share stands here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn, TypeVar

import msgspec

from plexus.canonical.errors import ClientError, ErrorKind, GatewayError, ProviderError
from plexus.canonical.headers import Headers
from plexus.canonical.losses import Losses
from plexus.protocols.codec import Codec, ErrorReply, Inbound, Outbound, all_of
from plexus.protocols.envelope import Envelope
from plexus.protocols.tap import Seen, WholeTap
from plexus.protocols.unreadable import UNREADABLE, as_utf8

Request = TypeVar("Request")
Response = TypeVar("Response")
Dialect = TypeVar("Dialect")
Wire = TypeVar("Wire")


class Asking(NamedTuple):
    """An operation's functions towards providers: see ``protocols.codec.ProviderCodec``."""

    encode_request: Callable[[Any, Any], tuple[Outbound, Losses]]
    decode_response: Callable[[bytes, Any], Any]
    decode_error: Callable[[int, Headers, bytes], GatewayError]


class Answering(NamedTuple):
    """An operation's functions towards clients: see ``protocols.codec.Codec``."""

    decode_request: Callable[[Inbound], Any]
    encode_response: Callable[[Any, Any], tuple[bytes, Losses]]
    encode_error: Callable[[GatewayError, str], ErrorReply]


def edit_model(body: Envelope, model: str, dialect: object) -> dict[str, bytes]:
    """The upstream model's name, where the client calls it by another."""
    del dialect
    return {} if body.get("model", str) == model else {"model": msgspec.json.encode(model)}


def simple(
    place: tuple[str, str],
    dialect: Dialect,
    path: Callable[[str, bool], str],
    asking: Asking,
    answering: Answering,
    look: Callable[[bytes, Dialect], Seen],
    **more: Any,
) -> Codec[Any, Any, Dialect]:
    """The codec of ``place`` (protocol, operation); ``more`` are members of it that differ from the plain case."""
    protocol, operation = place
    members: dict[str, Any] = {
        "forwarded_headers": frozenset(),
        "demands_usage": True,
        "edits": edit_model,
        "withholds": lambda event: False,
        "fits": all_of,
        **more,
    }
    return Codec(
        protocol=protocol,
        operation=operation,
        generates=False,
        default_dialect=dialect,
        path=path,
        **asking._asdict(),
        **answering._asdict(),
        tap=lambda answers: WholeTap(lambda body: look(body, answers)),
        stream_decoder=_no_stream,
        stream_encoder=_no_stream,
        encode_stream_error=_no_stream,
        heartbeat=b"",
        terminator=b"",
        **members,
    )


def _no_stream(*_: Any) -> NoReturn:
    raise ClientError(ErrorKind.BAD_REQUEST, "This operation does not stream.")


def read_reply(decoder: msgspec.json.Decoder[Wire], body: bytes) -> Wire:
    """A provider's reply. Raises ProviderError for one that cannot be read."""
    try:
        return decoder.decode(as_utf8(body))
    except UNREADABLE as wrong:
        raise malformed(str(wrong)) from None


def malformed(hint: str) -> ProviderError:
    """A reply that is not what its protocol says. ``hint`` is for the operator."""
    message = "The provider's reply is not the JSON that it should be."
    return ProviderError(ErrorKind.UPSTREAM_MALFORMED, message, status=200, hint=hint)
