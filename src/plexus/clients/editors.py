"""Editors and their extensions: what they need is typed into their settings, as their makers' pages describe."""

from __future__ import annotations

from typing import Final

from plexus.clients.client import Client, Connection, Wish


def _openai_compatible(where: str, *more: str) -> Connection:
    return Connection(notes=(where, *more))


def _cline(wish: Wish) -> Connection:
    return _openai_compatible(
        "Settings > API Provider: OpenAI Compatible",
        f"Base URL: {wish.url}/v1",
        f"API key: {wish.key}",
        f"Model ID: {wish.model}",
    )


def _cursor(wish: Wish) -> Connection:
    return _openai_compatible(
        "Cursor Settings > Models > API Keys",
        f"OpenAI API key: {wish.key}",
        f"Override OpenAI Base URL: {wish.url}/v1",
        f"Add the model: {wish.model}",
        "Cursor's own servers call this address: it must be reachable from the internet, over https.",
    )


def _zed(wish: Wish) -> Connection:
    return _openai_compatible(
        "Agent panel > Settings > LLM Providers > Add Provider: OpenAI",
        "Provider name: Plexus",
        f"API URL: {wish.url}/v1",
        f"API key: {wish.key}",
        f"Model name: {wish.model}, with the number of its context's tokens",
    )


def _continue(wish: Wish) -> Connection:
    code = (
        "models:\n"
        f"  - name: {wish.model}\n"
        "    provider: openai\n"
        f"    model: {wish.model}\n"
        f"    apiBase: {wish.url}/v1\n"
        f"    apiKey: {wish.key}\n"
    )
    return Connection(code=code, notes=("Add this entry to models in ~/.continue/config.yaml.",))


EDITORS: Final = (
    Client(
        name="cline",
        title="Cline",
        protocol="openai_chat",
        page="https://docs.cline.bot/provider-config/openai-compatible",
        connect=_cline,
    ),
    Client(
        name="roo",
        title="Roo Code",
        protocol="openai_chat",
        page="https://docs.roocode.com/providers/openai-compatible",
        connect=_cline,
    ),
    Client(
        name="continue",
        title="Continue",
        protocol="openai_chat",
        page="https://docs.continue.dev/customize/model-providers/top-level/openai",
        connect=_continue,
    ),
    Client(
        name="zed",
        title="Zed",
        protocol="openai_chat",
        page="https://zed.dev/docs/ai/llm-providers",
        connect=_zed,
    ),
    Client(
        name="cursor",
        title="Cursor",
        protocol="openai_chat",
        page="https://docs.cursor.com/settings/api-keys",
        connect=_cursor,
    ),
)
