"""Presets: what is known about a provider, one TOML file each, read when it is asked for.

A file says, for each protocol, the URL that paths are put behind, how the credential is sent, and the provider's answers to
the protocol's dialect questions; ``[[models]]`` holds answers for models whose names match a pattern. The first protocol is
the one that is preferred. Dialect answers are plain members here; ``configuration`` turns them into the protocol's record.
"""

from __future__ import annotations

import functools
import tomllib
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import msgspec

from plexus.domain.provider import AuthScheme

Answers = dict[str, dict[str, Any]]
"""Protocol -> member of its dialect -> answer."""


class PresetError(Exception):
    """A preset file is wrong: a defect of ours, found by the tests."""


class PresetProtocol(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``url`` ends without a slash; its path is what a base URL of the operator's gets, too. ``auth``: None for the scheme
    of the protocol's owner."""

    url: str
    auth: AuthScheme | None = None
    dialect: dict[str, Any] = msgspec.field(default_factory=dict)


class PresetModels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Answers for the models whose names match the glob ``match``; the first that matches counts."""

    match: str
    dialect: Answers


class Preset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One provider. ``docs`` is the page that it was taken from."""

    name: str
    title: str
    docs: str
    needs_key: bool = True
    protocols: dict[str, PresetProtocol]
    models: tuple[PresetModels, ...] = ()

    @property
    def dialect(self) -> Answers:
        """The answers that hold for all models."""
        return {name: protocol.dialect for name, protocol in self.protocols.items() if protocol.dialect}


FOLDER = "presets"


def preset_names() -> list[str]:
    """All presets, sorted."""
    folder = files(__package__) / FOLDER
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


@functools.cache
def find_preset(name: str) -> Preset | None:
    """The preset ``name``; None if there is none. Raises PresetError."""
    if name not in preset_names():
        return None
    text = (files(__package__) / FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    return parse_preset(name, text)


@functools.cache
def presets_by_host() -> dict[str, str]:
    """Host (with port, where the URL has one) -> preset, for those that have a host of their own."""
    found = {}
    for name in preset_names():
        preset = find_preset(name)
        assert preset is not None
        for protocol in preset.protocols.values():
            host = urlsplit(protocol.url).netloc
            if not host.startswith("127.0.0.1"):
                found[host] = name
    return found


def parse_preset(name: str, text: str) -> Preset:
    """A preset out of the text of its file. Raises PresetError."""
    try:
        preset = msgspec.convert({"name": name, **tomllib.loads(text)}, Preset)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise PresetError(f"preset {name}: {error}") from None
    if not preset.protocols:
        raise PresetError(f"preset {name}: it speaks no protocol")
    for protocol in preset.protocols.values():
        parts = urlsplit(protocol.url)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.endswith("/") or parts.query:
            raise PresetError(f"preset {name}: {protocol.url} is no URL of an API")
    stray = {protocol for models in preset.models for protocol in models.dialect} - set(preset.protocols)
    if stray:
        raise PresetError(f"preset {name}: answers for protocols that it does not speak: {', '.join(sorted(stray))}")
    return preset
