"""The two protocols as records of functions, so that everything else is written once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from plexus.canonical.headers import Headers
from plexus.mock_provider.answer import Json
from plexus.mock_provider.ask import Ask
from plexus.mock_provider.chat import reply as chat_reply
from plexus.mock_provider.chat import request as chat_request
from plexus.mock_provider.chat import stream as chat_stream
from plexus.mock_provider.errors import Fault, Protocol, chat_error, messages_error
from plexus.mock_provider.frame import Frame
from plexus.mock_provider.messages import reply as messages_reply
from plexus.mock_provider.messages import request as messages_request
from plexus.mock_provider.messages import stream as messages_stream
from plexus.mock_provider.saying import Saying


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One vendor's API."""

    protocol: Protocol
    read: Callable[[bytes, Headers, str], Ask]
    """Body, headers, issuer of signatures. Raises Refused."""
    whole: Callable[[Saying], Json]
    frames: Callable[[Saying], list[Frame]]
    error: Callable[[Fault, str], Json]
    """The body of an error, with the id of its request."""
    error_frame: Callable[[Fault], Frame]
    ping: bytes
    grow: Callable[[Saying, Frame], list[Frame]]
    """A frame together with the usage up to it."""


def _read_chat(body: bytes, _headers: Headers, _issuer: str) -> Ask:
    return chat_request.read(body)


def _chat_error(fault: Fault, _ident: str) -> Json:
    return chat_error(fault)


def _chat_error_frame(fault: Fault) -> Frame:
    return Frame("error", chat_error(fault))


def _messages_error_frame(fault: Fault) -> Frame:
    return Frame("error", messages_error(fault, None), "error")


def _grow_chat(saying: Saying, frame: Frame) -> list[Frame]:
    usage = {"prompt_tokens": saying.usage.input, "completion_tokens": frame.output}
    return [frame.changed(usage={**usage, "total_tokens": saying.usage.input + frame.output})]


def _grow_messages(saying: Saying, frame: Frame) -> list[Frame]:
    return [frame, messages_stream.growing(saying, frame.output)]


CHAT: Final = Vendor(
    protocol="chat",
    read=_read_chat,
    whole=chat_reply.completion,
    frames=chat_stream.events,
    error=_chat_error,
    error_frame=_chat_error_frame,
    ping=b": ping\n\n",
    grow=_grow_chat,
)
MESSAGES: Final = Vendor(
    protocol="messages",
    read=messages_request.read,
    whole=messages_reply.message,
    frames=messages_stream.events,
    error=messages_error,
    error_frame=_messages_error_frame,
    ping=messages_stream.PING.encode(),
    grow=_grow_messages,
)


def growth(vendor: Vendor, saying: Saying) -> Callable[[Frame], list[Frame]]:
    """``vendor.grow`` for one reply."""
    return partial(vendor.grow, saying)
