"""Operations of OpenAI's shape whose bodies are carried, never translated: images and audio.

Their requests are JSON or forms, their replies JSON, text, sound or a stream of events; what the gateway must know of a
reply (usage, a failure inside it, its proper end) is read in passing. Where they differ is a table each, in ``images`` and
``audio``. https://platform.openai.com/docs/api-reference
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import msgspec

from plexus.canonical.errors import ClientError, ErrorKind, GatewayError, ProviderError
from plexus.canonical.usage import Usage, add, usage
from plexus.protocols.codec import Codec, fixed_path
from plexus.protocols.envelope import Envelope
from plexus.protocols.members import ABSENT, present
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_errors import decode_error, decode_error_body, encode_error, error_object
from plexus.protocols.sse import encode_event, split_events
from plexus.protocols.tap import Noted
from plexus.protocols.unreadable import UNREADABLE

PROTOCOL = "openai_chat"
"""Providers serve these operations at the base URL of Chat Completions."""


class Details(msgspec.Struct):
    """``usage.input_tokens_details`` and the like."""

    image_tokens: int | None = None
    audio_tokens: int | None = None
    cached_tokens: int | None = None


class WireUsage(msgspec.Struct):
    """``usage`` of images and audio: tokens, or the seconds of what was heard."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: Details | None = None
    input_token_details: Details | None = None
    """The name that transcriptions have for it."""
    output_tokens_details: Details | None = None
    seconds: float | None = None
    cost_in_usd_ticks: int | None = None
    """1e-10 US dollars (xAI)."""


class _Body(msgspec.Struct):
    """A JSON reply, or the data of an event, as far as the tap needs it."""

    type: str | None = None
    usage: msgspec.Raw = ABSENT
    error: msgspec.Raw = ABSENT
    data: list[msgspec.Raw] | None = None


_USAGE = msgspec.json.Decoder(WireUsage)
_BODY = msgspec.json.Decoder(_Body)
DONE = b"[DONE]"


def decode_usage(raw: bytes | msgspec.Raw, *, made: str | None = None) -> Usage | None:
    """The canonical counts; None for what is no usage. Seconds stand in ``raw`` alone: they are no tokens. ``made`` is the
    count that all output belongs to where no details say it."""
    try:
        wire = _USAGE.decode(raw)
    except UNREADABLE:
        return None
    ticks = wire.cost_in_usd_ticks
    if all(one is None for one in (wire.input_tokens, wire.output_tokens, wire.seconds, ticks)):
        return None
    given = wire.input_tokens_details or wire.input_token_details or Details()
    output = wire.output_tokens or 0
    parts = {"image_input": given.image_tokens or 0, "audio_input": given.audio_tokens or 0}
    if wire.output_tokens_details is not None:
        parts["image_output"] = wire.output_tokens_details.image_tokens or 0
        parts["audio_output"] = wire.output_tokens_details.audio_tokens or 0
    elif made is not None:
        parts[made] = output
    counts = usage(
        input=wire.input_tokens or 0,
        cached_input=given.cached_tokens or 0,
        output=output,
        raw=bytes(raw).decode("utf-8", "replace"),
        reported_cost_nanos=None if ticks is None else ticks // 10,
    )
    return msgspec.structs.replace(counts, **{name: max(0, count) for name, count in parts.items()})


class CarriedTap(Noted):
    """See ``protocols.codec.Tap``. ``end`` is how the types of the last events end; ``made`` see ``decode_usage``."""

    __slots__ = ("_end", "_made")

    def __init__(self, end: tuple[str, ...], made: str | None) -> None:
        super().__init__()
        self._end = end
        self._made = made

    def watch(self, events: bytes) -> None:
        """A run of whole events."""
        for event in split_events(events):
            if event.data.startswith(DONE):
                self.ended = self.terminated = self.meaningful = True
                return
            try:
                body = _BODY.decode(event.data)
            except UNREADABLE:
                continue  # passed on as it is
            name = body.type or (event.name or b"").decode("utf-8", "replace")
            if name == "error" or present(body.error):
                self.failure = decode_error_body(bytes(body.error) if present(body.error) else event.data)
                return
            self.said = self.meaningful = True
            self.said_bytes += len(event.data)
            self._count(body)
            self.ended = self.ended or name.endswith(self._end)

    def read(self, body: bytes) -> None:
        """A whole JSON reply."""
        try:
            reply = _BODY.decode(body)
        except msgspec.ValidationError:
            reply = _Body()  # JSON of another form (a bare text) passes as it is
        except UNREADABLE:
            self.failure = ProviderError(
                ErrorKind.UPSTREAM_MALFORMED, "The provider's reply is not the JSON that it should be.", status=200
            )
            return
        if present(reply.error):
            self.failure = decode_error_body(bytes(reply.error))
            return
        self._count(reply)
        self.said = reply.data != []
        self.said_bytes = len(body)
        self.ended = self.terminated = self.meaningful = True

    def _count(self, body: _Body) -> None:
        found = decode_usage(body.usage, made=self._made) if present(body.usage) else None
        if found is not None:  # a stream of several images says the counts of each
            self.usage = found if self.usage is None else add(self.usage, found)


def edit_model(body: Envelope, model: str, dialect: ChatDialect) -> dict[str, bytes]:
    """The upstream model's name, where the client calls it by another."""
    del dialect
    return {} if body.get("model", str) == model else {"model": msgspec.json.encode(model)}


def encode_stream_error(error: GatewayError, passed: bytes) -> bytes:
    """The terminal frame after the commit; OpenAI's clients raise what stands in ``error``."""
    del passed
    return encode_event(msgspec.json.encode({"type": "error", "error": error_object(error)}), b"error")


def _refuse(*_: Any) -> NoReturn:
    raise ClientError(ErrorKind.BAD_REQUEST, "This operation cannot be translated for another protocol.")


def _never(_: bytes) -> bool:
    return False


def carried(
    operation: str, path: str, *, end: tuple[str, ...] = ("\0",), made: str | None = None
) -> Codec[Any, Any, ChatDialect]:
    """The codec of an operation at ``path``. ``end``, ``made``: see ``CarriedTap``; no stream ends without ``end``."""
    tap: Callable[[ChatDialect], CarriedTap] = lambda dialect: CarriedTap(end, made)  # noqa: E731
    return Codec(
        protocol=PROTOCOL,
        operation=operation,
        carried=True,
        default_dialect=ChatDialect(),
        path=fixed_path(path),
        forwarded_headers=frozenset({b"openai-beta"}),
        heartbeat=b": keep-alive\n\n",
        terminator=b"",
        tap=tap,
        edits=edit_model,
        withholds=_never,
        decode_error=decode_error,
        encode_error=encode_error,
        encode_stream_error=encode_stream_error,
        decode_request=_refuse,
        encode_response=_refuse,
        stream_encoder=_refuse,
        encode_request=_refuse,
        decode_response=_refuse,
        stream_decoder=_refuse,
    )
