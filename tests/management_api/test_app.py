from __future__ import annotations

from collections.abc import AsyncIterator
from random import Random
from typing import Any

import httpx2
import pytest
from tests.builders import digest, snapshot

from plexus.exchange.fixed_fields import FixedFields
from plexus.exchange.gateway import Gateway
from plexus.management_api.app import OPENAPI, ControlPlane, build


def control(admin_key: str | None = "admin-secret") -> ControlPlane:
    now = snapshot()
    unused: Any = None
    gateway = Gateway(
        snapshot=lambda: now, upstream=unused, journal=unused, codecs={}, provider_codecs={}, digest=digest, seal_key=b"k" * 32,
        fixed_fields=FixedFields(b"plexus/test"), authorizer=unused, rng=Random(1),
    )  # fmt: skip
    return ControlPlane(
        gateway=gateway, version="1.2.3", started_at=0.0, admin_key=lambda: admin_key, parts=lambda: {"database": "ok"}
    )


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(build(control()), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield client


async def test_the_root_answers_get_and_head(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/")).json()["version"] == "1.2.3"
    assert (await client.head("/")).status_code == 200


async def test_info_needs_the_admin_key(client: httpx2.AsyncClient) -> None:
    for headers in ({}, {"x-admin-key": "wrong"}):
        reply = await client.get("/v0/system/info", headers=headers)
        assert reply.status_code == 401
        error = reply.json()["error"]
        assert (error["type"], error["code"]) == ("auth_error", 401)
        assert error["request_id"] == reply.headers["x-request-id"]
    reply = await client.get("/v0/system/info", headers={"x-admin-key": "admin-secret"})
    assert reply.status_code == 200
    assert reply.json()["parts"] == {"database": "ok"}
    assert reply.json()["counts"] == {"exchanges": 0, "active": 0, "refused": 0}


async def test_without_an_admin_key_nobody_operates() -> None:
    transport = httpx2.ASGITransport(build(control(admin_key=None)))
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
        reply = await client.get("/v0/system/info", headers={"x-admin-key": ""})
    assert reply.status_code == 403
    assert reply.json()["error"]["type"] == "forbidden"


async def test_unknown_paths_and_methods_have_the_one_error_shape(client: httpx2.AsyncClient) -> None:
    missing = await client.get("/nope")
    assert (missing.status_code, missing.json()["error"]["type"]) == (404, "not_found")
    wrong = await client.post("/")
    assert (wrong.status_code, wrong.json()["error"]["type"]) == (405, "invalid_request")


async def test_the_openapi_document_describes_every_route(client: httpx2.AsyncClient) -> None:
    document = (await client.get(OPENAPI)).json()
    assert document["openapi"].startswith("3.1")
    assert "/v0/system/info" in document["paths"]
