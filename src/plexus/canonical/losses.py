"""What a translation could not express. A loss is reported, never silent (DESIGN section 1, promise 2)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class Loss(msgspec.Struct, frozen=True):
    """One thing that did not make it to the other side.

    ``path`` is where it stood in the source document (``messages[2].content[0].cache_control``); ``reason`` is a short
    machine word from REASONS.
    """

    path: str
    reason: str


class Losses(list[Loss]):
    """The losses of one translation, in the order in which they were met."""

    def add(self, path: str, reason: str) -> None:
        """Note one loss; the same path and reason count once."""
        loss = Loss(path, reason)
        if loss not in self:
            self.append(loss)

    def join(self, others: Iterable[Loss]) -> None:
        """Note those of another step of the same translation, too."""
        for loss in others:
            self.add(loss.path, loss.reason)


REASONS = {
    "unsupported": "the other protocol has no place for it",
    "approximated": "carried as the nearest thing that the other protocol has",
    "foreign": "an unknown member of another protocol",
    "clamped": "outside the other protocol's range, moved to its edge",
    "refused": "this provider's dialect refuses the member",
    "other_provider": "state that belongs to another provider",
    "reordered": "kept, but in another place",
}
