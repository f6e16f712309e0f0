"""Blocks -> parts of a turn's content.

Text and settings that have no place become losses; content that Chat cannot express is a ClientError that says what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

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
from plexus.canonical.errors import ClientError, bad_request
from plexus.canonical.losses import Losses
from plexus.protocols.openai_chat.content import write_thinking
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_chat.media import AUDIO_FORMATS, file_name, write_url
from plexus.protocols.openai_chat.members import (
    OBJECT,
    PROTOCOL,
    cache_control,
    foreign_names,
    own_members,
)

Part = dict[str, Any] | msgspec.Raw


class PartWriter:
    """Writes the parts of one request for one dialect."""

    def __init__(self, dialect: ChatDialect, losses: Losses, *, native: bool) -> None:
        self.dialect = dialect
        self.losses = losses
        self.native = native

    def write_all(self, blocks: Sequence[Block], path: str) -> list[Part]:
        """The parts of ``blocks``, which stand at ``path``."""
        return [part for index, block in enumerate(blocks) for part in self.write(block, f"{path}[{index}]")]

    def write(self, block: Block, path: str) -> list[Part]:
        """The parts of one block: mostly one. Raises ClientError."""
        match block:
            case Text():
                if block.citations:
                    self.losses.add(f"{path}.citations", "unsupported")
                return [self.finish({"type": "text", "text": block.text}, path, block.cache, block.extras)]
            case Image():
                return [self._image(block, path)]
            case Document():
                return self._document(block, path)
            case Audio():
                return [self._audio(block, path)]
            case Refusal():
                return [self.finish({"type": "text", "text": block.text}, path, None, block.extras)]
            case Reasoning():
                return self._reasoning(block, path)
            case Opaque():
                return [self._opaque(block, path)]
            case _:
                raise self._misplaced(block, path)

    def _misplaced(self, block: Video | ToolCall | ToolResult, path: str) -> ClientError:
        if isinstance(block, Video):
            return self.cannot(path, "a video", "Send single pictures of it instead.")
        return self.cannot(path, "a tool call or result in this turn", "Put calls into assistant turns.")

    def finish(self, part: dict[str, Any], path: str, cache: CacheMark | None, extras: Extras | None) -> dict[str, Any]:
        """The part with its cache mark and its own extras."""
        if cache is not None:
            if self.dialect.supports_cache_marks:
                part["cache_control"] = cache_control(cache)
            else:
                self.losses.add(f"{path}.cache", "unsupported")
        for name, raw in own_members(extras).items():
            inner = part.get(name)
            part[name] = {**inner, **OBJECT.decode(raw)} if isinstance(inner, dict) else raw
        for name in foreign_names(extras):
            self.losses.add(f"{path}.{name}", "foreign")
        return part

    def _image(self, block: Image, path: str) -> dict[str, Any]:
        if not isinstance(block.source, InlineData | Url):
            raise self.cannot(path, "an image by file id", "Send its bytes as base64, or its URL.")
        at: dict[str, Any] = {"url": write_url(block.source)}
        if block.detail is not None:
            at["detail"] = block.detail
        return self.finish({"type": "image_url", "image_url": at}, path, block.cache, block.extras)

    def _document(self, block: Document, path: str) -> list[Part]:
        if block.context is not None:
            self.losses.add(f"{path}.context", "unsupported")
        if block.citations:
            self.losses.add(f"{path}.citations", "unsupported")
        match block.source:
            case PlainText(text):
                self.losses.add(f"{path}.source", "approximated")
                text = f"{block.name}\n\n{text}" if block.name else text
                return [self.finish({"type": "text", "text": text}, path, block.cache, block.extras)]
            case BlockSource(blocks):
                self.losses.add(f"{path}.source", "approximated")
                named = (Text(text=block.name), *blocks) if block.name else blocks
                return self.write_all(named, f"{path}.source.content")
            case FileId(origin, file_id) if origin == PROTOCOL:
                at = {"file_id": file_id, **({} if block.name is None else {"filename": block.name})}
            case InlineData() as source:
                name = block.name if self.native else file_name(block.name, source.media_type)
                at = {**({} if name is None else {"filename": name}), "file_data": write_url(source)}
            case Url(url) if self.native:
                at = {**({} if block.name is None else {"filename": block.name}), "file_data": url}
            case Url():
                raise self.cannot(path, "a document by URL", "Send its bytes as base64.")
            case _:
                raise self.cannot(path, "a file that another API stores", "Send its bytes as base64.")
        return [self.finish({"type": "file", "file": at}, path, block.cache, block.extras)]

    def _audio(self, block: Audio, path: str) -> dict[str, Any]:
        source = block.source
        if not isinstance(source, InlineData):
            raise self.cannot(path, "sound by reference", "Send its bytes as base64.")
        word = AUDIO_FORMATS.get(source.media_type)
        if word is None and not self.native:
            raise self.cannot(path, f"sound as {source.media_type}", "Send WAV or MP3.")
        at = {"data": source.base64, "format": word or source.media_type.partition("/")[2]}
        return self.finish({"type": "input_audio", "input_audio": at}, path, None, block.extras)

    def _reasoning(self, block: Reasoning, path: str) -> list[Part]:
        if self.native:
            return [self.finish(write_thinking(block), path, None, block.extras)]
        self.losses.add(path, "unsupported")
        return []

    def _opaque(self, block: Opaque, path: str) -> msgspec.Raw:
        if block.origin != PROTOCOL:
            what = f"a block of type {block.kind}"
            raise self.cannot(path, what, "Leave it out, or use a model that is served in this protocol.")
        return block.raw

    def cannot(self, path: str, what: str, instead: str) -> ClientError:
        """The 400 for content that has no form in Chat."""
        return bad_request(
            f"{path}: This model is reached over Chat Completions, which cannot carry {what}. {instead}", param=path
        )
