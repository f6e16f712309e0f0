"""Request and reply models. The OpenAPI document is made from them; units are in names, times are RFC 3339 UTC."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field


class ErrorBody(BaseModel):
    """What went wrong."""

    message: str
    type: str = Field(examples=["auth_error", "forbidden", "not_found", "invalid_request", "conflict", "api_error"])
    code: int = Field(description="The HTTP status.")
    request_id: str
    details: list[dict[str, object]] = []


class ErrorReply(BaseModel):
    """Every failure of the control plane has this shape."""

    error: ErrorBody


class Welcome(BaseModel):
    """What answers at the root."""

    name: str = "plexus"
    version: str
    openapi: str = Field(description="Path of the OpenAPI document.")


class Counts(BaseModel):
    """Since the process started."""

    exchanges: int
    active: int = Field(description="Exchanges that run now.")
    refused: int = Field(description="Calls refused before a key was known.")


class SystemInfo(BaseModel):
    """What runs here, and how it is."""

    version: str
    started_at: datetime
    revision: str = Field(description="Of the configuration in force.")
    parts: dict[str, str] = Field(description="The state of each part, as /readyz shows it.")
    counts: Counts
    models: int
    providers: int
    keys: int
