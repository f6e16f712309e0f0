"""Writing a Converse request (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html).

The path names the model, and whether the reply is streamed. No client of ours speaks this protocol: every request comes
from another one.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from urllib.parse import quote

import msgspec

from plexus.canonical.content import (
    Audio,
    Block,
    BlockSource,
    Document,
    Image,
    Opaque,
    PlainText,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Video,
)
from plexus.canonical.errors import bad_request
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest, Message
from plexus.protocols.bedrock_converse import settings
from plexus.protocols.bedrock_converse.content import PROTOCOL
from plexus.protocols.bedrock_converse.dialect import ConverseDialect, cache_points_of
from plexus.protocols.bedrock_converse.parts import (
    DocumentNames,
    Part,
    cache_point,
    encode_call,
    encode_source,
    media_kind,
    tool_id,
)
from plexus.protocols.codec import Outbound
from plexus.protocols.members import refuse_bound

Turn = tuple[str, list[Part]]


def path_of(model: str, stream: bool) -> str:
    """Where a model answers. Its name may be an ARN, whose ``:`` and ``/`` are escaped."""
    return f"/model/{quote(model, safe='')}/{'converse-stream' if stream else 'converse'}"


def encode_request(request: GenerateRequest, dialect: ConverseDialect) -> tuple[Outbound, Losses]:
    """The provider's request. Raises ClientError for content that Converse cannot express."""
    refuse_bound(request, PROTOCOL)
    losses = Losses()
    writer = _Writer(request, dialect, losses)
    system, turns = writer.turns()
    body: dict[str, object] = {"messages": [{"role": role, "content": content} for role, content in turns]}
    if system:
        body["system"] = system
    settings.encode_settings(request, dialect, body, losses)
    settings.check_thinking(body, losses)
    return Outbound(path=path_of(request.model, request.stream), body=msgspec.json.encode(body)), losses


class _Writer:
    """Writes turns and blocks, and notes what is lost."""

    def __init__(self, request: GenerateRequest, dialect: ConverseDialect, losses: Losses) -> None:
        self._request = request
        self._dialect = dialect
        self._losses = losses
        self._caches = cache_points_of(request.model, dialect) != "none"
        self._names = DocumentNames()

    # --- turns

    def turns(self) -> tuple[list[Part], list[Turn]]:
        """(system, turns), in Converse's order: user and assistant take turns, the user begins, results head their turn."""
        system = self._system(self._request.system, "system")
        turns: list[Turn] = []
        for index, message in enumerate(self._request.messages):
            path = f"messages[{index}]"
            self._note_turn(message, path)
            if message.role in ("system", "developer") and not turns:
                system += self._system(message.content, path)
                continue
            if message.role in ("system", "developer"):
                self._losses.add(path, "approximated")
            role = "assistant" if message.role == "assistant" else "user"
            parts = self._parts(message.content, path)
            if turns and turns[-1][0] == role:
                turns[-1][1].extend(parts)
            elif parts:
                turns.append((role, parts))
        if not turns:
            raise bad_request("messages: there is no text to send. Converse takes no empty turns.", param="messages")
        if turns[0][0] == "assistant":
            raise bad_request("messages: the first turn must be the user's for a model on Bedrock.", param="messages")
        if self._request.cache is not None:
            self._cache_all(turns)
        return system, [(role, _results_first(parts)) for role, parts in turns]

    def _note_turn(self, message: Message, path: str) -> None:
        if message.name is not None and message.role != "tool":
            self._losses.add(f"{path}.name", "unsupported")
        if message.extras is not None:
            for name in message.extras.members:
                self._losses.add(f"{path}.{name}", "foreign")

    def _cache_all(self, turns: list[Turn]) -> None:
        """A wish to cache the whole prompt is a point at its end."""
        mark = self._request.cache
        if mark is None or not self._caches:
            self._losses.add("cache_control", "unsupported")
        elif "cachePoint" not in turns[-1][1][-1]:
            turns[-1][1].append(cache_point(mark))

    def _system(self, blocks: Sequence[Block], path: str) -> list[Part]:
        """Instructions are text alone."""
        for index, block in enumerate(blocks):
            if not isinstance(block, Text | Refusal):
                where = f"{path}.content[{index}]"
                raise bad_request(f"{where}: instructions are text for a model on Bedrock.", param=where)
        return self._parts(blocks, path)

    # --- blocks

    def _parts(self, blocks: Sequence[Block], path: str) -> list[Part]:
        written: list[Part] = []
        for index, block in enumerate(blocks):
            if isinstance(block, Text | Refusal) and not block.text.strip():  # empty text is refused
                continue
            where = f"{path}.content[{index}]"
            written += self._block(block, where)
            cache = getattr(block, "cache", None)
            if cache is not None and not self._caches:
                self._losses.add(f"{where}.cache_control", "unsupported")
            elif cache is not None and written:
                written.append(cache_point(cache))
        return written

    def _block(self, block: Block, path: str) -> list[Part]:
        extras = getattr(block, "extras", None)
        if extras is not None:
            for name in extras.members:
                self._losses.add(f"{path}.{name}", "foreign")
        match block:
            case Text() | Refusal():
                return [self._text(block, path)]
            case Reasoning():
                return self._thought(block, path)
            case ToolCall():
                return [self._call(block, path)]
            case ToolResult():
                return [self._result(block, path)]
            case Document():
                return [self._document(block, path)]
            case Image() | Audio() | Video():
                return [self._media(block, path)]
            case Opaque():
                raise bad_request(
                    f"{path}: a {block.kind!r} block has no place in Converse. Use a model whose provider speaks "
                    f"{block.origin}, or leave it out.",
                    param=path,
                )

    def _text(self, block: Text | Refusal, path: str) -> Part:
        if isinstance(block, Text):
            if block.citations:
                self._losses.add(f"{path}.citations", "unsupported")
            if block.state is not None:
                self._losses.add(f"{path}.signature", "unsupported")
        return {"text": block.text}

    def _thought(self, block: Reasoning, path: str) -> list[Part]:
        """Converse wants its own signature on a thought; one without, or another provider's, is left out."""
        state = block.state
        if state is None or state.protocol != PROTOCOL:
            self._losses.add(path, "other_provider" if state is not None else "unsupported")
            return []
        if state.form == "hidden":
            return [{"reasoningContent": {"redactedContent": state.value}}]
        if not block.text and state.form is None:  # the client kept the signature and dropped the words that it signs
            self._losses.add(path, "unsupported")
            return []
        return [{"reasoningContent": {"reasoningText": {"text": block.text, "signature": state.value}}}]

    def _call(self, block: ToolCall, path: str) -> Part:
        part, exact = encode_call(block)
        if not exact:
            self._losses.add(path, "approximated")
        if block.state is not None:
            self._losses.add(f"{path}.signature", "unsupported")
        return part

    def _result(self, block: ToolResult, path: str) -> Part:
        content: list[Part] = []
        for index, inner in enumerate(block.content):
            where = f"{path}.content[{index}]"
            if isinstance(inner, Reasoning | ToolCall | ToolResult | Audio):
                kind = type(inner).__name__.lower()
                raise bad_request(f"{where}: a tool's result holds no {kind} on Bedrock. Leave it out.", param=where)
            content += self._block(inner, where)
        result: Part = {"toolUseId": tool_id(block.call_id), "content": content or [{"text": ""}]}
        if block.is_error is not None:
            if self._dialect.tool_status:
                result["status"] = "error" if block.is_error else "success"
            elif block.is_error:
                self._losses.add(f"{path}.is_error", "unsupported")
        return {"toolResult": result}

    # --- media

    def _media(self, block: Image | Audio | Video, path: str) -> Part:
        if isinstance(block, Image):
            if block.detail not in (None, "auto"):
                self._losses.add(f"{path}.detail", "unsupported")
            if block.state is not None:
                self._losses.add(f"{path}.signature", "unsupported")
        kind = media_kind(block)
        found = encode_source(block.source, kind)
        if found is None:
            raise _cannot_send(kind, path)
        word, source = found
        return {kind: {"format": word, "source": source}}

    def _document(self, block: Document, path: str) -> Part:
        inner: Part = {"name": self._names.name(block.name)}
        if block.name is not None and inner["name"] != block.name:
            self._losses.add(f"{path}.title", "approximated")
        match block.source:
            case PlainText(text=text):
                inner |= {"format": "txt", "source": {"bytes": base64.b64encode(text.encode()).decode()}}
            case BlockSource(blocks=blocks):
                inner["source"] = {"content": [self._chunk(each, path) for each in blocks]}
            case source:
                found = encode_source(source, "document")
                if found is None:
                    raise _cannot_send("document", path)
                inner |= {"format": found[0], "source": found[1]}
        if block.context is not None:
            inner["context"] = block.context
        if block.citations is not None:
            inner["citations"] = {"enabled": block.citations}
        return {"document": inner}

    def _chunk(self, block: Block, path: str) -> Part:
        if not isinstance(block, Text):
            raise bad_request(f"{path}: a document in pieces holds text alone on Bedrock.", param=path)
        return {"text": block.text}


def _cannot_send(kind: str, path: str) -> Exception:
    return bad_request(
        f"{path}: this {kind} cannot be sent to Bedrock, which takes the bytes of the usual formats, or s3://.",
        param=path,
    )


def _results_first(parts: list[Part]) -> list[Part]:
    """Results head their turn, each with its cache point."""
    heads: list[Part] = []
    rest: list[Part] = []
    for part in parts:
        follows = "cachePoint" in part and heads and (not rest)
        (heads if "toolResult" in part or follows else rest).append(part)
    return [*heads, *rest]
