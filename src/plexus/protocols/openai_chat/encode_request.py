"""Writing a Chat Completions request for a provider."""

from __future__ import annotations

import msgspec

from plexus.canonical.content import (
    Audio,
    Block,
    BlockSource,
    CacheMark,
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
    Url,
)
from plexus.canonical.errors import bad_request
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest, Message
from plexus.protocols.codec import Outbound
from plexus.protocols.media import data_url
from plexus.protocols.members import Object, own_members, refuse_bound
from plexus.protocols.openai_chat import settings, tool_call_id
from plexus.protocols.openai_chat.content import (
    PROTOCOL,
    THINKING_PART,
    THOUGHT_MEMBERS,
    encode_cache,
    reasoning_details,
)
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_chat.encode_tools import encode_tools, free_text

PATH = "/chat/completions"


def encode_request(request: GenerateRequest, dialect: ChatDialect) -> tuple[Outbound, Losses]:
    """The provider's request. Raises ClientError for content that Chat cannot express."""
    refuse_bound(request, PROTOCOL)
    losses = Losses()
    writer = _Writer(dialect, losses)
    body: dict[str, object] = {"model": request.model, "messages": writer.messages(request)}
    encode_tools(request, dialect, body, losses)
    settings.encode_settings(request, dialect, body, losses)
    for name in sorted(dialect.refused_members & set(body)):
        del body[name]
        losses.add(name, "refused")
    return Outbound(path=PATH, body=msgspec.json.encode(body)), losses


class _Writer:
    """Writes turns and tools, and notes what is lost."""

    def __init__(self, dialect: ChatDialect, losses: Losses) -> None:
        self._dialect = dialect
        self._losses = losses

    # --- turns

    def messages(self, request: GenerateRequest) -> list[dict[str, object]]:
        written: list[dict[str, object]] = []
        if request.system:
            content = self._content(request.system, request.system_plain, "system")
            written.append({"role": "system", "content": content})
        for index, message in enumerate(request.messages):
            written += self._message(message, f"messages[{index}]")
        return written

    def _message(self, message: Message, path: str) -> list[dict[str, object]]:
        own = own_members(message.extras, PROTOCOL)
        self._foreign(message.extras is not None and not own, message, path)
        if message.role == "assistant":
            return [self._assistant(message, path, own)]
        results = [block for block in message.content if isinstance(block, ToolResult)]
        others = tuple(block for block in message.content if not isinstance(block, ToolResult))
        written: list[dict[str, object]] = []
        moved: list[object] = []
        for number, result in enumerate(results):
            turn, media = self._tool_result(result, f"{path}.content[{number}]")
            written.append({**turn, **own} if message.role == "tool" else turn)
            moved += media
        if others or moved or not results:
            role = message.role if message.role != "tool" else "user"
            if role == "developer" and not self._dialect.developer_role:
                role = "system"
            content = self._content(others, message.plain, path) if others or not moved else []
            if moved:
                content = [*([{"type": "text", "text": content}] if isinstance(content, str) else content), *moved]
            written.append(self._named({"role": role, "content": content, **own}, message, path))
        return written

    def _foreign(self, present: bool, message: Message, path: str) -> None:
        if present and message.extras is not None:
            for name in message.extras.members:
                self._losses.add(f"{path}.{name}", "foreign")

    def _assistant(self, message: Message, path: str, own: Object) -> dict[str, object]:
        turn: dict[str, object] = {"role": "assistant"}
        content: list[Block] = []
        calls: list[object] = []
        for index, block in enumerate(message.content):
            where = f"{path}.content[{index}]"
            match block:
                case ToolCall():
                    calls.append(self._call(block, where))
                case Reasoning() if self._thought(block, turn, own, where):
                    pass
                case Audio(id=str() as audio_id):
                    turn["audio"] = {"id": audio_id}
                case Refusal(text=text):
                    turn["refusal"] = text
                case _:
                    content.append(block)
        turn["content"] = self._content(tuple(content), message.plain, path) if content else None
        if annotations := _own_annotations(content):
            turn["annotations"] = annotations
        if calls and "function_call" not in own:
            turn["tool_calls"] = calls
            self._require_thoughts(turn)
        return self._named({**turn, **own}, message, path)

    def _require_thoughts(self, turn: dict[str, object]) -> None:
        field = self._dialect.reasoning_field
        if self._dialect.reasoning_required and field is not None:
            turn.setdefault(field, " ")

    def _named(self, turn: dict[str, object], message: Message, path: str) -> dict[str, object]:
        if message.name is None:
            return turn
        if not self._dialect.message_names:
            self._losses.add(f"{path}.name", "unsupported")
            return turn
        return {**turn, "name": message.name}

    def _thought(self, block: Reasoning, turn: dict[str, object], own: Object, path: str) -> bool:
        """Put a thought where the dialect takes it. False: it is a content part of its own protocol."""
        if own_members(block.extras, PROTOCOL).get(THINKING_PART) is not None:
            return False
        if any(name in own for name in THOUGHT_MEMBERS):
            return True  # it is written back as it came
        field = self._dialect.reasoning_field
        sent = False
        if field is not None and block.text:
            turn[field] = str(turn.get(field, "")) + block.text
            sent = True
        if self._dialect.reasoning_details and (details := reasoning_details(block)):
            known = turn.setdefault("reasoning_details", [])
            assert isinstance(known, list)
            known += details
            sent = True
        if not sent:
            self._losses.add(path, "unsupported")
        elif block.state is not None and not self._dialect.reasoning_details:
            self._losses.add(f"{path}.signature", "unsupported")
        return True

    def _call(self, block: ToolCall, path: str) -> dict[str, object]:
        own = own_members(block.extras, PROTOCOL)
        if block.state is not None and "extra_content" not in own:
            self._losses.add(f"{path}.signature", "unsupported")
        self._mark(block.cache, path)
        if block.custom and self._dialect.custom_tools:
            body: dict[str, object] = {"type": "custom", "custom": {"name": block.name, "input": block.arguments}}
        else:
            arguments = free_text(block.arguments) if block.custom else block.arguments or "{}"
            body = {"type": "function", "function": {"name": block.name, "arguments": arguments}}
        if block.cache is not None and self._dialect.cache_control:
            body["cache_control"] = encode_cache(block.cache)
        return {"id": self._call_id(block.id), **body, **own}

    def _call_id(self, call_id: str) -> str:
        return tool_call_id.fit(call_id, self._dialect.tool_call_ids)

    def _tool_result(self, result: ToolResult, path: str) -> tuple[dict[str, object], list[object]]:
        """The tool turn, and the media that it cannot hold: they go into a user turn behind it."""
        if result.is_error:
            self._losses.add(f"{path}.is_error", "unsupported")
        texts: list[Block] = []
        media: list[object] = []
        for index, block in enumerate(result.content):
            where = f"{path}.content[{index}]"
            if isinstance(block, Text):
                texts.append(block)
            else:
                media.append(self._part(block, where))
                self._losses.add(where, "reordered")
        content = self._content(tuple(texts), result.plain or len(texts) == 1, path) if texts else ""
        call_id = self._call_id(result.call_id)
        turn: dict[str, object] = {"role": "tool", "tool_call_id": call_id, "content": content}
        if result.name is not None and result.call_id == f"call_{result.name}":
            turn = {"role": "tool", "tool_call_id": call_id, "name": result.name, "content": content}
        if result.cache is not None:
            if self._dialect.cache_control:
                turn["cache_control"] = encode_cache(result.cache)
            else:
                self._mark(result.cache, path)
        return turn, media

    # --- content

    def _content(self, blocks: tuple[Block, ...], plain: bool, path: str) -> str | list[object]:
        if len(blocks) == 1 and isinstance(blocks[0], Text):
            text = blocks[0]
            marked = text.cache is not None and self._dialect.cache_control
            if not marked and not own_members(text.extras, PROTOCOL) and (plain or text.extras is None):
                self._mark(text.cache, path)
                if plain or text.cache is not None:
                    return text.text
        if not self._dialect.text_parts and all(isinstance(block, Text) for block in blocks):
            return "\n\n".join(self._joined(blocks, path))
        return [self._part(block, f"{path}.content[{index}]") for index, block in enumerate(blocks)]

    def _joined(self, blocks: tuple[Block, ...], path: str) -> list[str]:
        """The texts of parts, for a provider that takes one string; what else stands in the parts is lost."""
        texts = []
        for index, block in enumerate(blocks):
            part = self._part(block, f"{path}.content[{index}]")
            assert isinstance(part, dict)
            texts.append(str(part["text"]))
            for name in part.keys() - {"type", "text"}:
                self._losses.add(f"{path}.content[{index}].{name}", "unsupported")
        return texts

    def _mark(self, cache: CacheMark | None, path: str) -> None:
        if cache is not None and not self._dialect.cache_control:
            self._losses.add(f"{path}.cache_control", "unsupported")

    def _part(self, block: Block, path: str) -> object:
        part = self._bare_part(block, path)
        extras = getattr(block, "extras", None)
        if isinstance(part, dict):
            own = own_members(extras, PROTOCOL)
            part.update({name: value for name, value in own.items() if name != THINKING_PART})
            cache: CacheMark | None = getattr(block, "cache", None)
            self._mark(cache, path)
            if cache is not None and self._dialect.cache_control:
                part["cache_control"] = encode_cache(cache)
            if extras is not None and not own:
                for name in extras.members:
                    self._losses.add(f"{path}.{name}", "foreign")
        return part

    def _bare_part(self, block: Block, path: str) -> object:
        match block:
            case Text():
                if block.state is not None:
                    self._losses.add(f"{path}.signature", "unsupported")
                return {"type": "text", "text": block.text}
            case Refusal():
                return {"type": "refusal", "refusal": block.text}
            case Image():
                return self._image(block, path)
            case Document():
                return self._document(block, path)
            case Audio(source=InlineData(media_type=media_type, base64=data)):
                return {"type": "input_audio", "input_audio": {"data": data, "format": _audio_format(media_type, path)}}
            case Reasoning():
                raw = own_members(block.extras, PROTOCOL).get(THINKING_PART)
                return raw if raw is not None else {"type": "text", "text": block.text}
            case Opaque(origin="openai_chat", raw=raw):
                return raw
            case Opaque(kind=kind):
                raise bad_request(
                    f"{path}: a {kind!r} block has no place in Chat Completions. Use a model whose provider speaks "
                    f"{block.origin}, or leave it out.",
                    param=path,
                )
            case _:
                kind = type(block).__name__.lower()
                raise bad_request(f"{path}: {kind} has no place in Chat Completions. Leave it out.", param=path)

    def _image(self, block: Image, path: str) -> object:
        match block.source:
            case InlineData() as source:
                url = data_url(source)
            case Url(url=address) if self._dialect.image_urls or address.startswith("data:"):
                url = address
            case Url():
                raise bad_request(
                    f"{path}: this provider does not fetch images. Send it as base64, or use another model.", param=path
                )
            case _:
                raise bad_request(
                    f"{path}: an image in another provider's file store cannot be sent. Send base64 or a URL.",
                    param=path,
                )
        image: dict[str, object] = {"url": url}
        if block.detail is not None:
            image["detail"] = block.detail
        return {"type": "image_url", "image_url": image}

    def _document(self, block: Document, path: str) -> object:
        for member, value in (("context", block.context), ("citations", block.citations)):
            if value:
                self._losses.add(f"{path}.{member}", "unsupported")
        file: dict[str, object] = {} if block.name is None else {"filename": block.name}
        match block.source:
            case InlineData() as source:
                file = {"filename": block.name or "document.pdf", "file_data": data_url(source)}
            case FileId(origin="openai_chat", id=file_id):
                file["file_id"] = file_id
            case Url(url=url) if url.startswith("data:"):
                file["file_data"] = url
            case PlainText(text=text):
                self._losses.add(path, "approximated")
                return {"type": "text", "text": text}
            case BlockSource(blocks=blocks) if all(isinstance(inner, Text) for inner in blocks):
                self._losses.add(path, "approximated")
                return {"type": "text", "text": "\n".join(inner.text for inner in blocks if isinstance(inner, Text))}
            case _:
                raise bad_request(
                    f"{path}: Chat Completions takes documents as base64 only. Send the file itself.", param=path
                )
        return {"type": "file", "file": file}


def _own_annotations(content: list[Block]) -> list[object]:
    return [
        citation.raw
        for block in content
        if isinstance(block, Text)
        for citation in block.citations
        if citation.origin == PROTOCOL
    ]


AUDIO_FORMATS = {"audio/wav": "wav", "audio/x-wav": "wav", "audio/wave": "wav", "audio/mp3": "mp3", "audio/mpeg": "mp3"}


def _audio_format(media_type: str, path: str) -> str:
    found = AUDIO_FORMATS.get(media_type)
    if found is None:
        found = media_type.removeprefix("audio/") if media_type.startswith("audio/") else None
    if found is None:
        raise bad_request(f"{path}: {media_type} is no audio that Chat Completions takes. Send wav or mp3.", param=path)
    return found
