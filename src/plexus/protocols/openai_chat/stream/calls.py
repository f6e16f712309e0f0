"""Telling the pieces of tool calls apart, whatever a provider makes of index and id.

OpenAI numbers the calls by ``index`` and says id and name once. Others leave the index out, give 0 to every call, begin at
1, repeat the id, send "" for it, or send whole calls. The rules, in order: a known id is that call; a known index is that
call, unless another id comes with a name (then a new call takes over the index); without an index, an id or a name that
is new begins a call; all else continues the last one.
"""

from __future__ import annotations

from plexus.canonical.content import ReasoningState
from plexus.protocols.openai_chat.wire import CallDelta


class OpenCall:
    """A call while its pieces come in. ``block`` is None until its name is known and it has begun."""

    __slots__ = ("arguments", "block", "custom", "id", "name", "number", "state")

    def __init__(self, number: int) -> None:
        self.number = number
        self.id = ""
        self.name = ""
        self.custom = False
        self.block: int | None = None
        self.state: ReasoningState | None = None
        self.arguments: list[str] = []
        """Pieces that came before the name."""


class OpenCalls:
    """The calls of one choice."""

    __slots__ = ("_by_id", "_by_index", "_last", "all")

    def __init__(self) -> None:
        self.all: list[OpenCall] = []
        self._by_id: dict[str, OpenCall] = {}
        self._by_index: dict[int, OpenCall] = {}
        self._last: OpenCall | None = None

    def find(self, delta: CallDelta, name: str | None) -> OpenCall:
        """The call that a piece belongs to, begun if need be."""
        call = self._known(delta, name)
        if call is None:
            call = OpenCall(len(self.all))
            self.all.append(call)
        if delta.index is not None:
            self._by_index[delta.index] = call
        if delta.id and not call.id:
            call.id = delta.id
            self._by_id[delta.id] = call
        if name and not call.name:
            call.name = name
        self._last = call
        return call

    def _known(self, delta: CallDelta, name: str | None) -> OpenCall | None:
        if delta.id and delta.id in self._by_id:
            return self._by_id[delta.id]
        if delta.index is None:
            return None if delta.id or name else self._last
        call = self._by_index.get(delta.index)
        if call is not None and delta.id and call.id and name:
            return None
        return call
