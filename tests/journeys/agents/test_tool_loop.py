"""Each coding agent reads a file, runs a command and answers, through the gateway, over each upstream protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from tests.gateway import CHAT, GEMINI, MESSAGES, RESPONSES, gateway
from tests.journeys.agents.house import COMMAND, MAIN, SMALL, Agent, at_work, check

from plexus.mock_provider import ToolCall

CLAUDE_CODE: Final = Agent(
    client="claude-code",
    command=("claude", "--allowedTools", "Read,Bash", "--print"),
    read=ToolCall("Read", {"file_path": "note.txt"}),
    run=ToolCall("Bash", {"command": COMMAND, "description": "Adds up"}),
    quiet={"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"},
)
OPENCODE: Final = Agent(
    client="opencode",
    command=("opencode", "run"),
    read=ToolCall("read", {"filePath": "note.txt"}),
    run=ToolCall("bash", {"command": COMMAND, "description": "Adds up"}),
    quiet={
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
        "OPENCODE_DISABLE_MODELS_FETCH": "1",
        "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
        "OPENCODE_DISABLE_SHARE": "1",
    },
)
CODEX: Final = Agent(
    client="codex",
    command=("codex", "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"),
    read=ToolCall("exec_command", {"cmd": "cat note.txt"}),
    run=ToolCall("exec_command", {"cmd": COMMAND}),
    quiet={},
)
GEMINI_CLI: Final = Agent(
    client="gemini-cli",
    command=("gemini", "--yolo", "--skip-trust", "--prompt"),
    read=ToolCall("read_file", {"file_path": "note.txt"}),
    run=ToolCall("run_shell_command", {"command": COMMAND, "description": "Adds up"}),
    quiet={"GEMINI_TELEMETRY_ENABLED": "false"},
)
AGENTS: Final = {agent.client: agent for agent in (CLAUDE_CODE, CODEX, OPENCODE, GEMINI_CLI)}

QUICK: Final = {("claude-code", CHAT), ("codex", MESSAGES), ("opencode", GEMINI), ("gemini-cli", RESPONSES)}
"""One journey for each agent, over another protocol than its own; the rest is for ``scripts/test --full``."""
UPSTREAM: Final = (CHAT, RESPONSES, MESSAGES, GEMINI)
MATRIX: Final = [
    pytest.param(agent, upstream, marks=() if (agent, upstream) in QUICK else pytest.mark.full)
    for agent in AGENTS
    for upstream in UPSTREAM
]


@pytest.mark.timeout(400)  # the first one installs them
@pytest.mark.parametrize(("agent", "upstream"), MATRIX)
async def test_an_agent_finishes_its_tool_loop(agent: str, upstream: str, programs: Path, tmp_path: Path) -> None:
    async with gateway(upstream, models=(MAIN,), more={"small": SMALL}) as bench:
        said = await at_work(AGENTS[agent], bench, programs, tmp_path)
        check(said, bench, upstream)
