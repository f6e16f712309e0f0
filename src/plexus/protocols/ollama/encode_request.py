"""Writing a request of ``/api/chat`` (https://docs.ollama.com/api/chat)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from plexus.canonical.content import (
    Block,
    Document,
    Image,
    InlineData,
    Opaque,
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
from plexus.protocols.functions import arguments_object
from plexus.protocols.media import parse_data_url, text_of
from plexus.protocols.members import refuse_bound
from plexus.protocols.ollama import settings
from plexus.protocols.ollama.dialect import OllamaDialect
from plexus.protocols.ollama.wire import PROTOCOL
from plexus.protocols.unsupported import note_extras, note_marks, refuse_other_answers

PATH = "/chat"
WHO = "Ollama"

Turn = dict[str, object]


def encode_request(request: GenerateRequest, dialect: OllamaDialect) -> tuple[Outbound, Losses]:
    """The provider's request. Raises ClientError for content that Ollama cannot express."""
    refuse_bound(request, PROTOCOL)
    refuse_other_answers(request, WHO)
    losses = Losses()
    messages = _Writer(losses).messages(request)
    body: dict[str, object] = {"model": request.model, "messages": messages, "stream": request.stream}
    settings.encode_settings(request, dialect, body, losses)
    for name in sorted(dialect.refused_members & set(body)):
        del body[name]
        losses.add(name, "refused")
    return Outbound(path=PATH, body=msgspec.json.encode(body)), losses


class _Writer:
    """Writes turns, and notes what is lost."""

    def __init__(self, losses: Losses) -> None:
        self._losses = losses
        self._names: dict[str, str] = {}
        """Call id -> the function's name, which a result repeats."""

    def messages(self, request: GenerateRequest) -> list[Turn]:
        written: list[Turn] = []
        if request.system:
            written.append(self._turn("system", request.system, "system"))
        for index, message in enumerate(request.messages):
            written += self._message(message, f"messages[{index}]")
        return written

    def _message(self, message: Message, path: str) -> list[Turn]:
        note_extras(message.extras, path, self._losses)
        if message.name is not None and message.role != "tool":
            self._losses.add(f"{path}.name", "unsupported")
        written: list[Turn] = []
        others: list[Block] = []
        for index, block in enumerate(message.content):
            if isinstance(block, ToolResult):
                written.append(self._result(block, f"{path}.content[{index}]"))
            else:
                others.append(block)
        if others or not written:
            role = {"developer": "system", "tool": "user"}.get(message.role, message.role)
            written.append(self._turn(role, others, path))
        return written

    def _turn(self, role: str, blocks: Sequence[Block], path: str) -> Turn:
        """One turn: its words, its pictures, its thoughts and its calls each in a member of their own."""
        turn: Turn = {"role": role}
        texts: list[str] = []
        thoughts: list[str] = []
        images: list[str] = []
        calls: list[Turn] = []
        for index, block in enumerate(blocks):
            where = f"{path}.content[{index}]"
            note_marks(block, where, self._losses)
            match block:
                case Image():
                    if texts:
                        self._losses.add(where, "reordered")  # pictures stand ahead of all words
                    images.append(_picture(block, where))
                case Reasoning():
                    thoughts += self._thought(block, where)
                case ToolCall():
                    calls.append(self._call(block, where))
                case _:
                    texts.append(self._words(block, where))
        turn["content"] = "\n\n".join(text for text in texts if text)
        for name, values in (("images", images), ("tool_calls", calls)):
            if values:
                turn[name] = values
        if thoughts:
            turn["thinking"] = "".join(thoughts)
        return turn

    def _words(self, block: Block, path: str) -> str:
        match block:
            case Text():
                self._note_state(block, path)
                return block.text
            case Refusal():
                return block.text
            case Document() if (text := text_of(block)) is not None:
                self._losses.add(path, "approximated")
                if block.name is not None:
                    self._losses.add(f"{path}.name", "unsupported")
                return text
            case Opaque():
                raise bad_request(
                    f"{path}: a {block.kind!r} block has no place in Ollama's API. Use a model whose provider speaks "
                    f"{block.origin}, or leave it out.",
                    param=path,
                )
            case Document():
                raise bad_request(f"{path}: Ollama reads no files but text. Send the document's text.", param=path)
            case _:
                kind = type(block).__name__.lower()
                raise bad_request(f"{path}: {kind} has no place in Ollama's API. Leave it out.", param=path)

    def _thought(self, block: Reasoning, path: str) -> list[str]:
        if not block.text:
            self._losses.add(path, "other_provider")
            return []
        self._note_state(block, path)
        return [block.text]

    def _note_state(self, block: Text | Reasoning | ToolCall, path: str) -> None:
        """Ollama signs nothing, so a signature is another provider's."""
        if block.state is not None:
            self._losses.add(f"{path}.signature", "other_provider")

    def _call(self, block: ToolCall, path: str) -> Turn:
        self._note_state(block, path)
        self._names[block.id] = block.name
        arguments = None if block.custom else arguments_object(block.arguments)
        if arguments is None:
            self._losses.add(path, "approximated")
        function = {"name": block.name, "arguments": {"input": block.arguments} if arguments is None else arguments}
        return {"id": block.id, "function": function}

    def _result(self, block: ToolResult, path: str) -> Turn:
        if block.is_error:
            self._losses.add(f"{path}.is_error", "unsupported")
        note_marks(block, path, self._losses)
        turn = self._turn("tool", block.content, path)
        name = block.name or self._names.get(block.call_id)
        if name is not None:
            turn["tool_name"] = name
        if block.call_id:
            turn["tool_call_id"] = block.call_id
        return turn


def _picture(block: Image, path: str) -> str:
    """A picture as bare base64."""
    source = parse_data_url(block.source.url) if isinstance(block.source, Url) else block.source
    if isinstance(source, InlineData):
        return source.base64
    raise bad_request(f"{path}: Ollama does not fetch images. Send it as base64, or use another model.", param=path)
