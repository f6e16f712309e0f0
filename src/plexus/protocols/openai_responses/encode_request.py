"""Writing a Responses request for a provider."""

from __future__ import annotations

import msgspec

from plexus.canonical.content import (
    Audio,
    Block,
    BlockSource,
    CacheMark,
    Citation,
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
from plexus.protocols.openai_responses import settings
from plexus.protocols.openai_responses.content import BREAKPOINT, PROTOCOL, encode_annotation
from plexus.protocols.openai_responses.dialect import ResponsesDialect
from plexus.protocols.openai_responses.items import ITEM, PLAIN, RAW_THOUGHT, part_members
from plexus.protocols.openai_responses.tools import encode_tool_choice, encode_tools

PATH = "/responses"


def encode_request(request: GenerateRequest, dialect: ResponsesDialect) -> tuple[Outbound, Losses]:
    """The provider's request. Raises ClientError for content that Responses cannot express."""
    refuse_bound(request, PROTOCOL)
    losses = Losses()
    own = request.origin == PROTOCOL
    writer = _Writer(request, dialect, losses)
    body: dict[str, object] = {"model": request.model} if request.model else {}
    items = writer.items()
    instructions = _instructions(request, dialect, items, losses)
    if instructions is not None:
        body["instructions"] = instructions
    if items or not request.bound:
        body["input"] = items
    tools = encode_tools(request, losses)
    if tools:
        body["tools"] = tools
    if request.tool_choice is not None and (tools or own):
        choice = encode_tool_choice(request.tool_choice, request.tools, losses, own=own)
        if choice is not None:
            body["tool_choice"] = choice
    settings.encode_settings(request, dialect, body, losses)
    if not own:
        if not tools:
            body.pop("parallel_tool_calls", None)
        for name in dialect.refused_members & set(body):
            del body[name]
            losses.add(name, "refused")
    return Outbound(path=PATH, body=msgspec.json.encode(body)), losses


def _instructions(
    request: GenerateRequest, dialect: ResponsesDialect, items: list[object], losses: Losses
) -> str | None:
    """The text that stands apart from the turns, as one string; else a system message put in front of ``items``."""
    if not request.system:
        return None
    texts = [block.text for block in request.system if isinstance(block, Text)]
    if len(texts) < len(request.system):
        raise bad_request("system: Responses takes instructions in words only.", param="system")
    if any(isinstance(block, Text) and block.cache is not None for block in request.system):
        losses.add("system.cache_control", "unsupported")
    whole = "\n\n".join(texts)
    if dialect.instructions:
        return whole
    items.insert(0, {"role": "system", "content": whole})
    return None


class _Writer:
    """Writes turns as items, and notes what is lost."""

    def __init__(self, request: GenerateRequest, dialect: ResponsesDialect, losses: Losses) -> None:
        self._request = request
        self._own = request.origin == PROTOCOL
        self._dialect = dialect
        self._losses = losses
        self._customs: set[str] = set()
        """Ids of calls of custom tools, whose answers are items of another type."""

    def items(self) -> list[object]:
        written: list[object] = []
        for index, message in enumerate(self._request.messages):
            path = f"messages[{index}]"
            if message.name is not None and message.role != "tool":
                self._losses.add(f"{path}.name", "unsupported")
            self._foreign(message, path)
            if message.role == "assistant":
                written += self._turn(message, path)
            else:
                written += self._message(message, path)
        return written

    def _foreign(self, node: Message | Block, path: str) -> None:
        extras = getattr(node, "extras", None)
        if extras is not None and extras.origin != PROTOCOL:
            for name in extras.members:
                self._losses.add(f"{path}.{name}", "foreign")

    # --- the client's turns

    def _message(self, message: Message, path: str) -> list[object]:
        written: list[object] = []
        others: list[Block] = []
        for index, block in enumerate(message.content):
            where = f"{path}.content[{index}]"
            if isinstance(block, ToolResult):
                written.append(self._result(block, where))
            elif isinstance(block, Opaque) and message.role == "tool":
                written.append(self._opaque(block, where))
            else:
                others.append(block)
        if others or not written:
            role = message.role if message.role != "tool" else "user"
            if role == "developer" and not self._dialect.developer_role and not self._own:
                role = "system"
            content = self._content(others, message.plain, path, "input_text")
            written.append({"role": role, "content": content, **own_members(message.extras, PROTOCOL)})
        return written

    def _result(self, result: ToolResult, path: str) -> object:
        self._foreign(result, path)
        if result.is_error:
            self._losses.add(f"{path}.is_error", "unsupported")
        self._mark(result.cache, path)
        custom = result.custom or result.call_id in self._customs
        kind = "custom_tool_call_output" if custom else "function_call_output"
        texts = [block for block in result.content if isinstance(block, Text)]
        output: object
        if not result.content:
            output = ""
        elif not self._own and len(texts) == len(result.content):
            for block in texts:
                self._mark(block.cache, path)
            output = "\n".join(block.text for block in texts)
        else:
            output = self._content(list(result.content), result.plain, path, "input_text")
        wire = {"type": kind, "call_id": result.call_id, "output": output, **own_members(result.extras, PROTOCOL)}
        return {**wire, "name": result.name} if self._own and result.name is not None else wire

    # --- the model's turns

    def _turn(self, message: Message, path: str) -> list[object]:
        written: list[object] = []
        open_parts: list[object] | None = None
        for index, block in enumerate(message.content):
            where = f"{path}.content[{index}]"
            if isinstance(block, Text | Refusal) or (isinstance(block, Opaque) and open_parts is not None):
                open_parts = self._say(block, open_parts, written, where)
                continue
            open_parts = None
            match block:
                case Reasoning():
                    self._think(block, written, where)
                case ToolCall():
                    written.append(self._call(block, where))
                case Opaque():
                    written.append(self._opaque(block, where))
                case Audio(transcript=str() as transcript):
                    self._losses.add(where, "approximated")
                    written.append({"role": "assistant", "content": transcript})
                case _:
                    kind = type(block).__name__.lower()
                    raise bad_request(f"{where}: Responses takes no {kind} of an assistant. Leave it out.", param=where)
        return written if self._own else [_plainly(item) for item in written]

    def _say(
        self, block: Text | Refusal | Opaque, parts: list[object] | None, written: list[object], path: str
    ) -> list[object] | None:
        """Put text into the open message, or open one. The parts of the message that is open then."""
        own = own_members(getattr(block, "extras", None), PROTOCOL)
        if isinstance(block, Opaque):
            if block.kind in PART_KINDS and parts is not None:
                parts.append(self._opaque(block, path))
                return parts
            written.append(self._opaque(block, path))
            return None
        if isinstance(block, Text) and not block.text and not own and not self._own:
            return parts
        if ITEM in own or parts is None:
            wrapper: dict[str, object] = {"role": "assistant"}
            if ITEM in own:
                wrapper = dict(msgspec.json.decode(own[ITEM], type=Object))
            if PLAIN in own and isinstance(block, Text):
                written.append({**wrapper, "content": block.text})
                return None
            parts = []
            written.append({**wrapper, "content": parts})
        parts.append(self._part(block, path, "output_text"))
        return parts

    def _think(self, block: Reasoning, written: list[object], path: str) -> None:
        own = own_members(block.extras, PROTOCOL)
        state = block.state.value if block.state is not None and block.state.protocol == PROTOCOL else None
        if not self._own and state is None and not (self._dialect.reasoning_text and block.text):
            self._losses.add(path, "other_provider" if block.state is not None else "unsupported")
            return
        raw = RAW_THOUGHT in own or (not self._own and state is None)
        texts = block.parts or ((block.text,) if block.text or not block.redacted else ())
        last = written[-1] if written else None
        joins = raw and block.id is not None and isinstance(last, dict) and last.get("id") == block.id
        wire: dict[str, object]
        if joins and isinstance(last, dict):
            wire = last
        else:
            wire = {"type": "reasoning"} if block.id is None else {"type": "reasoning", "id": block.id}
            wire["summary"] = []
            written.append(wire)
        kind = "reasoning_text" if raw else "summary_text"
        wire["content" if raw else "summary"] = [{"type": kind, "text": text} for text in texts]
        if state is not None:
            wire["encrypted_content"] = state
        wire.update({name: value for name, value in own.items() if name != RAW_THOUGHT})

    def _call(self, block: ToolCall, path: str) -> object:
        self._foreign(block, path)
        self._mark(block.cache, path)
        if block.state is not None:
            self._losses.add(f"{path}.signature", "unsupported")
        if block.custom:
            self._customs.add(block.id)
            kind = {"type": "custom_tool_call", "call_id": block.id, "name": block.name, "input": block.arguments}
        else:
            arguments = block.arguments if self._own else block.arguments or "{}"
            kind = {"type": "function_call", "call_id": block.id, "name": block.name, "arguments": arguments}
        return {**kind, **own_members(block.extras, PROTOCOL)}

    # --- parts

    def _content(self, blocks: list[Block], plain: bool, path: str, kind: str) -> object:
        if plain and len(blocks) == 1 and isinstance(blocks[0], Text):
            self._mark(blocks[0].cache, path)
            return blocks[0].text
        return [self._part(block, f"{path}.content[{index}]", kind) for index, block in enumerate(blocks)]

    def _mark(self, cache: CacheMark | None, path: str) -> None:
        if cache is not None and not self._own:
            self._losses.add(f"{path}.cache_control", "unsupported")

    def _part(self, block: Block, path: str, text_kind: str) -> object:
        self._foreign(block, path)
        wire = self._bare_part(block, path, text_kind)
        if not isinstance(wire, dict):
            return wire
        cache: CacheMark | None = getattr(block, "cache", None)
        if cache is not None and self._dialect.cache_breakpoints:
            wire[BREAKPOINT] = {"mode": "explicit"}
        else:
            self._mark(cache, path)
        return {**wire, **part_members(getattr(block, "extras", None))}

    def _bare_part(self, block: Block, path: str, text_kind: str) -> object:
        match block:
            case Text():
                if block.state is not None:
                    self._losses.add(f"{path}.signature", "unsupported")
                wire: dict[str, object] = {"type": text_kind, "text": block.text}
                if text_kind == "output_text" and (annotations := self._annotations(block.citations, path)):
                    wire["annotations"] = annotations
                return wire
            case Refusal():
                return {"type": "refusal", "refusal": block.text}
            case Image():
                return self._image(block, path)
            case Document():
                return self._document(block, path)
            case Audio(source=InlineData(media_type=media_type, base64=data)) if self._own:
                return {
                    "type": "input_audio",
                    "input_audio": {"data": data, "format": media_type.removeprefix("audio/")},
                }
            case Opaque():
                return self._opaque(block, path)
            case _:
                kind = type(block).__name__.lower()
                raise bad_request(f"{path}: {kind} has no place in Responses. Leave it out.", param=path)

    def _annotations(self, citations: tuple[Citation, ...], path: str) -> list[object]:
        found = [encode_annotation(citation) for citation in citations]
        if None in found:
            self._losses.add(f"{path}.citations", "unsupported")
        return [annotation for annotation in found if annotation is not None]

    def _opaque(self, block: Opaque, path: str) -> object:
        if block.origin != PROTOCOL:
            raise bad_request(
                f"{path}: a {block.kind!r} block has no place in Responses. Use a model whose provider speaks "
                f"{block.origin}, or leave it out.",
                param=path,
            )
        return block.raw

    def _image(self, block: Image, path: str) -> object:
        wire: dict[str, object] = {"type": "input_image"}
        match block.source:
            case InlineData() as source:
                wire["image_url"] = data_url(source)
            case Url(url=url):
                wire["image_url"] = url
            case FileId(origin=origin, id=file_id) if origin == PROTOCOL:
                wire["file_id"] = file_id
            case _:
                raise bad_request(
                    f"{path}: an image in another provider's file store cannot be sent. Send base64 or a URL.",
                    param=path,
                )
        if block.detail is not None or not self._own:
            wire["detail"] = block.detail or "auto"
        return wire

    def _document(self, block: Document, path: str) -> object:
        for member, value in (("context", block.context), ("citations", block.citations)):
            if value:
                self._losses.add(f"{path}.{member}", "unsupported")
        wire: dict[str, object] = {"type": "input_file"}
        if block.name is not None:
            wire["filename"] = block.name
        match block.source:
            case InlineData() as source:
                if not self._own:
                    wire["filename"] = block.name or "document.pdf"
                wire["file_data"] = data_url(source)
            case Url(url=url):
                wire["file_url"] = url
            case FileId(origin=origin, id=file_id) if origin == PROTOCOL:
                wire["file_id"] = file_id
            case PlainText(text=text):
                self._losses.add(path, "approximated")
                return {"type": "input_text", "text": text}
            case BlockSource(blocks=blocks) if all(isinstance(inner, Text) for inner in blocks):
                self._losses.add(path, "approximated")
                texts = (inner.text for inner in blocks if isinstance(inner, Text))
                return {"type": "input_text", "text": "\n".join(texts)}
            case _:
                raise bad_request(
                    f"{path}: a file in another provider's store cannot be sent. Send base64 or a URL.", param=path
                )
        return wire


def _plainly(item: object) -> object:
    """An assistant's message of one text as a bare string: what the document allows without ids."""
    if isinstance(item, dict) and item.get("role") == "assistant" and isinstance(item["content"], list):
        parts = item["content"]
        if len(parts) == 1 and set(parts[0]) == {"type", "text"}:
            return {**item, "content": parts[0]["text"]}
    return item


PART_KINDS = frozenset({"summary_text", "reasoning_text", "computer_screenshot", "input_video", "output_audio"})
"""Kinds of content parts, not items, that Responses alone understands."""
