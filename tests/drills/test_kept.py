"""``kill -9`` once a reply is kept: the next start has it, also without a database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.builders import SECRET
from tests.drills.process import gateway_process

from plexus.mock_provider import MockProvider


@pytest.mark.parametrize("database", ["up", "down"])
async def test_a_killed_gateway_has_every_reply_that_it_kept(tmp_path: Path, database: str) -> None:
    mock = MockProvider()
    environ: dict[str, str] = {}
    blocked = tmp_path / "not-yet"
    if database == "down":
        blocked.write_text("")
        environ = {"PLEXUS_DB_URL": f"sqlite:///{blocked}/usage.sqlite"}
    async with (
        mock.serve() as provider,
        gateway_process(tmp_path, provider, **environ) as gateway,
        httpx2.AsyncClient(headers={"authorization": f"Bearer {SECRET}"}, timeout=60) as client,
    ):
        seen: list[str] = []
        for number in range(3):
            body: dict[str, Any] = {"model": "plain", "input": f"Number {number}"}
            if seen:
                body["previous_response_id"] = seen[-1]
            reply = await client.post(f"http://127.0.0.1:{gateway.port}/v1/responses", json=body)
            assert reply.status_code == 200, reply.text
            seen.append(reply.json()["id"])
            # A reply is kept behind its last byte: death in between would leave an interrupted exchange.
            assert (await client.get(f"http://127.0.0.1:{gateway.port}/v1/responses/{seen[-1]}")).status_code == 200
            await gateway.kill()
            await gateway.start()
        await gateway.kill()
        blocked.unlink(missing_ok=True)
        await gateway.start()
        await gateway.until_settled()
        url = f"http://127.0.0.1:{gateway.port}/v1/responses"
        assert [(await client.get(f"{url}/{ident}")).status_code for ident in seen] == [200] * 3
        items = (await client.get(f"{url}/{seen[-1]}/input_items?order=asc")).json()["data"]
        said = [item["content"][0]["text"] for item in items if item["role"] == "user"]
        assert said == ["Number 0", "Number 1", "Number 2"]
        await gateway.stop()
