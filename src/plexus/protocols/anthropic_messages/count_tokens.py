"""The operation ``count_tokens``: how many input tokens a request would use, without generating anything.

A provider of Messages is asked (``/messages/count_tokens``); for any other target ``estimate_tokens`` counts, and the reply
says that it is an estimate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from plexus.canonical.content import (
    Audio,
    Block,
    BlockSource,
    Document,
    Image,
    InlineData,
    Opaque,
    PlainText,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Video,
)
from plexus.canonical.errors import GatewayError
from plexus.canonical.losses import Losses
from plexus.canonical.request import FunctionTool, GenerateRequest, Message, ServerTool, Tool
from plexus.canonical.response import Finish
from plexus.canonical.usage import Usage
from plexus.protocols.anthropic_messages.dialect import MessagesDialect
from plexus.protocols.anthropic_messages.edits import edits, withholds
from plexus.protocols.anthropic_messages.errors import (
    decode_error,
    encode_error,
    encode_stream_error,
    error_in_reply,
)
from plexus.protocols.anthropic_messages.members import PROTOCOL, Members, Misfit
from plexus.protocols.anthropic_messages.request import decode_request
from plexus.protocols.anthropic_messages.request.encode import write_body
from plexus.protocols.anthropic_messages.response import malformed
from plexus.protocols.anthropic_messages.stream import MessagesStreamDecoder, MessagesStreamEncoder
from plexus.protocols.codec import Codec, Outbound

PATH = "/messages/count_tokens"

_NOT_COUNTED = frozenset(
    {"max_tokens", "stream", "temperature", "top_p", "top_k", "stop_sequences", "service_tier", "metadata"}
)
"""Members of a Messages call that ``count_tokens`` refuses."""


class TokenCount(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer. ``estimated``: Plexus counted, not the provider."""

    input_tokens: int
    estimated: bool = False


class CountTap:
    """Looks whether a passing answer is one. Counting costs nothing, so there is no usage to read."""

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.finish: Finish | None = None
        self.failure: GatewayError | None = None
        self.meaningful = False
        self.empty = False
        self.ended = False
        self.terminated = False

    def watch(self, events: bytes) -> None:
        """Counting does not stream."""

    def read(self, body: bytes) -> None:
        """Take the whole answer."""
        try:
            _read(body)
        except GatewayError as failure:
            self.failure = failure
            return
        self.meaningful = self.ended = self.terminated = True


def _encode_request(request: GenerateRequest, dialect: MessagesDialect) -> tuple[Outbound, Losses]:
    losses = Losses()
    body = write_body(request, dialect, losses)
    counted = {name: value for name, value in body.items() if name not in _NOT_COUNTED}
    return Outbound(path=PATH, body=msgspec.json.encode(counted)), losses


def _encode_response(count: TokenCount, request: GenerateRequest) -> tuple[bytes, Losses]:
    del request
    return msgspec.json.encode(count), Losses()


def _decode_response(body: bytes, dialect: MessagesDialect) -> TokenCount:
    del dialect
    return _read(body)


def _read(body: bytes) -> TokenCount:
    failure = error_in_reply(body)
    if failure is not None:
        raise failure
    try:
        return TokenCount(Members(body, "").need("input_tokens", int))
    except Misfit as wrong:
        raise malformed(wrong) from None


# --- the estimate

BYTES_PER_TOKEN = 3
"""Of UTF-8. English prose has about 4, code and JSON about 3, Chinese and Japanese 2 to 3: rather too many than too few."""
TOKENS_PER_CALL = 8
TOKENS_PER_TURN = 5
TOKENS_FOR_THINKING = 40
TOKENS_FOR_FORMAT = 240
TOKENS_FOR_TOOLS = 620
"""What Anthropic itself adds to a prompt for thinking, an output format, tools: the most that the recordings show (its
"Tool use" page says 313 to 530 for tools)."""
TOKENS_PER_TOOL = 20
TOKENS_PER_IMAGE = 1600
"""A picture at the largest size that is not scaled down (Anthropic's "Vision" page)."""
TOKENS_PER_PAGE = 3000
"""A PDF page, text and picture (Anthropic's "PDF support" page: 1500 to 3000 and the picture)."""
BYTES_PER_PAGE = 100_000


def estimate_tokens(request: GenerateRequest) -> int:
    """Input tokens of ``request``, by size: meant to be above the truth for most texts, not exact for any."""
    count = TOKENS_PER_CALL + _size(request.system)
    asked = _last_question(request.messages)
    for index, message in enumerate(request.messages):
        heard = message.content if index > asked else [b for b in message.content if not isinstance(b, Reasoning)]
        count += TOKENS_PER_TURN + _size(heard)
    if request.reasoning is not None:
        count += TOKENS_FOR_THINKING
    if request.tools:
        count += TOKENS_FOR_TOOLS + sum(_tool_size(tool) for tool in request.tools)
    if request.output is not None and request.output.schema is not None:
        count += TOKENS_FOR_FORMAT + _tokens(len(request.output.schema))
    return count


def _last_question(messages: Sequence[Message]) -> int:
    """The last turn in which the user said something. Thoughts from before it are not read again (Anthropic's "Extended
    thinking" page)."""
    asked = (
        index
        for index, message in enumerate(messages)
        if message.role == "user" and not all(isinstance(block, ToolResult) for block in message.content)
    )
    return max(asked, default=-1)


def _size(blocks: Iterable[Block]) -> int:
    return sum(_block_size(block) for block in blocks)


def _block_size(block: Block) -> int:
    match block:
        case Text(text=text) | Refusal(text=text) | Reasoning(text=text):
            return _text_size(text)
        case Image():
            return TOKENS_PER_IMAGE
        case Document():
            return _document_size(block)
        case ToolCall():
            return _text_size(block.name) + _text_size(block.arguments) + TOKENS_PER_TOOL
        case ToolResult():
            return _size(block.content) + TOKENS_PER_TOOL
        case Opaque():
            return _tokens(len(block.raw))
        case Audio(source=InlineData(base64=data)) | Video(source=InlineData(base64=data)):
            return _tokens(len(data)) // 10
        case _:
            return TOKENS_PER_PAGE


def _document_size(block: Document) -> int:
    around = _text_size(block.name or "") + _text_size(block.context or "")
    match block.source:
        case PlainText(text):
            return around + _text_size(text)
        case BlockSource(blocks):
            return around + _size(blocks)
        case InlineData("application/pdf", data):
            return around + TOKENS_PER_PAGE * (1 + len(data) * 3 // 4 // BYTES_PER_PAGE)
        case InlineData(_, data):
            return around + _tokens(len(data) * 3 // 4)
        case _:
            return around + TOKENS_PER_PAGE


def _tool_size(tool: Tool) -> int:
    if isinstance(tool, ServerTool):
        return TOKENS_PER_TOOL + _tokens(len(tool.raw))
    schema = tool.parameters if isinstance(tool, FunctionTool) else tool.format
    described = _text_size(tool.name) + _text_size(tool.description or "")
    return TOKENS_PER_TOOL + described + (_tokens(len(schema)) if schema is not None else 0)


def _text_size(text: str) -> int:
    return _tokens(len(text.encode("utf-8", "replace")))


def _tokens(size: int) -> int:
    return -(-size // BYTES_PER_TOKEN)


COUNT_TOKENS_CODEC: Codec[GenerateRequest, TokenCount, MessagesDialect] = Codec(
    protocol=PROTOCOL,
    operation="count_tokens",
    default_dialect=MessagesDialect(),
    path=PATH,
    forwarded_headers=frozenset({b"anthropic-version", b"anthropic-beta"}),
    default_headers=((b"anthropic-version", b"2023-06-01"),),
    decode_request=decode_request,
    encode_response=_encode_response,
    stream_encoder=MessagesStreamEncoder,
    encode_error=encode_error,
    encode_stream_error=encode_stream_error,
    heartbeat=b"",
    encode_request=_encode_request,
    decode_response=_decode_response,
    stream_decoder=lambda _: MessagesStreamDecoder(),
    decode_error=decode_error,
    edits=edits,
    withholds=withholds,
    tap=lambda _: CountTap(),
    terminator=b"",
)
