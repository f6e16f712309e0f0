"""The first configuration: the mock provider, and a key that nobody else has."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from plexus.configuration.atomic import create_once

KEY_BYTES = 32
"""43 characters in base64url."""

TEXT = """\
# The configuration of Plexus. All members: docs/configuration.md. Checked by `plexus config check`; a change takes effect
# while the gateway runs, and one with a mistake is refused.

# The operator's secret, for /v0 (header x-admin-key). Keep this file to yourself.
adminKey: "{admin_key}"

providers:
  # Plays a provider, inside the gateway: no account, no network, no cost.
  mock: {{}}

  # A real one: take out the signs, and set OPENAI_API_KEY where the gateway starts.
  # openai:
  #   api_key: "${{OPENAI_API_KEY}}"

models:
  mock-chat: {{ provider: mock }}
  mock-tools: {{ provider: mock }}
  mock-thinking: {{ provider: mock }}
  mock-json: {{ provider: mock }}

  # gpt-4o:
  #   aliases: ["gpt-4", "4o"]
  #   provider: openai
  #   model_id: gpt-4o

keys:
  default:
    secret: "{key}"
"""


class Starter(NamedTuple):
    """The secrets of a starter file."""

    key: str
    admin_key: str

    def __repr__(self) -> str:
        return "Starter(***)"


def write_starter(path: Path, *, token: Callable[[int], str] = secrets.token_urlsafe) -> Starter:
    """Write a first configuration to ``path``, mode 0600; its folder is made. Raises FileExistsError, OSError."""
    starter = Starter(key=f"sk-{token(KEY_BYTES)}", admin_key=token(KEY_BYTES))
    path.parent.mkdir(parents=True, exist_ok=True)
    create_once(path, TEXT.format(key=starter.key, admin_key=starter.admin_key).encode())
    return starter


def starter_key(path: Path) -> str | None:
    """The key to show at the next start: as long as nothing but the mock provider is configured, so that it opens nothing
    of worth, and it stands in the file itself. None otherwise."""
    try:
        document = YAML(typ="safe", pure=True).load(path)
    except (OSError, YAMLError, UnicodeDecodeError):
        return None
    try:
        secret = document["keys"]["default"]["secret"]
        mock_only = list(document["providers"]) == ["mock"]
    except (KeyError, TypeError):
        return None
    return secret if mock_only and isinstance(secret, str) and secret.startswith("sk-") else None
