"""A Chat provider that signs its thoughts (OpenRouter), behind a client of Messages: the signature comes back as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.builders import provider, route, snapshot, target
from tests.exchange.parts import CHAT_REPLY, DONE, chunk, json_reply, lab, stream_reply

from plexus.protocols.openai_chat.dialect import ChatDialect

MESSAGES = "anthropic_messages"
DETAIL = {"type": "reasoning.text", "text": "Hm.", "signature": "c2lnbmVk", "index": 0}
SIGNS = {"openai_chat": ChatDialect(reasoning_details=True, reasoning_field="reasoning")}
ASK: dict[str, Any] = {"max_tokens": 3000, "thinking": {"type": "enabled", "budget_tokens": 1024}}


def replied() -> Any:
    message = {"role": "assistant", "content": "Hi.", "reasoning": "Hm.", "reasoning_details": [DETAIL]}
    return {**CHAT_REPLY, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


def streamed() -> list[bytes]:
    def delta(**members: Any) -> bytes:
        choices = [{"index": 0, "delta": members, "finish_reason": None}]
        return b"data: " + json.dumps({"id": "c1", "model": "m1", "choices": choices}).encode() + b"\n\n"

    return [
        delta(reasoning="Hm.", reasoning_details=[{"type": "reasoning.text", "text": "Hm.", "index": 0}]),
        delta(reasoning_details=[{**DETAIL, "text": ""}]),
        chunk("Hi."), chunk(finish="stop"), DONE,
    ]  # fmt: skip


def thought_of(body: bytes, *, stream: bool) -> dict[str, Any]:
    """The thinking block that the client got."""
    if not stream:
        found: dict[str, Any] = json.loads(body)["content"][0]
        return found
    block: dict[str, Any] = {"type": "thinking", "thinking": "", "signature": ""}
    for line in body.decode().splitlines():
        delta = json.loads(line[6:]).get("delta", {}) if line.startswith("data: ") else {}
        block["thinking"] += delta.get("thinking", "")
        block["signature"] += delta.get("signature", "")
    return block


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("back", ["as it came", "forged", "to another provider"])
async def test_a_signature_returns_to_its_issuer_and_to_nobody_else(stream: bool, back: str) -> None:
    first = stream_reply(*streamed()) if stream else json_reply(replied())
    names = {"acme": snapshot(route("chat", target(provider("acme", dialects=SIGNS))))}
    names["other"] = snapshot(route("chat", target(provider("other", dialects=SIGNS))))
    bench = lab(first, json_reply(), of=names["acme"])
    await bench.ask({**ASK, "stream": stream}, protocol=MESSAGES)
    thought = thought_of(bench.sink.body, stream=stream)
    assert thought["thinking"] == "Hm."
    assert thought["signature"].startswith("plx1.")
    if back == "forged":
        thought["signature"] = thought["signature"][:-8] + "AAAAAAAA"
    if back == "to another provider":
        bench.gateway.snapshot = lambda: names["other"]
    bench.sink.committed = False
    said = [{"role": "assistant", "content": [thought, {"type": "text", "text": "Hi."}]}]
    turns = [{"role": "user", "content": "Hi"}, *said, {"role": "user", "content": "And?"}]
    record = await bench.ask({**ASK, "messages": turns}, protocol=MESSAGES)
    sent = bench.upstream.requests[1].body
    assert b"plx1" not in sent
    assert (b"c2lnbmVk" in sent) == (back == "as it came")
    lost = [loss.path for loss in record.losses if "signature" in loss.path]
    assert bool(lost) == (back != "as it came")
