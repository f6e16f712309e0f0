"""All clients, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from plexus.clients.agents import AIDER, CLAUDE_CODE, CODEX, GEMINI_CLI, OPENCODE
from plexus.clients.client import Client
from plexus.clients.editors import EDITORS
from plexus.clients.sdks import SDKS

CLIENTS: Final[Mapping[str, Client]] = {
    one.name: one for one in (CLAUDE_CODE, CODEX, GEMINI_CLI, OPENCODE, AIDER, *EDITORS, *SDKS)
}
