"""An answer as events, in the order in which Anthropic sends them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from plexus.mock_provider.answer import Json, Part
from plexus.mock_provider.frame import Frame, FrameKind
from plexus.mock_provider.messages.reply import blocks, ending, input_counts, opening, searches, spoken, usage_object
from plexus.mock_provider.planner import tokens_of
from plexus.mock_provider.saying import Saying, grouped
from plexus.mock_provider.tokens import compact, split_tokens

PING = Frame("opening", '{"type": "ping"}', "ping")


def events(saying: Saying) -> list[Frame]:
    """``message_start``, each block with its start, deltas and stop, ``message_delta``, ``message_stop``; a ping after
    the first block's start."""
    answer = saying.answers[0]
    frames = list(_opening(saying))
    said = 0
    written = [(part, whole) for part in spoken(answer) for whole in blocks(part, saying)]
    for index, (part, whole) in enumerate(written):
        for frame in _block(index, part, whole, saying.chunk):
            said += frame.output
            frames.append(replace(frame, output=said))
        if index == 0:
            frames.insert(2, PING)
    usage: Json = {
        **input_counts(saying.usage),
        "output_tokens": saying.usage.output,
        "output_tokens_details": {"thinking_tokens": saying.usage.reasoning},
        **searches(answer),
    }
    frames.append(_event("finish", "message_delta", delta=ending(answer), usage=usage))
    frames.append(_event("done", "message_stop"))
    return [_padded(frame, number) for number, frame in enumerate(frames)]


def growing(saying: Saying, output: int) -> Frame:
    """A ``message_delta`` in the middle, as some providers send them: usage so far, nothing else."""
    delta: Json = {"stop_reason": None, "stop_sequence": None}
    return _event("usage", "message_delta", delta=delta, usage={**input_counts(saying.usage), "output_tokens": output})


def _event(kind: FrameKind, name: str, /, **members: object) -> Frame:
    return Frame(kind, {"type": name, **members}, name)


def _padded(frame: Frame, number: int) -> Frame:
    if isinstance(frame.data, str):
        return frame
    size = (number * 7 + len(compact(frame.data))) % 16
    return Frame(frame.kind, frame.data, frame.name, frame.output, size)


def _opening(saying: Saying) -> Iterator[Frame]:
    usage = usage_object(saying.usage) | {"output_tokens": min(1, saying.usage.output)}
    del usage["output_tokens_details"]
    yield _event("opening", "message_start", message={**opening(saying), "usage": usage})


def _block(index: int, part: Part, whole: Json, chunk: int) -> Iterator[Frame]:
    """One block. ``output`` of its frames are the tokens of each, not yet summed up."""
    first: FrameKind = "opening" if index == 0 else "block"
    begun, deltas = _course(index, part, whole, chunk)
    yield Frame(
        first,
        {"type": "content_block_start", "index": index, "content_block": begun},
        "content_block_start",
        tokens_of(part) if whole["type"] == "redacted_thinking" else 0,
    )
    yield from deltas
    yield _event("block", "content_block_stop", index=index)


def _course(index: int, part: Part, whole: Json, chunk: int) -> tuple[Json, list[Frame]]:
    """A block as it starts, and what is added to it."""
    kind = whole["type"]
    if kind == "text":
        cited = whole.get("citations")
        begun: Json = {"type": "text", "text": ""} if cited is None else {"citations": [], "type": "text", "text": ""}
        cites = [
            _delta(index, {"type": "citations_delta", "citation": one})
            for one in (cited if isinstance(cited, list) else ())
        ]
        return begun, [*cites, *_deltas(index, "text_delta", "text", str(whole["text"]), chunk)]
    if kind in ("tool_use", "server_tool_use"):
        named = _delta(index, {"type": "input_json_delta", "partial_json": ""}, len(split_tokens(str(whole["name"]))))
        arguments = compact(whole["input"]) if whole["input"] else ""
        return {**whole, "input": {}}, [named, *_deltas(index, "input_json_delta", "partial_json", arguments, chunk)]
    if kind == "thinking":
        text = str(whole["thinking"])
        sealed = _delta(
            index, {"type": "signature_delta", "signature": whole["signature"]}, 0 if text else tokens_of(part)
        )
        deltas = list(_deltas(index, "thinking_delta", "thinking", text, chunk))
        return {"type": "thinking", "thinking": "", "signature": ""}, [*deltas, sealed]
    return whole, []


def _deltas(index: int, kind: str, member: str, text: str, chunk: int) -> Iterator[Frame]:
    for tokens in grouped(split_tokens(text), chunk):
        yield _delta(index, {"type": kind, member: "".join(tokens)}, len(tokens))


def _delta(index: int, delta: Json, output: int = 0) -> Frame:
    data: Json = {"type": "content_block_delta", "index": index, "delta": delta}
    return Frame("delta", data, "content_block_delta", output)
