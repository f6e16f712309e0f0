"""Ids of function calls: Gemini may leave them out, and then a response belongs to its call by name and order."""

from __future__ import annotations

import re

MADE = "gcall_"
"""How ids begin that we made up; they are not sent to a provider that speaks Gemini."""
_FORBIDDEN = re.compile(r"[^A-Za-z0-9_-]")
MAX_BASE = 28


def made_id(base: str, number: int) -> str:
    """The id of the call ``number`` in the reply ``base``, in characters and length that every protocol takes."""
    return f"{MADE}{_FORBIDDEN.sub('', base)[-MAX_BASE:]}_{number}"


def is_made(call_id: str) -> bool:
    """Whether we made the id up."""
    return call_id.startswith(MADE)


class Calls:
    """Gives calls their ids, and finds the call of a response."""

    def __init__(self, base: str = "") -> None:
        self._base = base
        self._count = 0
        self._waiting: list[tuple[str, str]] = []

    def call(self, name: str, given: str | None) -> str:
        """The id of a call."""
        call_id = given or made_id(self._base, self._count)
        self._count += 1
        self._waiting.append((name, call_id))
        return call_id

    def response(self, name: str, given: str | None) -> str:
        """The id of the call that a response answers: by its id, else the first unanswered one of that name."""
        for place, (known, call_id) in enumerate(self._waiting):
            if call_id == given if given else known == name:
                del self._waiting[place]
                return call_id
        return given or made_id("lost" + self._base, self._count)
