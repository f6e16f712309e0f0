"""The generating protocols as records of functions, so that everything else is written once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from plexus.mock_provider.answer import Json
from plexus.mock_provider.ask import Ask
from plexus.mock_provider.bedrock import reply as bedrock_reply
from plexus.mock_provider.bedrock import request as bedrock_request
from plexus.mock_provider.call import MockCall
from plexus.mock_provider.chat import reply as chat_reply
from plexus.mock_provider.chat import request as chat_request
from plexus.mock_provider.chat import stream as chat_stream
from plexus.mock_provider.clouds import read_azure, read_vertex_claude, token_error
from plexus.mock_provider.cohere import reply as cohere_reply
from plexus.mock_provider.cohere import request as cohere_request
from plexus.mock_provider.completions import reply as completions_reply
from plexus.mock_provider.completions import request as completions_request
from plexus.mock_provider.errors import Fault, Protocol, chat_error, messages_error
from plexus.mock_provider.fields import JSON
from plexus.mock_provider.frame import Frame
from plexus.mock_provider.framing import ARRAY, NDJSON, SSE, SSE_CRLF, Framing, with_ping
from plexus.mock_provider.gemini import errors as gemini_errors
from plexus.mock_provider.gemini import reply as gemini_reply
from plexus.mock_provider.gemini import request as gemini_request
from plexus.mock_provider.messages import reply as messages_reply
from plexus.mock_provider.messages import request as messages_request
from plexus.mock_provider.messages import stream as messages_stream
from plexus.mock_provider.ollama import reply as ollama_reply
from plexus.mock_provider.ollama import request as ollama_request
from plexus.mock_provider.responses import reply as responses_reply
from plexus.mock_provider.responses import request as responses_request
from plexus.mock_provider.responses import stored as responses_stored
from plexus.mock_provider.responses import stream as responses_stream
from plexus.mock_provider.saying import Saying
from plexus.mock_provider.stage import Stage


def _sse(_call: MockCall) -> Framing:
    return SSE


def _forget(_stage: Stage, _ask: Ask, _last: Json) -> None:
    """Most protocols keep nothing."""


def _no_fields(_fault: Fault) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One vendor's API."""

    protocol: Protocol
    error: Callable[[Fault, str], Json]
    """The body of an error, with the id of its request."""
    framing: Callable[[MockCall], Framing] = _sse
    json_type: str = JSON
    error_fields: Callable[[Fault], Mapping[str, str]] = _no_fields
    """Headers that say what failed, beside the body."""
    keyless: bool = False
    """Whether it is asked without a secret of the provider's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator(Vendor):
    """A vendor's way to generate."""

    read: Callable[[MockCall, Stage], Ask]
    """Raises Refused."""
    whole: Callable[[Saying], Json]
    frames: Callable[[Saying], list[Frame]]
    error_frames: Callable[[Fault, Sequence[Frame]], list[Frame]]
    """An error in a stream, after the frames that were sent."""
    grow: Callable[[Saying, Frame], list[Frame]]
    """A frame together with the usage up to it."""
    remember: Callable[[Stage, Ask, Json], None] = _forget
    """Keep the reply: its body, or the data of its stream's last event."""


def _read_chat(call: MockCall, _stage: Stage) -> Ask:
    return chat_request.read(call.body)


def _read_ollama(call: MockCall, _stage: Stage) -> Ask:
    return ollama_request.read(call.body)


def _read_cohere(call: MockCall, _stage: Stage) -> Ask:
    return cohere_request.read(call.body)


def _read_completions(call: MockCall, _stage: Stage) -> Ask:
    return completions_request.read(call.body)


def _read_messages(call: MockCall, stage: Stage) -> Ask:
    return messages_request.read(call.body, call.headers, stage.issuer)


def _chat_error(fault: Fault, _ident: str) -> Json:
    return chat_error(fault)


def _chat_error_frames(fault: Fault, _sent: Sequence[Frame]) -> list[Frame]:
    return [Frame("error", chat_error(fault))]


def _messages_error_frames(fault: Fault, _sent: Sequence[Frame]) -> list[Frame]:
    return [Frame("error", messages_error(fault, None), "error")]


def _grow_chat(saying: Saying, frame: Frame) -> list[Frame]:
    usage = {"prompt_tokens": saying.usage.input, "completion_tokens": frame.output}
    return [frame.changed(usage={**usage, "total_tokens": saying.usage.input + frame.output})]


def _grow_messages(saying: Saying, frame: Frame) -> list[Frame]:
    return [frame, messages_stream.growing(saying, frame.output)]


def _grow_nothing(_saying: Saying, frame: Frame) -> list[Frame]:
    """The protocol has no place for usage before the end, or it is in each event anyway."""
    return [frame]


def _lines(_call: MockCall) -> Framing:
    return NDJSON


def _sse_with_ping(_call: MockCall) -> Framing:
    return with_ping(SSE, messages_stream.PING.encode())


def _eventstream(_call: MockCall) -> Framing:
    return bedrock_reply.EVENTSTREAM


def _google(call: MockCall) -> Framing:
    return SSE_CRLF if "alt=sse" in call.query.split("&") else ARRAY


CHAT: Final = Generator(
    protocol="chat",
    read=_read_chat,
    whole=chat_reply.completion,
    frames=chat_stream.events,
    error=_chat_error,
    error_frames=_chat_error_frames,
    framing=_sse,
    grow=_grow_chat,
)
COMPLETIONS: Final = Generator(
    protocol="chat",
    read=_read_completions,
    whole=completions_reply.completion,
    frames=completions_reply.events,
    error=_chat_error,
    error_frames=_chat_error_frames,
    grow=_grow_chat,
)
MESSAGES: Final = Generator(
    protocol="messages",
    read=_read_messages,
    whole=messages_reply.message,
    frames=messages_stream.events,
    error=messages_error,
    error_frames=_messages_error_frames,
    framing=_sse_with_ping,
    grow=_grow_messages,
)
RESPONSES: Final = Generator(
    protocol="responses",
    read=responses_request.read,
    whole=responses_reply.response,
    frames=responses_stream.events,
    error=_chat_error,
    error_frames=responses_stream.failing,
    framing=_sse,
    grow=_grow_nothing,
    remember=responses_stored.remember,
)
GEMINI: Final = Generator(
    protocol="gemini",
    read=gemini_request.read,
    whole=gemini_reply.response,
    frames=gemini_reply.events,
    error=gemini_errors.error,
    error_frames=gemini_errors.frames,
    framing=_google,
    grow=_grow_nothing,
    json_type="application/json; charset=UTF-8",
)
OLLAMA: Final = Generator(
    protocol="ollama",
    read=_read_ollama,
    whole=ollama_reply.response,
    frames=ollama_reply.events,
    error=ollama_reply.error,
    error_frames=ollama_reply.failing,
    framing=_lines,
    grow=_grow_nothing,
    json_type="application/json; charset=utf-8",
)
BEDROCK: Final = Generator(
    protocol="bedrock",
    read=bedrock_request.read,
    whole=bedrock_reply.response,
    frames=bedrock_reply.events,
    error=bedrock_reply.error,
    error_fields=bedrock_reply.error_fields,
    error_frames=bedrock_reply.error_frames,
    framing=_eventstream,
    grow=_grow_nothing,
)
VERTEX_CLAUDE: Final = replace(MESSAGES, read=read_vertex_claude)
AZURE: Final = replace(CHAT, read=read_azure)
TOKENS: Final = Vendor(protocol="gemini", error=token_error, keyless=True)
COHERE: Final = Generator(
    protocol="cohere",
    read=_read_cohere,
    whole=cohere_reply.response,
    frames=cohere_reply.events,
    error=cohere_reply.error,
    error_frames=cohere_reply.failing,
    grow=_grow_nothing,
)


def growth(vendor: Generator, saying: Saying) -> Callable[[Frame], list[Frame]]:
    """``vendor.grow`` for one reply."""
    return partial(vendor.grow, saying)
