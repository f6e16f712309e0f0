"""The lines of code for the vendors' libraries work as they are printed, and so does the environment alone."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest
from tests.builders import SECRET
from tests.gateway import Bench, gateway

from plexus.clients.client import Wish
from plexus.clients.sdks import SDKS

BY_NAME = {client.name: client for client in SDKS}
PROTOCOLS = {"openai": "openai_chat", "anthropic": "anthropic_messages"}


async def run(code: str, environment: dict[str, str]) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, env={"PATH": os.environ["PATH"], **environment},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, wrong = await process.communicate()
    assert process.returncode == 0, wrong.decode()
    return said.decode()


async def check(bench: Bench, said: str) -> None:
    assert "Hello" in said
    record = await bench.record()
    assert record.error is None
    assert record.usage is not None


def wish(bench: Bench) -> Wish:
    return Wish(url=bench.url, key=SECRET, model="chat", small_model="chat")


@pytest.mark.parametrize("name", list(PROTOCOLS))
async def test_the_printed_code_runs(name: str) -> None:
    async with gateway(PROTOCOLS[name]) as bench:
        await check(bench, await run(BY_NAME[name].connect(wish(bench)).code, {}))


@pytest.mark.parametrize(("name", "maker"), [("openai", "OpenAI"), ("anthropic", "Anthropic")])
async def test_the_environment_does_without_address_and_key_in_code(name: str, maker: str) -> None:
    async with gateway(PROTOCOLS[name]) as bench:
        connection = BY_NAME[name].connect(wish(bench))
        lines = [
            f"client = {maker}()" if " = " + maker + "(" in line else line for line in connection.code.splitlines()
        ]
        assert SECRET not in "\n".join(lines)
        await check(bench, await run("\n".join(lines), dict(connection.environment)))


def test_google_is_given_the_root() -> None:
    connection = BY_NAME["google-genai"].connect(Wish(url="http://gw", key="k", model="m", small_model="m"))
    compile(connection.code, "printed", "exec")
    assert connection.environment["GOOGLE_GEMINI_BASE_URL"] == "http://gw"
