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
from plexus.canonical.request import CustomTool, FunctionTool, GenerateRequest, Message, Tool, ToolChoice
from plexus.protocols.codec import Outbound
from plexus.protocols.media import data_url
from plexus.protocols.members import Object, own_members, refuse_bound
from plexus.protocols.openai_chat import settings
from plexus.protocols.openai_chat.content import (
    PROTOCOL,
    THINKING_PART,
    THOUGHT_MEMBERS,
    encode_cache,
    reasoning_details,
)
from plexus.protocols.openai_chat.dialect import ChatDialect

PATH = "/chat/completions"


def encode_request(request: GenerateRequest, dialect: ChatDialect) -> tuple[Outbound, Losses]:
    """The provider's request. Raises ClientError for content that Chat cannot express."""
    refuse_bound(request, PROTOCOL)
    losses = Losses()
    writer = _Writer(dialect, losses)
    body: dict[str, object] = {"model": request.model, "messages": writer.messages(request)}
    own = own_members(request.extras, PROTOCOL)
    if request.tools and "functions" not in own:
        tools = [
            written for index, tool in enumerate(request.tools) if (written := writer.tool(tool, index)) is not None
        ]
        if tools:
            body["tools"] = tools
    if request.tool_choice is not None and "function_call" not in own:
        choice = encode_tool_choice(request.tool_choice, request, losses)
        if choice is not None:
            body["tool_choice"] = choice
    settings.encode_settings(request, dialect, body, losses)
    for name in dialect.refused_members & set(body):
        del body[name]
        losses.add(name, "refused")
    if not body.get("tools", own.get("functions")):
        for name in ("tool_choice", "parallel_tool_calls"):  # both are refused without tools
            body.pop(name, None)
    return Outbound(path=PATH, body=msgspec.json.encode(body)), losses


def encode_tool_choice(choice: ToolChoice, request: GenerateRequest, losses: Losses) -> object | None:
    """The wire's tool_choice; a choice that is written in another protocol's words keeps the names that are tools here.
    None, a loss, where no such tool is left."""
    if choice.mode in ("auto", "none", "required"):
        return choice.mode
    if choice.raw is not None and request.origin == PROTOCOL:
        return choice.raw
    kinds = {tool.name: "custom" for tool in request.tools if isinstance(tool, CustomTool)}
    kinds |= {tool.name: "function" for tool in request.tools if isinstance(tool, FunctionTool)}
    if request.origin == PROTOCOL:
        kinds = {name: kinds.get(name, "function") for name in choice.names}
    named = [{"type": kinds[name], kinds[name]: {"name": name}} for name in choice.names if name in kinds]
    if len(named) < len(choice.names):
        losses.add("tool_choice", "unsupported" if not named else "approximated")
    if choice.mode == "named" or not named:
        return named[0] if named else None
    return {"type": "allowed_tools", "allowed_tools": {"mode": choice.allowed_mode, "tools": named}}


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
            turn = {"role": role, "content": content, **own}
            if message.name is not None:
                turn["name"] = message.name
            written.append(turn)
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
        if message.name is not None:
            turn["name"] = message.name
        return {**turn, **own}

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
        if block.custom:
            body: dict[str, object] = {"type": "custom", "custom": {"name": block.name, "input": block.arguments}}
        else:
            body = {"type": "function", "function": {"name": block.name, "arguments": block.arguments or "{}"}}
        if block.cache is not None and self._dialect.cache_control:
            body["cache_control"] = encode_cache(block.cache)
        return {"id": block.id, **body, **own}

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
        turn: dict[str, object] = {"role": "tool", "tool_call_id": result.call_id, "content": content}
        if result.name is not None and result.call_id == f"call_{result.name}":
            turn = {"role": "tool", "tool_call_id": result.call_id, "name": result.name, "content": content}
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
        return [self._part(block, f"{path}.content[{index}]") for index, block in enumerate(blocks)]

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
            case Url(url=address):
                url = address
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

    # --- tools

    def tool(self, tool: Tool, index: int) -> object | None:
        path = f"tools[{index}]"
        match tool:
            case FunctionTool():
                return self._function(tool, path)
            case CustomTool():
                custom: dict[str, object] = {"name": tool.name}
                if tool.description is not None:
                    custom["description"] = tool.description
                if tool.format is not None:
                    custom["format"] = tool.format
                return {"type": "custom", "custom": custom, **own_members(tool.extras, PROTOCOL)}
            case _:
                if tool.origin == PROTOCOL:
                    return tool.raw
                self._losses.add(path, "unsupported")
                return None

    def _function(self, tool: FunctionTool, path: str) -> dict[str, object]:
        members = {"description": tool.description, "parameters": tool.parameters, "strict": tool.strict}
        function = {"name": tool.name, **{name: value for name, value in members.items() if value is not None}}
        own = own_members(tool.extras, PROTOCOL)
        if tool.extras is not None and not own:
            for name in tool.extras.members:
                self._losses.add(f"{path}.{name}", "foreign")
        written: dict[str, object] = {"type": "function", "function": function, **own}
        if tool.cache is not None and self._dialect.cache_control:
            written["cache_control"] = encode_cache(tool.cache)
        self._mark(tool.cache, path)
        return written


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
