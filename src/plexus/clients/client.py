"""A client, and what connects it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

Form = Literal["json", "toml", "yaml", "env"]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the program should use. ``url`` is the gateway's root, without a slash at the end."""

    url: str
    key: str
    model: str
    small_model: str
    """For titles and the like, where the program has such a setting."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Members for one file of the program. Objects are merged, everything else replaces what was there."""

    path: str
    """Below the home folder."""
    form: Form
    members: Mapping[str, Any]


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """What connects a program. Where there are ``changes``, they suffice; ``environment`` does the same for one shell."""

    environment: Mapping[str, str] = {}
    changes: tuple[Change, ...] = ()
    code: str = ""
    notes: tuple[str, ...] = ()


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """One program."""

    name: str
    """As ``plexus connect`` takes it."""
    title: str
    protocol: str
    """What it speaks with the gateway."""
    page: str
    """Where its maker describes these settings."""
    connect: Callable[[Wish], Connection]
