"""The whole gateway in this process: how its parts come up, go down, and stand in for each other."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from plexus.app import BROKEN_FILE, App
from plexus.configuration.problems import ConfigurationError
from plexus.mock_provider import MockProvider
from plexus.settings import Settings, database_url
from plexus.storage.database import open_database
from plexus.storage.migrate import upgrade
from plexus.storage.records import Filter, list_records

SECRET = "sk-secret-of-a-client"
MOCK = f"""\
admin_key: admin-secret-1
providers: {{mock: {{preset: mock}}}}
models: {{mock-chat: {{provider: mock}}}}
keys: {{first: {{secret: {SECRET}}}}}
"""
ELSEWHERE = f"""\
providers: {{a: {{base_url: 'http://127.0.0.1:9'}}}}
models: {{m: {{provider: a}}}}
keys: {{first: {{secret: {SECRET}}}}}
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of the file is seen at once, not within a second."""
    monkeypatch.setattr("plexus.configuration.file_source.WATCH_SECONDS", 0)


def settings(folder: Path, **environ: str) -> Settings:
    return Settings.from_environ({"PLEXUS_CONFIG": str(folder / "plexus.yaml"), "PORT": "0", **environ})


def write(app: App, text: str) -> None:
    """Change the file so that its signature changes, however fast the test is."""
    path = app.settings.config
    moment = path.stat().st_mtime_ns + 1_000_000_000
    path.write_text(text)
    os.utime(path, ns=(moment, moment))


@asynccontextmanager
async def running(folder: Path, text: str = MOCK, **environ: str) -> AsyncIterator[tuple[App, httpx2.AsyncClient]]:
    (folder / "plexus.yaml").write_text(text)
    app = App(settings(folder, **environ), {})
    await app.start()
    try:
        headers = {"authorization": f"Bearer {SECRET}"}
        url = f"http://127.0.0.1:{app.server.port}"
        async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
            yield app, client
    finally:
        await app.stop()


async def until(condition: Callable[[], bool]) -> None:
    """The test's time limit ends a condition that never comes."""
    while not condition():
        await asyncio.sleep(0)


async def ask(client: httpx2.AsyncClient, model: str = "mock-chat") -> httpx2.Response:
    body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 50}
    return await client.post("/v1/chat/completions", json=body)


async def records(url: str) -> list[Any]:
    database = open_database(database_url(url))
    try:
        async with database.read() as connection:
            return list(await list_records(connection, Filter(), limit=100))
    finally:
        await database.close()


async def test_it_starts_serves_records_and_stops(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, client):
        assert (await client.get("/healthz")).status_code == 200
        reply = await ask(client)
        assert reply.status_code == 200
        await until(lambda: app.readiness().parts["database"] == "ok")
        port = app.server.port
    (record,) = await records(f"sqlite:///{tmp_path / 'usage.sqlite'}")
    assert record.id == reply.headers["x-request-id"]
    with pytest.raises(httpx2.ConnectError):
        async with httpx2.AsyncClient() as stranger:
            await stranger.get(f"http://127.0.0.1:{port}/healthz")


async def test_a_bad_configuration_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / "plexus.yaml").write_text("nope: 1")
    app = App(settings(tmp_path), {})
    with pytest.raises(ConfigurationError):
        await app.start()
    assert app.readiness().parts["database"] == "opening"
    assert not (tmp_path / "usage.sqlite").exists()


async def test_calls_are_served_while_the_database_is_down_and_recorded_once_it_comes(tmp_path: Path) -> None:
    blocked = tmp_path / "not-yet"
    blocked.write_text("a file stands where the folder must be")
    url = f"sqlite:///{blocked / 'usage.sqlite'}"
    async with running(tmp_path, PLEXUS_DB_URL=url) as (app, client):
        ids = {(await ask(client)).headers["x-request-id"] for _ in range(3)}
        await until(lambda: app.readiness().parts["database"] not in ("opening", "ok"))
        ready = await client.get("/readyz")
        assert ready.status_code == 200, "it serves: a load balancer shall not take it out"
        assert ready.json()["ready"] is True
        assert ready.json()["parts"]["database"] != "ok"
        blocked.unlink()
        await until(lambda: app.readiness().parts["database"] == "ok")
        await until(lambda: app.journal.backlog == 0)
        await until(lambda: app.readiness().parts["journal"] == "ok")
        assert {record.id for record in await records(url)} == ids


async def test_records_of_a_run_without_database_are_drained_by_the_next(tmp_path: Path) -> None:
    blocked = tmp_path / "not-yet"
    blocked.write_text("")
    url = f"sqlite:///{blocked / 'usage.sqlite'}"
    async with running(tmp_path, PLEXUS_DB_URL=url) as (_, client):
        first = (await ask(client)).headers["x-request-id"]
    blocked.unlink()
    async with running(tmp_path, PLEXUS_DB_URL=url) as (app, _):
        await until(lambda: app.readiness().parts["database"] == "ok")
        await until(lambda: app.journal.backlog == 0)
    assert [record.id for record in await records(url)] == [first]


async def test_an_older_database_is_upgraded(tmp_path: Path) -> None:
    database = open_database(database_url(f"sqlite:///{tmp_path / 'usage.sqlite'}"))
    await database.close()
    async with running(tmp_path) as (app, _):
        await until(lambda: app.readiness().parts["database"] == "ok")
    again = open_database(database_url(f"sqlite:///{tmp_path / 'usage.sqlite'}"))
    assert not await upgrade(again), "nothing was left to do"
    await again.close()


async def test_the_control_plane_answers_as_soon_as_it_is_loaded(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, client):
        first, second = await asyncio.gather(client.get("/"), client.get("/v0/system/info"))
        assert first.json()["name"] == "plexus"
        assert second.status_code == 401
        info = await client.get("/v0/system/info", headers={"x-admin-key": "admin-secret-1"})
        assert info.json()["models"] == 1


async def test_the_environments_admin_key_wins_over_the_files(tmp_path: Path) -> None:
    async with running(tmp_path, ADMIN_KEY="admin-of-environ") as (_, client):
        replies = [
            (await client.get("/v0/system/info", headers={"x-admin-key": key})).status_code
            for key in ("admin-secret-1", "admin-of-environ")
        ]
    assert replies == [401, 200]


async def test_the_mock_is_played_only_where_it_is_configured(tmp_path: Path) -> None:
    async with running(tmp_path, ELSEWHERE) as (app, _):
        origins = {
            end.origin.port
            for each in app.configuration.current().providers.values()
            for end in each.endpoints.values()
        }
        assert origins == {9}
    async with running(tmp_path, MOCK) as (app, _):
        origins = {
            end.origin.port
            for each in app.configuration.current().providers.values()
            for end in each.endpoints.values()
        }
        assert not origins & {9, 4010}


async def test_a_mock_at_an_address_of_its_own_is_not_played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plexus.mock_provider.MockProvider", None)  # whoever plays it fails
    elsewhere = MOCK.replace("{preset: mock}", "{preset: mock, base_url: 'http://127.0.0.1:9/v1'}")
    assert elsewhere != MOCK
    async with running(tmp_path, elsewhere) as (app, _):
        (mock,) = app.configuration.current().providers.values()
        assert {end.origin.port for end in mock.endpoints.values()} == {9}
    with pytest.raises(TypeError):
        async with running(tmp_path, MOCK):
            pass


async def test_a_mock_that_is_configured_later_is_played_then(tmp_path: Path) -> None:
    async with running(tmp_path, ELSEWHERE) as (app, client):
        assert (await ask(client)).status_code == 404
        write(app, MOCK)
        await until(lambda: "mock-chat" in app.configuration.current().routes)
        await until(lambda: app.configuration.current().providers["mock"].endpoints["openai_chat"].origin.port != 4010)
        assert (await ask(client)).status_code == 200


async def test_a_bad_file_is_refused_and_the_old_one_stays(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, client):
        revision = app.configuration.current().revision
        write(app, "nope: 1")
        await until(lambda: app.readiness().parts["configuration"] == BROKEN_FILE)
        assert app.configuration.current().revision == revision
        assert (await ask(client)).status_code == 200
        assert (await client.get("/readyz")).status_code == 200
        write(app, MOCK.replace("mock-chat:", "mock-other:") + "# repaired\n")
        await until(lambda: app.readiness().parts["configuration"] == "ok")
        assert (await ask(client)).status_code == 404


async def test_an_exchange_keeps_the_configuration_that_it_began_with(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, client):
        body = {"model": "mock-chat", "messages": [{"role": "user", "content": "Hello"}], "stream": True}
        async with client.stream("POST", "/v1/chat/completions", json=body) as reply:
            lines = reply.aiter_lines()
            assert (await anext(lines)).startswith("data: ")
            write(app, ELSEWHERE)
            await until(lambda: "mock-chat" not in app.configuration.current().routes)
            rest = [line async for line in lines if line]
        assert rest[-1] == "data: [DONE]"
        assert (await ask(client)).status_code == 404


async def test_a_gateway_that_stops_is_not_ready(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, _):
        assert app.readiness().ready
        assert set(app.readiness().parts) == {"server", "database", "journal", "configuration"}
        await app.stop()
        assert not app.readiness().ready
        assert app.readiness().parts["server"] == "draining"


async def test_an_account_signs_with_the_keys_of_the_environment(tmp_path: Path) -> None:
    async with MockProvider(key="the-secret-key").serve() as origin:
        (tmp_path / "plexus.yaml").write_text(
            f"""
            providers: {{bedrock: {{base_url: '{origin}', aws: {{region: us-east-1}}}}}}
            models: {{mock-chat: {{provider: bedrock}}}}
            keys: {{first: {{secret: {SECRET}}}}}
            """
        )
        app = App(settings(tmp_path), {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "the-secret-key"})
        await app.start()
        try:
            url = f"http://127.0.0.1:{app.server.port}"
            async with httpx2.AsyncClient(base_url=url, headers={"authorization": f"Bearer {SECRET}"}) as client:
                assert (await ask(client)).status_code == 200
        finally:
            await app.stop()


async def test_a_reply_that_the_database_did_not_get_is_found_by_the_next_run(tmp_path: Path) -> None:
    blocked = tmp_path / "not-yet"
    blocked.write_text("")
    url = f"sqlite:///{blocked / 'usage.sqlite'}"
    body = {"model": "mock-chat", "input": "My name is Ada."}
    async with running(tmp_path, PLEXUS_DB_URL=url) as (_, client):
        first = (await client.post("/v1/responses", json=body)).json()["id"]
        assert (await client.get(f"/v1/responses/{first}")).json()["id"] == first
        assert (await client.get("/v1/responses/resp_other")).status_code == 503
    blocked.unlink()
    async with running(tmp_path, PLEXUS_DB_URL=url) as (app, client):
        await until(lambda: app.readiness().parts["database"] == "ok")
        await app.spool.flush()
        found = await client.get(f"/v1/responses/{first}")
        assert found.json()["status"] == "completed"
        assert (await client.get("/v1/responses/resp_other")).status_code == 404
        await app._sweep(2**62, 2**62)
        assert (await client.get(f"/v1/responses/{first}")).status_code == 404
