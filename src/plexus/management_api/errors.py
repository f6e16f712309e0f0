"""The one error shape of the control plane: ``{"error": {"message", "type", "code", "request_id", "details"}}``."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from plexus.exchange.exchange import new_id
from plexus.management_api.views import ErrorBody, ErrorReply

log = logging.getLogger(__name__)

TYPES = {
    400: "invalid_request",
    401: "auth_error",
    403: "forbidden",
    404: "not_found",
    409: "conflict",
    422: "invalid_request",
}


def error_reply(status: int, message: str, details: list[dict[str, object]] | None = None) -> JSONResponse:
    """A failure; ``type`` follows from the status, ``api_error`` where nothing else does."""
    request_id = new_id()
    kind = TYPES.get(status, "invalid_request" if 400 <= status < 500 else "api_error")
    body = ErrorBody(message=message, type=kind, code=status, request_id=request_id, details=details or [])
    return JSONResponse(ErrorReply(error=body).model_dump(), status, headers={"x-request-id": request_id})


def install(app: FastAPI) -> None:
    """Answer every failure of ``app`` in that shape."""

    async def http_error(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        message = error.detail
        if error.status_code == 404 and message == "Not Found":
            message = f"No such path: {request.method} {request.url.path}."
        return error_reply(error.status_code, message)

    async def invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        details: list[dict[str, object]] = [
            {"path": ".".join(str(part) for part in problem["loc"]), "message": problem["msg"]}
            for problem in error.errors()
        ]
        return error_reply(400, "The request is not valid.", details)

    async def defect(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return error_reply(500, "The gateway failed. Its log holds the details.")

    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, defect)
