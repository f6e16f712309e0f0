"""An answer as Responses events, in the order in which OpenAI sends them, numbered from 0."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from plexus.mock_provider.answer import Json, Part, Refusal, Text
from plexus.mock_provider.errors import Fault, chat_error
from plexus.mock_provider.frame import Frame, FrameKind
from plexus.mock_provider.planner import tokens_of
from plexus.mock_provider.responses.reply import (
    Piece,
    citations,
    contents_of,
    finished,
    opening,
    pieces_of,
    token_logprobs,
)
from plexus.mock_provider.saying import Ids, Saying, grouped
from plexus.mock_provider.tokens import split_tokens

_MOST_PADDING = 16


def events(saying: Saying) -> list[Frame]:
    """``response.created``, ``response.in_progress``, each item from its start to its end, and the one terminal event."""
    opened = opening(saying)
    pieces = pieces_of(saying)
    writer = _Writer(saying, str(opened["id"]))
    frames = [
        _event("opening", "response.created", response=opened),
        _event("opening", "response.in_progress", response=opened),
    ]
    for index, piece in enumerate(pieces):
        frames += writer.item(index, piece)
    whole = finished(saying, opened, pieces)
    frames.append(_event("done", f"response.{whole['status']}", response=whole))
    said = 0
    numbered = []
    for number, frame in enumerate(frames):
        said += frame.output
        numbered.append(replace(frame.changed(sequence_number=number), output=said))
    return numbered


def failing(fault: Fault, sent: Sequence[Frame]) -> list[Frame]:
    """An error after ``sent``, as recorded: the ``error`` event, and where a response was begun, ``response.failed``."""
    error = chat_error(fault)["error"]
    assert isinstance(error, dict)
    told = _event("error", "error", error=error, sequence_number=len(sent))
    begun = next((frame.data for frame in sent if frame.name == "response.created"), None)
    if not isinstance(begun, dict):
        return [told]
    opened = begun["response"]
    assert isinstance(opened, dict)
    output = [
        frame.data["item"]
        for frame in sent
        if frame.name == "response.output_item.done" and isinstance(frame.data, dict)
    ]
    code = error["code"] or error["type"]
    failed: Json = {
        **opened,
        "status": "failed",
        "error": {"code": code, "message": error["message"]},
        "output": output,
    }
    return [told, _event("error", "response.failed", response=failed, sequence_number=len(sent) + 1)]


def _event(kind: FrameKind, name: str, /, **members: object) -> Frame:
    return Frame(kind, {"type": name, **members}, name)


def _delta(output: int, name: str, /, **members: object) -> Frame:
    """A frame worth ``output`` tokens."""
    return replace(_event("delta", name, **members), output=output)


class _Writer:
    """Makes the events of items."""

    def __init__(self, saying: Saying, ident: str) -> None:
        self.saying = saying
        self.padding = Ids(ident)

    def item(self, index: int, piece: Piece) -> Iterator[Frame]:
        """All events of one item."""
        item = piece.item
        opening_kind: FrameKind = "opening" if index == 0 else "block"
        yield _event(opening_kind, "response.output_item.added", item=_begun(item), output_index=index)
        at = {"item_id": item["id"], "output_index": index}
        yield from {
            "message": self._message,
            "reasoning": self._reasoning,
            "function_call": self._call,
            "custom_tool_call": self._call,
            "web_search_call": self._search,
        }[str(item["type"])](at, piece)
        yield _event("block", "response.output_item.done", item=item, output_index=index)

    def _pad(self, text: str) -> Json:
        if not self.saying.ask.obfuscation:
            return {}
        return {"obfuscation": self.padding.make("", _MOST_PADDING - len(text) % _MOST_PADDING)}

    def _deltas(self, name: str, text: str, at: Json) -> Iterator[Frame]:
        for tokens in grouped(split_tokens(text), self.saying.chunk):
            delta = "".join(tokens)
            padding = {} if name == "response.refusal.delta" else self._pad(delta)  # as recorded
            yield _delta(len(tokens), name, delta=delta, **at, **padding)

    def _message(self, at: Json, piece: Piece) -> Iterator[Frame]:
        content = piece.item["content"]
        assert isinstance(content, list)
        for number, (parts, whole) in enumerate(zip(contents_of(piece.parts), content, strict=True)):
            place = {**at, "content_index": number}
            refused = whole["type"] == "refusal"
            empty = {"refusal": ""} if refused else {"text": "", "annotations": [], "logprobs": []}
            kind: FrameKind = "opening" if at["output_index"] == 0 and number == 0 else "block"
            yield _event(kind, "response.content_part.added", part={**whole, **empty}, **place)
            if refused:
                yield from self._deltas("response.refusal.delta", str(whole["refusal"]), place)
                yield _event("block", "response.refusal.done", refusal=whole["refusal"], **place)
            else:
                yield from self._text(parts, place)
                told = {"text": whole["text"], "logprobs": whole["logprobs"]}
                yield _event("block", "response.output_text.done", **told, **place)
            yield _event("block", "response.content_part.done", part=whole, **place)

    def _text(self, parts: Sequence[Part], place: Json) -> Iterator[Frame]:
        cited = citations(parts)
        number = 0
        for part in parts:
            assert isinstance(part, Text | Refusal)
            for tokens in grouped(split_tokens(part.text), self.saying.chunk):
                delta = "".join(tokens)
                told = {"delta": delta, "logprobs": token_logprobs(tokens, self.saying.ask), **self._pad(delta)}
                yield _delta(len(tokens), "response.output_text.delta", **told, **place)
            if isinstance(part, Text) and part.source is not None:
                found = {"annotation": cited[number], "annotation_index": number}
                yield _event("delta", "response.output_text.annotation.added", **found, **place)
                number += 1

    def _reasoning(self, at: Json, piece: Piece) -> Iterator[Frame]:
        summary = piece.item["summary"]
        assert isinstance(summary, list)
        for number, whole in enumerate(summary):
            place = {**at, "summary_index": number}
            kind: FrameKind = "opening" if at["output_index"] == 0 and number == 0 else "block"
            yield _event(kind, "response.reasoning_summary_part.added", part={**whole, "text": ""}, **place)
            yield from self._deltas("response.reasoning_summary_text.delta", str(whole["text"]), place)
            yield _event("block", "response.reasoning_summary_text.done", text=whole["text"], **place)
            yield _event("block", "response.reasoning_summary_part.done", part=whole, **place)

    def _call(self, at: Json, piece: Piece) -> Iterator[Frame]:
        custom = piece.item["type"] == "custom_tool_call"
        member = "input" if custom else "arguments"
        name = "response.custom_tool_call_input" if custom else "response.function_call_arguments"
        yield from self._deltas(f"{name}.delta", str(piece.item[member]), at)
        yield _event("block", f"{name}.done", **{member: piece.item[member]}, **at)

    def _search(self, at: Json, piece: Piece) -> Iterator[Frame]:
        for state in ("in_progress", "searching"):
            yield _event("block", f"response.web_search_call.{state}", **at)
        yield _delta(tokens_of(piece.parts[0]), "response.web_search_call.completed", **at)


def _begun(item: Json) -> Json:
    """An item as it is announced."""
    known: dict[str, Json] = {"message": {"content": []}, "reasoning": {"summary": []}}
    empty = known.get(str(item["type"]), {})
    if "status" in item:
        empty = {**empty, "status": "in_progress"}
    for member in ("arguments", "input"):
        if member in item:
            empty[member] = ""
    begun = {**item, **empty}
    if item["type"] == "web_search_call":
        begun["action"] = {"type": "search", "query": "", "queries": []}
    return begun
