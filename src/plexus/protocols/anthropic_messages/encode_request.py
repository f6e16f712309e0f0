"""Writing a Messages request for a provider."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence

import msgspec

from plexus.canonical.content import (
    Block,
    BlockSource,
    Document,
    FileId,
    Image,
    InlineData,
    Opaque,
    PlainText,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from plexus.canonical.errors import bad_request
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest, Message
from plexus.protocols.anthropic_messages import settings
from plexus.protocols.anthropic_messages.content import (
    PROTOCOL,
    encode_cache,
    encode_call,
    encode_source,
    encode_text,
    own_extras,
)
from plexus.protocols.anthropic_messages.dialect import MessagesDialect
from plexus.protocols.anthropic_messages.edits import VERSION
from plexus.protocols.codec import Outbound
from plexus.protocols.members import NULL, own_members, refuse_bound

PATH = "/messages"
Turn = tuple[str, list[object]]


def encode_request(request: GenerateRequest, dialect: MessagesDialect) -> tuple[Outbound, Losses]:
    """The provider's request. Raises ClientError for content that Messages cannot express."""
    refuse_bound(request, PROTOCOL)
    losses = Losses()
    writer = _Writer(losses)
    body: dict[str, object] = {"model": request.model}
    if request.origin == PROTOCOL:
        system: object = writer.own_content(request.system, request.system_plain, "system")
        body["messages"] = [writer.own_turn(message, index) for index, message in enumerate(request.messages)]
    else:
        system, body["messages"] = writer.turns(request, dialect)
    if system or request.system_plain:
        body["system"] = system
    if dialect.version_in_body is not None:
        body = {VERSION: dialect.version_in_body, **{name: value for name, value in body.items() if name != "model"}}
    elif not request.model:
        del body["model"]
    settings.encode_settings(request, dialect, body, losses)
    settings.check_thinking(body, losses)
    return Outbound(path=PATH, body=msgspec.json.encode(body)), losses


class _Writer:
    """Writes turns and blocks, and notes what is lost."""

    def __init__(self, losses: Losses) -> None:
        self._losses = losses

    # --- Anthropic's own turns, as they came

    def own_turn(self, message: Message, index: int) -> dict[str, object]:
        content = self.own_content(message.content, message.plain, f"messages[{index}]")
        return {"role": message.role, "content": content, **own_members(message.extras, PROTOCOL)}

    def own_content(self, blocks: Sequence[Block], plain: bool, path: str) -> object:
        if plain and len(blocks) == 1 and isinstance(blocks[0], Text):
            return blocks[0].text
        written = (self.block(block, f"{path}.content[{index}]") for index, block in enumerate(blocks))
        return [block for block in written if block is not None]

    # --- another protocol's turns, put into Anthropic's order

    def turns(self, request: GenerateRequest, dialect: MessagesDialect) -> tuple[list[object], list[object]]:
        system = self._blocks(request.system, "system")
        turns: list[Turn] = []
        for index, message in enumerate(request.messages):
            path = f"messages[{index}]"
            if message.name is not None and message.role != "tool":
                self._losses.add(f"{path}.name", "unsupported")
            if message.extras is not None:
                for name in message.extras.members:
                    self._losses.add(f"{path}.{name}", "foreign")
            if message.role in ("system", "developer") and not turns:
                system += self._blocks(message.content, path)
            else:
                self._add_turn(turns, message, path, dialect)
        turns = [(role, content) for role, content in turns if content]
        if not turns:
            raise bad_request("messages: there is no text to send. Messages takes no empty turns.", param="messages")
        if turns[0][0] == "assistant":
            raise bad_request(
                "messages: the first turn must be the user's for a model that speaks Messages.", param="messages"
            )
        return system, [{"role": role, "content": content} for role, content in turns]

    def _add_turn(self, turns: list[Turn], message: Message, path: str, dialect: MessagesDialect) -> None:
        role = "assistant" if message.role == "assistant" else "user"
        if message.role in ("system", "developer"):
            if dialect.mid_conversation_system:
                role = "system"
            else:
                self._losses.add(path, "approximated")
        blocks = self._blocks(message.content, path)
        if turns and turns[-1][0] == role:
            known = turns[-1][1]
            results = [block for block in blocks if _is_result(block)]
            if results and not all(_is_result(block) for block in known):
                leading = sum(1 for block in known if _is_result(block))
                known[leading:leading] = results
                blocks = [block for block in blocks if not _is_result(block)]
            known += blocks
        else:
            turns.append((role, blocks))

    def _blocks(self, blocks: Sequence[Block], path: str) -> list[object]:
        written = [
            self.block(block, f"{path}.content[{index}]")
            for index, block in enumerate(blocks)
            if not (isinstance(block, Text | Refusal) and not block.text.strip())  # empty text is refused
        ]
        return [block for block in written if block is not None]

    # --- blocks

    def block(self, block: Block, path: str) -> object | None:
        """One block; None for a thought that this provider did not have."""
        if isinstance(block, Opaque):
            return self._opaque(block, path)
        wire = self._bare(block, path)
        if wire is None:
            return None
        extras = getattr(block, "extras", None)
        own = own_extras(block)
        if extras is not None and not own:
            for name in extras.members:
                self._losses.add(f"{path}.{name}", "foreign")
        wire.update(own)
        cache = getattr(block, "cache", None)
        if cache is not None:
            wire["cache_control"] = encode_cache(cache)
        content = wire.get("content")
        if isinstance(content, msgspec.Raw) and content == NULL:
            del wire["content"]
        return wire

    def _opaque(self, block: Opaque, path: str) -> object:
        if block.origin != PROTOCOL:
            raise bad_request(
                f"{path}: a {block.kind!r} block has no place in Messages. Use a model whose provider speaks "
                f"{block.origin}, or leave it out.",
                param=path,
            )
        return block.raw

    def _bare(self, block: Block, path: str) -> dict[str, object] | None:
        match block:
            case Text():
                for citation in block.citations:
                    if citation.origin != PROTOCOL:
                        self._losses.add(f"{path}.citations", "unsupported")
                return encode_text(block)
            case Refusal():
                return {"type": "text", "text": block.text}
            case Reasoning():
                return self._thought(block, path)
            case ToolCall():
                return self._call(block, path)
            case ToolResult():
                return self._result(block, path)
            case Image():
                return self._image(block, path)
            case Document():
                return self._document(block, path)
            case _:
                kind = type(block).__name__.lower()
                raise bad_request(f"{path}: Messages takes no {kind}. Leave it out.", param=path)

    def _thought(self, block: Reasoning, path: str) -> dict[str, object] | None:
        state = block.state
        if state is None or state.protocol != PROTOCOL:
            self._losses.add(path, "other_provider" if state is not None else "unsupported")
            return None
        if state.form == "hidden":
            return {"type": "redacted_thinking", "data": state.value}
        if not block.text and state.form is None:  # the client kept the signature and dropped the words that it signs
            self._losses.add(path, "unsupported")
            return None
        return {"type": "thinking", "thinking": block.text, "signature": state.value}

    def _call(self, block: ToolCall, path: str) -> dict[str, object]:
        wire = encode_call(block, tool_id(block.id))
        if block.custom or not isinstance(wire["input"], msgspec.Raw):
            self._losses.add(path, "approximated")
        if block.state is not None:
            self._losses.add(f"{path}.signature", "unsupported")
        return wire

    def _result(self, block: ToolResult, path: str) -> dict[str, object]:
        wire: dict[str, object] = {"type": "tool_result", "tool_use_id": tool_id(block.call_id)}
        if block.plain and len(block.content) == 1 and isinstance(block.content[0], Text):
            wire["content"] = block.content[0].text
        else:
            inner = enumerate(block.content)
            wire["content"] = [self.block(part, f"{path}.content[{number}]") for number, part in inner]
        if block.is_error is not None:
            wire["is_error"] = block.is_error
        return wire

    def _image(self, block: Image, path: str) -> dict[str, object]:
        if block.detail is not None and block.detail != "auto":
            self._losses.add(f"{path}.detail", "unsupported")
        return {"type": "image", "source": self._source(encode_source(block.source), path)}

    def _source(self, source: dict[str, object] | None, path: str) -> dict[str, object]:
        if source is None:
            raise bad_request(
                f"{path}: a file in another provider's store cannot be sent. Send base64 or a URL.", param=path
            )
        return source

    def _document(self, block: Document, path: str) -> dict[str, object]:
        wire: dict[str, object] = {"type": "document", "source": self._document_source(block, path)}
        named = {"title": block.name, "context": block.context}
        wire.update({name: value for name, value in named.items() if value is not None})
        if block.citations is not None:
            wire["citations"] = {"enabled": block.citations}
        return wire

    def _document_source(self, block: Document, path: str) -> dict[str, object]:
        match block.source:
            case BlockSource(blocks=blocks):
                return {"type": "content", "content": self.own_content(blocks, len(blocks) == 1, path)}
            case InlineData(media_type=media_type, base64=data) if media_type.startswith("text/"):
                return self._source(encode_source(PlainText(_decode_text(data, path))), path)
            case InlineData(media_type=media_type) if media_type != "application/pdf":
                raise bad_request(f"{path}: Messages takes PDF and text documents, not {media_type}.", param=path)
            case FileId() | _:
                return self._source(encode_source(block.source), path)


def _is_result(block: object) -> bool:
    return isinstance(block, dict) and block.get("type") == "tool_result"


def _decode_text(data: str, path: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise bad_request(f"{path}: the text document is not base64 of UTF-8.", param=path) from None


_FORBIDDEN = re.compile(r"[^a-zA-Z0-9_-]")


def tool_id(call_id: str) -> str:
    """A call's id in the characters that Messages allows (``^[a-zA-Z0-9_-]+$``); the same id always becomes the same."""
    return _FORBIDDEN.sub("_", call_id) or "toolu_empty"
