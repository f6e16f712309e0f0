"""The vendors' own libraries for Python, as a few lines of code."""

from __future__ import annotations

from typing import Final

from plexus.clients.client import Client, Connection, Wish


def _openai(wish: Wish) -> Connection:
    code = f"""\
from openai import OpenAI

client = OpenAI(base_url="{wish.url}/v1", api_key="{wish.key}")
reply = client.chat.completions.create(model="{wish.model}", messages=[{{"role": "user", "content": "Hello"}}])
print(reply.choices[0].message.content)
"""
    return Connection(environment={"OPENAI_BASE_URL": f"{wish.url}/v1", "OPENAI_API_KEY": wish.key}, code=code)


def _anthropic(wish: Wish) -> Connection:
    code = f"""\
from anthropic import Anthropic

client = Anthropic(base_url="{wish.url}", api_key="{wish.key}")
reply = client.messages.create(model="{wish.model}", max_tokens=1000, messages=[{{"role": "user", "content": "Hello"}}])
print(reply.content[0].text)
"""
    return Connection(environment={"ANTHROPIC_BASE_URL": wish.url, "ANTHROPIC_API_KEY": wish.key}, code=code)


def _google(wish: Wish) -> Connection:
    code = f"""\
from google import genai

client = genai.Client(api_key="{wish.key}", http_options={{"base_url": "{wish.url}"}})
print(client.models.generate_content(model="{wish.model}", contents="Hello").text)
"""
    return Connection(environment={"GOOGLE_GEMINI_BASE_URL": wish.url, "GEMINI_API_KEY": wish.key}, code=code)


SDKS: Final = (
    Client(
        name="openai",
        title="openai for Python",
        protocol="openai_chat",
        page="https://github.com/openai/openai-python",
        connect=_openai,
    ),
    Client(
        name="anthropic",
        title="anthropic for Python",
        protocol="anthropic_messages",
        page="https://github.com/anthropics/anthropic-sdk-python",
        connect=_anthropic,
    ),
    Client(
        name="google-genai",
        title="google-genai for Python",
        protocol="gemini",
        page="https://googleapis.github.io/python-genai/",
        connect=_google,
    ),
)
