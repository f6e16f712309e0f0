"""Writing the content of a request's turns. What Messages cannot say is a 400 for content, a loss for what hangs on it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Any

from plexus.canonical.content import (
    Audio,
    Block,
    BlockSource,
    CacheMark,
    Document,
    Extras,
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
    Url,
    Video,
)
from plexus.canonical.errors import bad_request
from plexus.canonical.losses import Losses
from plexus.protocols.anthropic_messages.calls import tool_id, tool_input
from plexus.protocols.anthropic_messages.citations import is_sendable
from plexus.protocols.anthropic_messages.members import PROTOCOL, WireBlock, cache_control


class BlockWriter:
    """Writes blocks for a provider. ``native``: the client speaks Messages too, so that its blocks go back as they came."""

    def __init__(self, losses: Losses, *, native: bool) -> None:
        self.losses = losses
        self.native = native
        self.dropped_reasoning = False
        """Whether thoughts had to be left out."""
        self._writers: dict[type, Callable[[Any, str], WireBlock | None]] = {
            Text: self._text,
            Refusal: self._refusal,
            Image: self._image,
            Document: self._document,
            Reasoning: self._reasoning,
            ToolCall: self._tool_call,
            ToolResult: self._tool_result,
            Audio: self._audio,
            Video: self._video,
            Opaque: self._opaque,
        }

    def write(self, blocks: Iterable[Block], path: str) -> list[WireBlock]:
        """The blocks that Messages has a form for. Raises ClientError for content that it has none for."""
        written = (self._writers[type(block)](block, f"{path}[{index}]") for index, block in enumerate(blocks))
        return [block for block in written if block is not None]

    def _text(self, block: Text, path: str) -> WireBlock | None:
        if block.state is not None:
            self.losses.add(f"{path}.state", "other_provider")
        if not block.text and not self.native:
            return None  # Anthropic refuses empty text; it says nothing anyway
        wire: dict[str, Any] = {"type": "text", "text": block.text}
        sendable = [citation.raw for citation in block.citations if is_sendable(citation)]
        if sendable:
            wire["citations"] = sendable
        if len(sendable) < len(block.citations):
            self.losses.add(f"{path}.citations", "unsupported")
        return self._finish(wire, path, block.cache, block.extras)

    def _refusal(self, block: Refusal, path: str) -> WireBlock | None:
        self.losses.add(path, "approximated")
        return self._text(Text(text=block.text, extras=block.extras), path)

    def _image(self, block: Image, path: str) -> WireBlock:
        if block.detail not in (None, "auto"):
            self.losses.add(f"{path}.detail", "unsupported")
        return self._finish(
            {"type": "image", "source": self._image_source(block, path)}, path, block.cache, block.extras
        )

    def _image_source(self, block: Image, path: str) -> dict[str, str]:
        match block.source:
            case InlineData(media_type, data):
                media_type = "image/jpeg" if media_type == "image/jpg" else media_type
                return {"type": "base64", "media_type": media_type, "data": data}
            case Url(url):
                return {"type": "url", "url": url}
            case FileId(origin, file_id) if origin == PROTOCOL:
                return {"type": "file", "file_id": file_id}
            case _:
                raise _no_place(path, "a picture stored elsewhere", "Send it as base64 data or as a public https URL.")

    def _document(self, block: Document, path: str) -> WireBlock:
        wire: dict[str, Any] = {"type": "document", "source": self._document_source(block, path)}
        if block.name is not None:
            wire["title"] = block.name
        if block.context is not None:
            wire["context"] = block.context
        if block.citations is not None:
            wire["citations"] = {"enabled": block.citations}
        return self._finish(wire, path, block.cache, block.extras)

    def _document_source(self, block: Document, path: str) -> dict[str, Any]:
        match block.source:
            case InlineData("application/pdf", data):
                return {"type": "base64", "media_type": "application/pdf", "data": data}
            case InlineData(media_type, data) if self.native:
                return {"type": "base64", "media_type": media_type, "data": data}
            case InlineData(media_type, data):
                return {"type": "text", "media_type": "text/plain", "data": _as_text(media_type, data, path)}
            case Url(url):
                return {"type": "url", "url": url}
            case FileId(origin, file_id) if origin == PROTOCOL:
                return {"type": "file", "file_id": file_id}
            case PlainText(text):
                return {"type": "text", "media_type": "text/plain", "data": text}
            case BlockSource(blocks):
                return {"type": "content", "content": self.write(blocks, f"{path}.source.content")}
            case _:
                raise _no_place(path, "a file stored elsewhere", "Send it as base64 data or as a public https URL.")

    def _reasoning(self, block: Reasoning, path: str) -> WireBlock | None:
        state = block.state
        if state is None or state.protocol != PROTOCOL:
            self.losses.add(path, "unsupported" if state is None else "other_provider")
            self.dropped_reasoning = True
            return None
        if block.redacted:
            return self._finish({"type": "redacted_thinking", "data": state.value}, path, None, block.extras)
        wire = {"type": "thinking", "thinking": block.text, "signature": state.value}
        return self._finish(wire, path, None, block.extras)

    def _tool_call(self, block: ToolCall, path: str) -> WireBlock:
        if block.state is not None:
            self.losses.add(f"{path}.state", "other_provider")
        arguments, fits = tool_input(block)
        if not fits:
            self.losses.add(f"{path}.arguments", "approximated")
        wire = {"type": "tool_use", "id": tool_id(block.id), "name": block.name, "input": arguments}
        return self._finish(wire, path, block.cache, block.extras)

    def _tool_result(self, block: ToolResult, path: str) -> WireBlock:
        wire: dict[str, Any] = {"type": "tool_result", "tool_use_id": tool_id(block.call_id)}
        if block.plain and len(block.content) == 1 and isinstance(block.content[0], Text):
            wire["content"] = block.content[0].text
        elif content := self.write(block.content, f"{path}.content"):
            wire["content"] = content
        if block.is_error is not None:
            wire["is_error"] = block.is_error
        return self._finish(wire, path, block.cache, block.extras)

    def _audio(self, block: Audio, path: str) -> WireBlock | None:
        if block.transcript is not None:  # what the assistant said aloud in an earlier turn
            self.losses.add(path, "approximated")
            return self._text(Text(text=block.transcript), path)
        raise _no_place(path, "audio", "Send a transcript as text, or choose a model whose provider takes audio.")

    def _video(self, block: Video, path: str) -> WireBlock:
        del block
        raise _no_place(path, "video", "Send single pictures, or choose a model whose provider takes video.")

    def _opaque(self, block: Opaque, path: str) -> WireBlock:
        if block.origin == PROTOCOL:
            return block.raw
        raise _no_place(
            path, f"a block of type {block.kind!r}", f"It belongs to the protocol {block.origin}; leave it out here."
        )

    def _finish(self, wire: dict[str, Any], path: str, cache: CacheMark | None, extras: Extras | None) -> WireBlock:
        if cache is not None:
            wire["cache_control"] = cache_control(cache)
        if extras is not None:
            if extras.origin == PROTOCOL:
                wire.update(extras.members)
            else:
                for name in extras.members:
                    self.losses.add(f"{path}.{name}", "foreign")
        return wire


def _as_text(media_type: str, data: str, path: str) -> str:
    if not (media_type.startswith("text/") or media_type in ("application/json", "application/xml")):
        raise _no_place(path, f"a document of type {media_type}", "Send it as PDF or as plain text.")
    try:
        return base64.b64decode(data, validate=False).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise bad_request(f"{path}: the text document is not valid base64 of UTF-8.", param=path) from None


def _no_place(path: str, what: str, instead: str) -> Exception:
    return bad_request(f"{path}: the Messages protocol has no place for {what}. {instead}", param=path)
