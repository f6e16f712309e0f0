from __future__ import annotations

import json
import logging
from typing import Annotated

import httpx2
import pytest
from fastapi import FastAPI, HTTPException, Query

from plexus.management_api.errors import TYPES, error_reply, install
from plexus.management_api.views import ErrorReply


@pytest.mark.parametrize(
    ("status", "kind"),
    [*TYPES.items(), (405, "invalid_request"), (418, "invalid_request"), (500, "api_error"), (503, "api_error")],
)
def test_the_type_follows_from_the_status(status: int, kind: str) -> None:
    reply = error_reply(status, "It failed.")
    body = ErrorReply.model_validate_json(bytes(reply.body)).error
    assert (reply.status_code, body.type, body.code, body.message, body.details) == (
        status,
        kind,
        status,
        "It failed.",
        [],
    )
    assert reply.headers["x-request-id"] == body.request_id


def application() -> FastAPI:
    app = FastAPI()
    install(app)

    @app.get("/number")
    async def number(limit: Annotated[int, Query(ge=1)]) -> int:
        return limit

    @app.get("/refuse")
    async def refuse() -> None:
        raise HTTPException(409, "Somebody else changed it.")

    @app.get("/missing")
    async def missing() -> None:
        raise HTTPException(404, "There is no key 'x'.")

    @app.get("/break")
    async def break_down() -> None:
        raise RuntimeError("secret detail")

    return app


@pytest.mark.parametrize(
    ("path", "status", "kind", "message"),
    [
        ("/refuse", 409, "conflict", "Somebody else changed it."),
        ("/missing", 404, "not_found", "There is no key 'x'."),
        ("/nowhere", 404, "not_found", "No such path: GET /nowhere."),
        ("/number?limit=0", 400, "invalid_request", "The request is not valid."),
        ("/break", 500, "api_error", "The gateway failed. Its log holds the details."),
    ],
)
async def test_every_failure_has_the_one_shape(
    path: str, status: int, kind: str, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, logger="plexus.management_api.errors")
    transport = httpx2.ASGITransport(application(), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
        reply = await client.get(path)
    assert reply.status_code == status
    error = ErrorReply.model_validate(reply.json()).error
    assert (error.type, error.message) == (kind, message)
    assert error.request_id == reply.headers["x-request-id"]
    assert "secret detail" not in json.dumps(reply.json())
    assert [each["path"] for each in error.details] == (["query.limit"] if status == 400 else [])


async def test_a_defect_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    transport = httpx2.ASGITransport(application(), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
        await client.get("/break")
    assert "GET /break failed" in caplog.text
    assert "secret detail" in caplog.text
