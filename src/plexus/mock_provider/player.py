"""Plays a script to the caller."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from plexus.http1.incoming import Incoming
from plexus.mock_provider.call import MockCall
from plexus.mock_provider.script import (
    Abort,
    Action,
    End,
    RawBytes,
    ResetConnection,
    Script,
    Sleep,
    Start,
    Wait,
    Whole,
    Write,
)

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, for no time at all: closing sends a reset (socket(7))."""


@dataclass(frozen=True, slots=True)
class Player:
    """How time passes: ``sleep`` takes seconds, ``wait`` returns when the provider is released."""

    sleep: Callable[[float], Awaitable[object]]
    wait: Callable[[], Awaitable[object]]

    async def play(self, script: Script, incoming: Incoming, call: MockCall) -> None:
        """All of ``script``, in order. Cancelled when the caller leaves."""
        for action in script:
            await self._act(action, incoming, call)

    async def _act(self, action: Action, incoming: Incoming, call: MockCall) -> None:
        if isinstance(action, Write):
            incoming.write(action.data)
            call.events += action.events
            await _room(incoming)
        elif isinstance(action, Sleep):
            await self.sleep(action.seconds)
        elif isinstance(action, Wait):
            call.waiting = True
            try:
                await self._silence(action, incoming)
            finally:
                call.waiting = False
        else:
            _answer(action, incoming)

    async def _silence(self, action: Wait, incoming: Incoming) -> None:
        """Until released; with a ping now and then if the action has one."""
        if not action.ping:
            await self.wait()
            return
        pings = asyncio.ensure_future(self._ping(action, incoming))
        try:
            await self.wait()
        finally:
            pings.cancel()

    async def _ping(self, action: Wait, incoming: Incoming) -> None:
        while True:
            incoming.write(action.ping)
            await _room(incoming)
            await self.sleep(action.every)


def _answer(action: Whole | Start | End | Abort | ResetConnection | RawBytes, incoming: Incoming) -> None:
    if isinstance(action, Whole):
        incoming.respond(action.status, action.fields, action.body)
    elif isinstance(action, Start):
        incoming.start(action.status, action.fields)
    elif isinstance(action, End):
        incoming.end()
    elif isinstance(action, Abort):
        incoming.abort()
    else:
        _take_over(action, incoming)


async def _room(incoming: Incoming) -> None:
    """Give the loop a turn, so that a caller who leaves is noticed; wait while the caller reads too slowly."""
    if not incoming.full:
        await asyncio.sleep(0)
        return
    room = asyncio.Event()
    incoming.when_writable(room.set)
    await room.wait()


def _take_over(action: ResetConnection | RawBytes, incoming: Incoming) -> None:
    transport, _ = incoming.detach()
    transport.set_protocol(asyncio.Protocol())
    if isinstance(action, RawBytes):
        transport.write(action.data)
        transport.close()
        return
    plain = transport.get_extra_info("socket")
    if plain is not None:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()
