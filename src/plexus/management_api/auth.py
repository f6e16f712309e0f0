"""Who may operate: the holder of the admin key, sent as ``x-admin-key``."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Depends, Header, HTTPException, Request


def require_admin(request: Request, x_admin_key: Annotated[str | None, Header()] = None) -> None:
    """Raises 401 without the key or with another one, 403 where no admin key is configured."""
    expected: str | None = request.app.state.control.admin_key()
    if expected is None:
        raise HTTPException(403, "No admin key is configured. Set ADMIN_KEY, or adminKey in the configuration.")
    if x_admin_key is None or not hmac.compare_digest(x_admin_key.encode(), expected.encode()):
        raise HTTPException(401, "Send the admin key as x-admin-key.")


Admin = Depends(require_admin)
