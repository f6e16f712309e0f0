"""What a client authenticates with."""

from __future__ import annotations

import re

import msgspec


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A client key as the data plane knows it: never its secret, only ``digest`` (``configuration.secrets``).

    ``models`` are globs over the name as sent after alias resolution; None allows all.
    """

    name: str
    digest: bytes
    models: re.Pattern[str] | None = None
    model_globs: tuple[str, ...] = ("*",)
    comment: str | None = None
    strict: bool = False
    """Refuse losses on the request side (as ``x-plexus-strict: true`` does for one call)."""
    passthrough: bool = False
    """May send raw calls to the providers that are open to them, as far as ``models`` allow ``raw/<provider>``."""
    enabled: bool = True

    def allows(self, model: str) -> bool:
        """Whether this key may use the public name ``model``."""
        return self.models is None or self.models.fullmatch(model) is not None
