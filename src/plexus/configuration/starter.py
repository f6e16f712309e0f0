"""A first configuration file: one that works at once, with the mock provider and a key of its own."""

from __future__ import annotations

import secrets
from pathlib import Path

from plexus.configuration.file_source import write_atomically

STARTER = """\
# Plexus: this file is the whole configuration. Changes take effect within a second.
# All members: docs/configuration.md. Completion in editors: docs/plexus.schema.json.

adminKey: {admin_key}

providers:
  # Plays OpenAI, Anthropic and Google without a key and without a network, so that you can try everything.
  mock:
    preset: mock
  # Yours:
  # openai:
  #   api_key: ${{OPENAI_API_KEY}}
  # anthropic:
  #   api_key: ${{ANTHROPIC_API_KEY}}
  # google:
  #   api_key: ${{GEMINI_API_KEY}}

models:
  mock-chat:
    provider: mock
    model_id: mock-chat
    aliases: [gpt-4o-mini, claude-sonnet-4-5, gemini-2.5-flash]
  mock-tools: {{ provider: mock, model_id: mock-tools }}
  mock-thinking: {{ provider: mock, model_id: mock-thinking }}

keys:
  first:
    secret: {secret}
    comment: made on the first start
"""


def new_secret() -> str:
    """A client key: ``sk-`` and 43 URL-safe characters (256 bits)."""
    return "sk-" + secrets.token_urlsafe(32)


def write_starter(path: Path) -> str:
    """Write the starter file (mode 0600) unless ``path`` exists, and return its client key.

    Raises FileExistsError, OSError.
    """
    if path.exists():
        raise FileExistsError(path)
    secret = new_secret()
    write_atomically(path, STARTER.format(admin_key="admin-" + secrets.token_urlsafe(32), secret=secret))
    return secret
