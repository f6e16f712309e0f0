"""Coding agents on the command line. Their journeys (tests/journeys/agents) run with exactly these settings."""

from __future__ import annotations

from typing import Final

from plexus.clients.client import Change, Client, Connection, Wish


def _claude_code(wish: Wish) -> Connection:
    environment = {
        "ANTHROPIC_BASE_URL": wish.url,  # it adds /v1/messages itself
        "ANTHROPIC_AUTH_TOKEN": wish.key,
        "ANTHROPIC_MODEL": wish.model,
        "ANTHROPIC_DEFAULT_OPUS_MODEL": wish.model,
        "ANTHROPIC_DEFAULT_SONNET_MODEL": wish.model,
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": wish.small_model,
    }
    return Connection(
        environment=environment,
        changes=(Change(path=".claude/settings.json", form="json", members={"env": environment}),),
        notes=(
            "An ANTHROPIC_API_KEY in the shell must go: with both set, both are sent.",
            "It takes a model that it does not know for one with a million tokens: CLAUDE_CODE_MAX_CONTEXT_TOKENS says better.",
        ),
    )


def _codex(wish: Wish) -> Connection:
    members = {
        "model": wish.model,
        "model_provider": "plexus",
        "model_providers": {
            "plexus": {
                "name": "Plexus",
                "base_url": f"{wish.url}/v1",
                "wire_api": "responses",
                "experimental_bearer_token": wish.key,
            }
        },
    }
    return Connection(
        changes=(Change(path=".codex/config.toml", form="toml", members=members),),
        notes=("The name of its built-in provider (openai) cannot be used for another address, hence one of our own.",),
    )


def _gemini_cli(wish: Wish) -> Connection:
    environment = {
        "GOOGLE_GEMINI_BASE_URL": wish.url,  # it adds /v1beta/models/… itself
        "GEMINI_API_KEY": wish.key,
        "GEMINI_MODEL": wish.model,
    }
    chosen = {"security": {"auth": {"selectedType": "gemini-api-key"}}}
    return Connection(
        environment=environment,
        changes=(
            Change(path=".gemini/.env", form="env", members=environment),
            Change(path=".gemini/settings.json", form="json", members=chosen),
        ),
    )


def _opencode(wish: Wish) -> Connection:
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "Plexus",
        "options": {"baseURL": f"{wish.url}/v1", "apiKey": wish.key},
        "models": {name: {"name": name} for name in (wish.model, wish.small_model)},
    }
    members = {
        "$schema": "https://opencode.ai/config.json",
        "provider": {"plexus": provider},
        "model": f"plexus/{wish.model}",
        "small_model": f"plexus/{wish.small_model}",
    }
    return Connection(changes=(Change(path=".config/opencode/opencode.json", form="json", members=members),))


def _aider(wish: Wish) -> Connection:
    members = {
        "openai-api-base": f"{wish.url}/v1",
        "openai-api-key": wish.key,
        "model": f"openai/{wish.model}",
        "weak-model": f"openai/{wish.small_model}",
    }
    return Connection(
        environment={
            "OPENAI_API_BASE": f"{wish.url}/v1",
            "OPENAI_API_KEY": wish.key,
            "AIDER_MODEL": f"openai/{wish.model}",
            "AIDER_WEAK_MODEL": f"openai/{wish.small_model}",
        },
        changes=(Change(path=".aider.conf.yml", form="yaml", members=members),),
        notes=("The prefix openai/ tells aider which protocol to speak; it is not part of the model's name here.",),
    )


CLAUDE_CODE: Final = Client(
    name="claude-code",
    title="Claude Code",
    protocol="anthropic_messages",
    page="https://code.claude.com/docs/en/llm-gateway",
    connect=_claude_code,
)
CODEX: Final = Client(
    name="codex",
    title="Codex",
    protocol="openai_responses",
    page="https://developers.openai.com/codex/config-sample",
    connect=_codex,
)
GEMINI_CLI: Final = Client(
    name="gemini-cli",
    title="Gemini CLI",
    protocol="gemini",
    page="https://geminicli.com/docs/reference/configuration",
    connect=_gemini_cli,
)
OPENCODE: Final = Client(
    name="opencode",
    title="opencode",
    protocol="openai_chat",
    page="https://opencode.ai/docs/providers",
    connect=_opencode,
)
AIDER: Final = Client(
    name="aider",
    title="aider",
    protocol="openai_chat",
    page="https://aider.chat/docs/llms/openai-compat.html",
    connect=_aider,
)
