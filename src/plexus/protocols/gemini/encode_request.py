"""Writing a generateContent request for a provider."""

from __future__ import annotations

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
    Reasoning,
    ReasoningState,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Video,
)
from plexus.canonical.errors import bad_request
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest, Message
from plexus.protocols.codec import Outbound
from plexus.protocols.gemini import settings
from plexus.protocols.gemini.calls import is_made
from plexus.protocols.gemini.dialect import GeminiDialect, insists_on_signatures
from plexus.protocols.gemini.parts import (
    Part,
    encode_args,
    encode_call,
    encode_media,
    encode_text,
    encode_thought,
    own_extras,
    with_extras,
    with_signature,
)
from plexus.protocols.gemini.signature import PROTOCOL, STAND_IN, encode_signature, is_apart, settle
from plexus.protocols.members import Object, own_members, refuse_bound
from plexus.protocols.unreadable import UNREADABLE


def path_of(model: str, stream: bool) -> str:
    """Where a model generates. A model's name may hold ``/`` (``tunedModels/x`` is a collection of its own)."""
    collection = "" if model.startswith(("models/", "tunedModels/")) else "models/"
    return f"/{collection}{quote(model, safe='/@')}:{'streamGenerateContent' if stream else 'generateContent'}"


def encode_request(request: GenerateRequest, dialect: GeminiDialect) -> tuple[Outbound, Losses]:
    """The provider's request. Raises ClientError for content that Gemini cannot express."""
    refuse_bound(request, PROTOCOL)
    losses = Losses()
    writer = _Writer(dialect, losses, own=request.origin == PROTOCOL, signed=insists_on_signatures(request.model))
    body: dict[str, object] = {}
    if request.origin == PROTOCOL:
        body["contents"] = [writer.own_turn(message, index) for index, message in enumerate(request.messages)]
        body.update({name: raw for name, raw in own_members(request.extras, PROTOCOL).items() if "." not in name})
    else:
        system, body["contents"] = writer.turns(request)
        if system:
            body["systemInstruction"] = {"parts": system}
        settings.encode_settings(request, dialect, body, losses)
    query = b"alt=sse" if request.stream else b""
    path = path_of(request.model, request.stream)
    return Outbound(path=path, body=msgspec.json.encode(body), query=query), losses


class _Writer:
    """Writes turns and parts, and notes what is lost."""

    def __init__(self, dialect: GeminiDialect, losses: Losses, *, own: bool, signed: bool) -> None:
        self._dialect = dialect
        self._signed = signed
        self._losses = losses
        self._own = own
        self._names: dict[str, str] = {}
        """Call id -> the function's name, which a response must repeat."""

    # --- Gemini's own turns, as they came

    def own_turn(self, message: Message, index: int) -> Part:
        role = "model" if message.role == "assistant" else "user"
        parts = self._turn(role, message.content, f"messages[{index}]")
        return with_extras({"parts": parts, "role": role}, own_members(message.extras, PROTOCOL))

    # --- another protocol's turns, put into Gemini's order

    def turns(self, request: GenerateRequest) -> tuple[list[Part], list[Part]]:
        system = self.parts(request.system, "system")
        turns: list[tuple[str, list[Part]]] = []
        for index, message in enumerate(request.messages):
            path = f"messages[{index}]"
            if message.name is not None and message.role != "tool":
                self._losses.add(f"{path}.name", "unsupported")
            if message.extras is not None:
                for name in message.extras.members:
                    self._losses.add(f"{path}.{name}", "foreign")
            if message.role in ("system", "developer") and not turns:
                system += self.parts(message.content, path)
                continue
            if message.role in ("system", "developer"):
                self._losses.add(path, "approximated")
            role = "model" if message.role == "assistant" else "user"
            parts = self._turn(role, message.content, path)
            if turns and turns[-1][0] == role:
                turns[-1][1].extend(parts)
            elif parts:
                turns.append((role, parts))
        if not turns:
            raise bad_request("messages: there is nothing to send. Gemini takes no empty turns.", param="messages")
        return system, [{"role": role, "parts": _results_first(parts)} for role, parts in turns]

    def _turn(self, role: str, blocks: Sequence[Block], path: str) -> list[Part]:
        """The parts of a turn. Where another model made its calls, or their signatures were lost, the first call gets the
        word that stands in for one: Gemini 3 refuses the whole request else."""
        parts = self.parts(blocks, path)
        first = next((part for part in parts if "functionCall" in part), None)
        if self._signed and role == "model" and first is not None and "thoughtSignature" not in first:
            first["thoughtSignature"] = STAND_IN
            self._losses.add(f"{path}.signature", "other_provider")
        return parts

    def parts(self, blocks: Sequence[Block], path: str) -> list[Part]:
        """The parts of a turn, signatures on the parts that they belong to."""
        written: list[Part] = []
        pending: ReasoningState | None = None
        for index, block in enumerate(blocks if self._own else settle(blocks)):
            if is_apart(block):
                pending = getattr(block, "state", None)
            else:
                parts = self._block(block, f"{path}.content[{index}]")
                if pending is not None and parts:
                    with_signature(parts[0], encode_signature(pending))
                    pending = None
                written += parts
        return written if pending is None else [*written, with_signature({"text": ""}, encode_signature(pending))]

    # --- blocks

    def _block(self, block: Block, path: str) -> list[Part]:
        if isinstance(block, Opaque):
            return [self._opaque(block, path)]
        if isinstance(block, ToolResult):
            return self._result(block, path)
        if isinstance(block, Document) and isinstance(block.source, BlockSource):
            self._losses.add(path, "approximated")
            return self.parts(block.source.blocks, path)
        part = self._bare(block, path)
        if part is None:
            return []
        self._note_foreign(block, path)
        return [with_extras(part, own_extras(block))]

    def _note_foreign(self, block: Block, path: str) -> None:
        extras = getattr(block, "extras", None)
        if extras is not None and extras.origin != PROTOCOL:
            for name in extras.members:
                self._losses.add(f"{path}.{name}", "foreign")
        if getattr(block, "cache", None) is not None:
            self._losses.add(f"{path}.cache_control", "unsupported")
        for name in ("detail", "context", "citations"):
            value = getattr(block, name, None)
            if value and value != "auto":
                self._losses.add(f"{path}.{name}", "unsupported")

    def _opaque(self, block: Opaque, path: str) -> Part:
        if block.origin != PROTOCOL:
            raise bad_request(
                f"{path}: a {block.kind!r} block has no place in Gemini. Use a model whose provider speaks "
                f"{block.origin}, or leave it out.",
                param=path,
            )
        return dict(msgspec.json.decode(block.raw, type=Object))

    def _bare(self, block: Block, path: str) -> Part | None:
        match block:
            case Text(text="", state=None) if not self._own:
                return None
            case Text() | Refusal():
                return encode_text(block)
            case Reasoning():
                return self._thought(block, path)
            case ToolCall():
                return self._call(block, path)
            case Image() | Document() | Audio() | Video():
                part = encode_media(block)
                if part is None:
                    raise bad_request(
                        f"{path}: this {type(block).__name__.lower()} is kept by another provider. Send its bytes or a URL.",
                        param=path,
                    )
                return part
            case _:
                raise bad_request(f"{path}: Gemini takes no {type(block).__name__.lower()}. Leave it out.", param=path)

    def _thought(self, block: Reasoning, path: str) -> Part | None:
        foreign = block.state is not None and block.state.protocol != PROTOCOL
        if foreign:
            self._losses.add(f"{path}.signature" if block.text else path, "other_provider")
        said = bool(block.text) or (block.state is not None and not foreign)
        return encode_thought(block) if said or self._own else None

    def _call(self, block: ToolCall, path: str) -> Part:
        self._names[block.id] = block.name
        if block.custom or encode_args(block.arguments) is None:
            self._losses.add(path, "approximated")
        if block.state is not None and block.state.protocol != PROTOCOL:
            self._losses.add(f"{path}.signature", "other_provider")
        return encode_call(block, ids=self._dialect.call_ids)

    def _result(self, block: ToolResult, path: str) -> list[Part]:
        own = own_extras(block)
        if "functionResponse" in own:
            return [with_extras({}, own)]
        self._note_foreign(block, path)
        name = block.name or self._names.get(block.call_id)
        if name is None:
            raise bad_request(
                f"{path}: no call with the id {block.call_id!r} comes before this result, and Gemini must be told the "
                "name of the function.",
                param=path,
            )
        response: Part = {"name": name}
        if self._dialect.call_ids and block.call_id and not is_made(block.call_id):
            response["id"] = block.call_id
        texts = [inner.text for inner in block.content if isinstance(inner, Text | Refusal)]
        media = [inner for inner in block.content if not isinstance(inner, Text | Refusal)]
        response["response"] = _answer("\n".join(texts), failed=bool(block.is_error))
        if media:
            self._losses.add(
                f"{path}.content", "reordered"
            )  # beside the response: only the newest models take them inside
        beside = [part for index, inner in enumerate(media) for part in self._block(inner, f"{path}.content[{index}]")]
        return [{"functionResponse": response}, *beside]


def _answer(text: str, *, failed: bool) -> object:
    """What a function answered, as an object: its own where it is one, else ``output`` or ``error``."""
    if failed:
        return {"error": text}
    if text.lstrip().startswith("{"):
        try:
            msgspec.json.decode(text, type=Object)
        except UNREADABLE:
            return {"output": text}
        return msgspec.Raw(text.encode())
    return {"output": text}


def _results_first(parts: list[Part]) -> list[Part]:
    """Responses head their turn: Gemini wants them directly behind the calls."""
    results = [part for part in parts if "functionResponse" in part]
    return [*results, *(part for part in parts if "functionResponse" not in part)] if results else parts
