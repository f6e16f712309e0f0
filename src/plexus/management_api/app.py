"""The control plane's application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from plexus.exchange.gateway import Gateway
from plexus.management_api import errors, system
from plexus.management_api.views import ErrorReply, Welcome

OPENAPI = "/.well-known/plexus/openapi.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlane:
    """What the control plane may see of the gateway."""

    gateway: Gateway
    version: str
    started_at: float
    """Unix seconds."""
    admin_key: Callable[[], str | None]
    parts: Callable[[], dict[str, str]]
    """The state of each part, for people."""


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document, without a gateway."""
    return _application("0").openapi()


def build(control: ControlPlane) -> FastAPI:
    """The ASGI application. Its OpenAPI document is the contract of dashboard and command line."""
    app = _application(control.version)
    app.state.control = control
    return app


def _application(version: str) -> FastAPI:
    app = FastAPI(
        title="Plexus",
        version=version,
        openapi_url=OPENAPI,
        docs_url=None,
        redoc_url=None,
        responses={"4XX": {"model": ErrorReply}, "5XX": {"model": ErrorReply}},
    )
    errors.install(app)

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def welcome() -> Welcome:
        return Welcome(version=version, openapi=OPENAPI)

    app.include_router(system.router)
    return app
