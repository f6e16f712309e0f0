"""What runs here."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request

from plexus.management_api.auth import Admin
from plexus.management_api.views import Counts, SystemInfo

router = APIRouter(prefix="/v0/system", tags=["system"], dependencies=[Admin])


@router.get("/info")
async def get_info(request: Request) -> SystemInfo:
    """Version, configuration revision, the state of each part, and what was counted since the start."""
    control = request.app.state.control
    gateway = control.gateway
    snapshot, counters = gateway.snapshot(), gateway.counters
    return SystemInfo(
        version=control.version,
        started_at=datetime.fromtimestamp(control.started_at, UTC),
        revision=snapshot.revision,
        parts=control.parts(),
        counts=Counts(exchanges=counters.exchanges, active=counters.active, refused=counters.refused),
        models=len({route.name for route in snapshot.routes.values()}),
        providers=len(snapshot.providers),
        keys=len(snapshot.keys),
    )
