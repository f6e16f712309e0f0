from __future__ import annotations

from random import Random
from typing import Any

import httpx2
from tests.builders import digest, key, provider, route, snapshot, target

from plexus.exchange.fixed_fields import FixedFields
from plexus.exchange.gateway import Gateway
from plexus.management_api.app import ControlPlane, build


async def test_what_runs_here_is_what_runs_now() -> None:
    current = snapshot(
        route("one", target(provider("a")), aliases=("uno", "un")), route("two", target(provider("b"))),
        keys=(key("k1", "sk-secret-number-1"), key("k2", "sk-secret-number-2"), key("k3", "sk-secret-number-3")),
    )  # fmt: skip
    unused: Any = None
    gateway = Gateway(
        snapshot=lambda: current, upstream=unused, journal=unused, codecs={}, provider_codecs={}, digest=digest,
        seal_key=b"k" * 32,
        fixed_fields=FixedFields(user_agent=b"plexus/test"), authorizer=unused, rng=Random(1),
    )  # fmt: skip
    parts = {"database": "opening", "journal": "ok"}
    control = ControlPlane(
        gateway=gateway, version="1.2.3", started_at=1_770_000_000.5, admin_key=lambda: "a", parts=lambda: parts
    )
    transport = httpx2.ASGITransport(build(control))
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://gateway", headers={"x-admin-key": "a"}
    ) as client:
        first = (await client.get("/v0/system/info")).json()
        gateway.counters.exchanges, gateway.counters.active, gateway.counters.refused = 7, 2, 1
        parts["database"] = "ok"
        current = snapshot(route("one"))
        later = (await client.get("/v0/system/info")).json()
    assert first["started_at"] == "2026-02-02T02:40:00.500000Z"
    assert (first["version"], first["revision"]) == ("1.2.3", "test")
    assert (first["models"], first["providers"], first["keys"]) == (2, 2, 3), "an alias is no model"
    assert first["counts"] == {"exchanges": 0, "active": 0, "refused": 0}
    assert later["counts"] == {"exchanges": 7, "active": 2, "refused": 1}
    assert later["parts"] == {"database": "ok", "journal": "ok"}
    assert (later["models"], later["keys"]) == (1, 1)
