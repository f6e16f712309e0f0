"""Writing a request of ``/v2/chat`` (https://docs.cohere.com/reference/chat)."""

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
from plexus.protocols.cohere import settings
from plexus.protocols.cohere.dialect import CohereDialect
from plexus.protocols.cohere.wire import PROTOCOL
from plexus.protocols.media import data_url, text_of
from plexus.protocols.members import Array, decode_as, raw_json, refuse_bound
from plexus.protocols.unsupported import note_extras, note_marks, refuse_other_answers

PATH = "/chat"
WHO = "Cohere"
DETAILS = frozenset({"low", "high", "auto"})

Turn = dict[str, object]


def encode_request(request: GenerateRequest, dialect: CohereDialect) -> tuple[Outbound, Losses]:
    """The provider's request. Raises ClientError for content that Cohere cannot express."""
    refuse_bound(request, PROTOCOL)
    refuse_other_answers(request, WHO)
    losses = Losses()
    writer = _Writer(dialect, losses)
    turns = writer.messages(request)
    body: dict[str, object] = {"model": request.model, "messages": turns, "stream": request.stream}
    if writer.documents:
        own = request.extras.members.get("documents") if request.extras is not None else None
        body["documents"] = [*(decode_as(own, Array, "documents") if own is not None else ()), *writer.documents]
    if all(turn["role"] == "system" for turn in turns):
        raise bad_request("messages: there is nothing to answer. Cohere takes no empty turns.", param="messages")
    settings.encode_settings(request, dialect, body, losses)
    for name in sorted(dialect.refused_members & set(body)):
        del body[name]
        losses.add(name, "refused")
    return Outbound(path=PATH, body=msgspec.json.encode(body)), losses


class _Writer:
    """Writes turns, and notes what is lost."""

    def __init__(self, dialect: CohereDialect, losses: Losses) -> None:
        self._dialect = dialect
        self._losses = losses
        self.documents: list[msgspec.Raw] = []
        """Documents that shall be cited: they stand beside the turns."""

    def messages(self, request: GenerateRequest) -> list[Turn]:
        """All turns. Instructions can only come first, in one turn."""
        instructions = [self._instructions(request.system, "system")] if request.system else []
        written: list[Turn] = []
        for index, message in enumerate(request.messages):
            path = f"messages[{index}]"
            note_extras(message.extras, path, self._losses)
            if message.name is not None and message.role != "tool":
                self._losses.add(f"{path}.name", "unsupported")
            if message.role not in ("system", "developer"):
                written += self._message(message, path)
            elif not written:
                instructions.append(self._instructions(message.content, path))
            else:
                self._losses.add(path, "approximated")
                written.append({"role": "user", "content": self._instructions(message.content, path)})
        system = "\n\n".join(text for text in instructions if text)
        return [{"role": "system", "content": system}, *written] if system else written

    def _instructions(self, blocks: Sequence[Block], path: str) -> str:
        parts = self._parts(blocks, path)
        return "\n\n".join(str(part["text"]) for part in parts if self._is_text(part, path))

    def _is_text(self, part: Turn, path: str) -> bool:
        if part["type"] != "text":
            raise bad_request(
                f"{path}: instructions are text alone at Cohere. Put the rest into a user turn.", param=path
            )
        return True

    def _message(self, message: Message, path: str) -> list[Turn]:
        if message.role == "assistant":
            turn = self._assistant(message.content, path)
            return [turn] if len(turn) > 1 else []  # an empty one is refused
        written: list[Turn] = []
        others: list[Turn] = []
        for index, block in enumerate(message.content):
            where = f"{path}.content[{index}]"
            if isinstance(block, ToolResult):
                turn, beside = self._result(block, where)
                written.append(turn)
                others += beside
            else:
                others += self._part(block, where)
        if any(part.get("text") != "" for part in others):
            written.append({"role": "user", "content": _content(others)})
        return written  # an empty turn is refused, too

    def _assistant(self, blocks: Sequence[Block], path: str) -> Turn:
        turn: Turn = {"role": "assistant"}
        parts: list[Turn] = []
        thoughts: list[tuple[Reasoning, str]] = []
        calls: list[Turn] = []
        for index, block in enumerate(blocks):
            where = f"{path}.content[{index}]"
            if isinstance(block, ToolCall):
                calls.append(self._call(block, where))
            elif isinstance(block, Reasoning):
                note_marks(block, where, self._losses)
                thoughts.append((block, where))
            else:
                parts += self._part(block, where)
        self._add_thoughts(thoughts, turn, parts, called=bool(calls))
        if content := _content(parts):
            turn["content"] = content
        if calls:
            turn["tool_calls"] = calls
        return turn

    def _add_thoughts(
        self, thoughts: list[tuple[Reasoning, str]], turn: Turn, parts: list[Turn], *, called: bool
    ) -> None:
        """Thoughts as content of a model that thinks, else as the plan ahead of calls, else not at all."""
        told: list[str] = []
        for block, path in thoughts:
            if block.text and (self._dialect.thinking or called):
                told.append(block.text)
                self._note_state(block, path)
            else:
                self._losses.add(path, "unsupported" if block.text else "other_provider")
        if told and self._dialect.thinking:
            parts.insert(0, {"type": "thinking", "thinking": "".join(told)})
        elif told:
            turn["tool_plan"] = "".join(told)

    def _note_state(self, block: Text | Reasoning | ToolCall, path: str) -> None:
        """Cohere signs nothing, so a signature is another provider's."""
        if block.state is not None:
            self._losses.add(f"{path}.signature", "other_provider")

    def _call(self, block: ToolCall, path: str) -> Turn:
        note_marks(block, path, self._losses)
        self._note_state(block, path)
        arguments = block.arguments or "{}"
        if block.custom:
            self._losses.add(path, "approximated")
            arguments = msgspec.json.encode({"input": block.arguments}).decode()
        return {"id": block.id, "type": "function", "function": {"name": block.name, "arguments": arguments}}

    def _result(self, block: ToolResult, path: str) -> tuple[Turn, list[Turn]]:
        """The tool's turn, and the pictures that it cannot hold: they go into a user turn behind it."""
        note_marks(block, path, self._losses)
        if block.is_error:
            self._losses.add(f"{path}.is_error", "unsupported")
        held: list[Turn] = []
        beside: list[Turn] = []
        for index, inner in enumerate(block.content):
            where = f"{path}.content[{index}]"
            if isinstance(inner, Document) and (text := text_of(inner)) is not None:
                note_marks(inner, where, self._losses)
                held.append({"type": "document", "document": {"data": _data(inner, text)}})
                continue
            for part in self._part(inner, where):
                (held if part["type"] == "text" else beside).append(part)
            if isinstance(inner, Image):
                self._losses.add(where, "reordered")
        return {"role": "tool", "tool_call_id": block.call_id, "content": _content(held)}, beside

    # --- content

    def _parts(self, blocks: Sequence[Block], path: str) -> list[Turn]:
        return [part for index, block in enumerate(blocks) for part in self._part(block, f"{path}.content[{index}]")]

    def _part(self, block: Block, path: str) -> list[Turn]:
        if isinstance(block, Document):
            return self._document(block, path)
        if isinstance(block, Image):
            return [self._image(block, path)]
        note_marks(block, path, self._losses)
        match block:
            case Text():
                self._note_state(block, path)
                return [{"type": "text", "text": block.text}]
            case Refusal():
                return [{"type": "text", "text": block.text}]
            case Opaque():
                raise bad_request(
                    f"{path}: a {block.kind!r} block has no place in Cohere's API. Use a model whose provider speaks "
                    f"{block.origin}, or leave it out.",
                    param=path,
                )
            case _:
                kind = type(block).__name__.lower()
                raise bad_request(f"{path}: {kind} has no place in Cohere's API. Leave it out.", param=path)

    def _image(self, block: Image, path: str) -> Turn:
        bare = msgspec.structs.replace(block, detail=None) if block.detail in DETAILS else block
        note_marks(bare, path, self._losses)
        match block.source:
            case InlineData() as source:
                image: Turn = {"url": data_url(source)}
            case Url(url=url):
                image = {"url": url}
            case _:
                raise bad_request(
                    f"{path}: an image in another provider's file store cannot be sent. Send base64 or a URL.",
                    param=path,
                )
        if block.detail in DETAILS:
            image["detail"] = block.detail
        return {"type": "image_url", "image_url": image}

    def _document(self, block: Document, path: str) -> list[Turn]:
        """A document that shall be cited stands beside the turns, with an id; any other is text like the rest."""
        text = text_of(block)
        if text is None:
            raise bad_request(f"{path}: Cohere reads no files but text. Send the document's text.", param=path)
        if block.citations:
            note_marks(msgspec.structs.replace(block, context=None, citations=None), path, self._losses)
            self._losses.add(path, "reordered")
            document = {"id": f"doc:{len(self.documents)}", "data": _data(block, text, context=block.context)}
            self.documents.append(raw_json(document))
            return []
        note_marks(block, path, self._losses)
        self._losses.add(path, "approximated")
        if block.name is not None:
            self._losses.add(f"{path}.name", "unsupported")
        return [{"type": "text", "text": text}]


def _data(document: Document, text: str, *, context: str | None = None) -> Turn:
    """A document's members, which are its own choice; the model sees them all."""
    named = {"title": document.name, "context": context}
    return {**{name: value for name, value in named.items() if value is not None}, "text": text}


def _content(parts: list[Turn]) -> object:
    """Content as it is written: one text as it is, several parts as a list."""
    if not parts:
        return ""
    return parts[0]["text"] if len(parts) == 1 and parts[0]["type"] == "text" else parts
