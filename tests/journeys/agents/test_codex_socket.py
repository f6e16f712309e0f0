"""Codex over its WebSocket: a prewarm, then turns that send only what is new, over each protocol upstream."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.gateway import CHAT, GEMINI, MESSAGES, RESPONSES, gateway
from tests.journeys.agents.house import MAIN, SMALL, at_work, check
from tests.journeys.agents.test_tool_loop import CODEX
from tests.kept import nothing_kept

from plexus.client_api.socket import Session
from plexus.clients.client import Change

SOCKET = Change(
    path=".codex/config.toml", form="toml", members={"model_providers": {"plexus": {"supports_websockets": True}}}
)


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What came over WebSockets."""
    seen: list[dict[str, Any]] = []
    take = Session._take

    def watch(session: Session, message: bytes) -> None:
        seen.append(json.loads(message))
        take(session, message)

    monkeypatch.setattr(Session, "_take", watch)
    return seen


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "upstream",
    [MESSAGES, *(pytest.param(upstream, marks=pytest.mark.full) for upstream in (CHAT, RESPONSES, GEMINI))],
)
async def test_codex_sends_only_what_is_new(
    upstream: str, programs: Path, tmp_path: Path, messages: list[dict[str, Any]]
) -> None:
    async with gateway(upstream, models=(MAIN,), more={"small": SMALL}, state=nothing_kept()) as bench:
        said = await at_work(CODEX, bench, programs, tmp_path, settings=(SOCKET,))
        prewarm = bench.journal.records.pop(0)
        assert (prewarm.notes, prewarm.status, prewarm.attempts) == (("prewarm",), 200, ())
        check(said, bench, upstream)
    assert [message.get("generate", True) for message in messages] == [False, True, True, True]
    assert {message["store"] for message in messages} == {False}
    assert [message.get("previous_response_id") is None for message in messages] == [True, False, False, False]
    assert [[item["type"] for item in message["input"]] for message in messages[2:]] == [["function_call_output"]] * 2


@pytest.mark.full
@pytest.mark.timeout(400)
async def test_codex_goes_on_over_http_where_it_is_switched_off(
    programs: Path, tmp_path: Path, messages: list[dict[str, Any]]
) -> None:
    async with gateway(MESSAGES, models=(MAIN,), more={"small": SMALL}, responses_websocket=False) as bench:
        check(await at_work(CODEX, bench, programs, tmp_path, settings=(SOCKET,)), bench, MESSAGES)
    assert messages == []
