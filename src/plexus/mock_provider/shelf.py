"""What a provider keeps of its replies: the Responses API's ``store``."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from plexus.mock_provider.answer import Json


@dataclass(frozen=True, slots=True)
class Stored:
    """A reply that was kept: the response, the items of its own call, and those of the conversation before it."""

    response: Json
    given: tuple[Json, ...]
    before: tuple[Json, ...] = ()

    @property
    def conversation(self) -> tuple[Json, ...]:
        """All items up to and with the reply's own."""
        output = self.response["output"]
        return (*self.before, *self.given, *(output if isinstance(output, list) else ()))


class Shelf:
    """Keeps the last ``size`` replies by their id, in memory."""

    def __init__(self, size: int = 1_000) -> None:
        self._size = size
        self._kept: OrderedDict[str, Stored] = OrderedDict()

    def get(self, ident: str) -> Stored | None:
        """What is kept under ``ident``."""
        return self._kept.get(ident)

    def add(self, ident: str, stored: Stored) -> None:
        """Keep it; the oldest goes where there is no room."""
        self._kept[ident] = stored
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)

    def remove(self, ident: str) -> bool:
        """Forget it; whether it was there."""
        return self._kept.pop(ident, None) is not None

    def item(self, ident: str) -> Json | None:
        """An item of any kept reply or call, by its id."""
        for stored in reversed(self._kept.values()):
            for item in stored.conversation:
                if item.get("id") == ident:
                    return item
        return None
