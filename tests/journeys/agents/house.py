"""One agent at work: a home of its own, connected as ``plexus connect --write`` does it, against a gateway of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.builders import SECRET
from tests.gateway import GEMINI, MESSAGES, RESPONSES, Bench

from plexus.clients.client import Change, Wish
from plexus.clients.registry import CLIENTS
from plexus.clients.write import apply_changes
from plexus.mock_provider import MockCall, Reply, Text, Thinking, ToolCall

MAIN = "mock-thinking.gpt-5"
"""What the provider calls the model of the route ``chat``, for which the transcript is: one that is known to think."""
STATES = {GEMINI: b'"thoughtSignature"', MESSAGES: b'"signature"', RESPONSES: b'"encrypted_content"'}
"""Where a provider's protocol has the state of its thoughts. Whether it is whole, the provider checks."""
SMALL = "mock-chat"
SECRET_WORD = "xyzzy-4711"
COMMAND = "printf result-%d 0x2a"
"""Says result-42, which the command itself does not; Gemini CLI runs nothing that has ``$(`` in it."""
ANSWER = "The word is xyzzy-4711 and the command said result-42."
TASK = "Read note.txt, run a command, tell me both."
PATIENCE = 90.0
"""Seconds that an agent may take at most."""
CLOSED = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Agent:
    """How one agent is run without a terminal, and what its tools are called."""

    client: str
    """Its name for ``plexus connect``."""
    command: tuple[str, ...]
    """The program and its arguments, the task excepted, which comes last."""
    read: ToolCall
    run: ToolCall
    quiet: Mapping[str, str]
    """What switches off its calls home."""


async def at_work(agent: Agent, bench: Bench, programs: Path, home: Path, settings: tuple[Change, ...] = ()) -> str:
    """Let the agent do the task, for which the provider asks it to read the note, then to run a command. What it said.

    ``settings`` are further ones of its own, beside those that connect it.
    """
    bench.providers[0].script(
        Reply([Thinking("First the note."), Text("I look at the note."), agent.read]),
        Reply([Thinking("Then the command."), agent.run]),
        Reply(ANSWER),
        model=MAIN,
    )
    work = home / "work"
    work.mkdir()
    (work / "note.txt").write_text(f"the word is {SECRET_WORD}\n")
    wish = Wish(url=bench.url, key=SECRET, model="chat", small_model="small")
    apply_changes(CLIENTS[agent.client].connect(wish).changes, home)
    apply_changes(settings, home)
    program, *arguments = agent.command
    process = await asyncio.create_subprocess_exec(
        str(programs / program), *arguments, TASK,
        cwd=work, env=_environment(agent, home), stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        said, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    text = said.decode(errors="replace")
    assert process.returncode == 0, text
    return text


def _environment(agent: Agent, home: Path) -> dict[str, str]:
    """Nothing of ours but the path; and every way out but the one to this machine is closed."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "HTTP_PROXY": CLOSED,
        "HTTPS_PROXY": CLOSED,
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        **agent.quiet,
    }


def check(said: str, bench: Bench, upstream: str) -> None:
    """The agent answered, its tools ran, and the gateway has it all on record."""
    assert ANSWER in said, said
    provider = bench.providers[0]
    assert provider.unplayed == 0
    assert [call.refused for call in provider.calls if call.refused] == []
    calls = [call for call in provider.calls if _model(call) == MAIN]
    assert len(calls) == 3
    assert SECRET_WORD.encode() not in calls[0].body
    assert SECRET_WORD.encode() in calls[1].body, "the note was read, and its text came up"
    assert b"result-42" in calls[2].body, "the command ran, and its output came up"
    if upstream in STATES:
        assert [call.body.count(STATES[upstream]) for call in calls] == [0, 1, 2], "the thoughts came back, too"
    records = bench.journal.records
    assert len(records) == len(provider.calls)
    assert [(record.status, record.error, record.error_message) for record in records] == [(200, None, None)] * len(
        records
    )
    main = [record for record in records if record.model == "chat"]
    assert [record.finish for record in main] == ["tool_calls", "tool_calls", "stop"]
    for record in records:
        assert record.usage is not None
        assert record.usage.input > 0
        assert record.usage.output > 0
        assert not record.usage.estimated
        assert record.key == "tester"
        assert record.user_agent
        assert len(record.attempts) == 1


def _model(call: MockCall) -> str:
    """The model that was asked for, which the Gemini protocol has in the path."""
    return call.model or call.path.rpartition("/")[2].partition(":")[0]
