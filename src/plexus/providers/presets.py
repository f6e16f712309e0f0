"""Presets: what is known about a provider beforehand. One TOML file each; a new compatible provider is a file and no code."""

from __future__ import annotations

import functools
import tomllib
from importlib import resources
from typing import Any, Literal

import msgspec

from plexus.domain.provider import AuthScheme


class PresetEndpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One protocol of the provider: the whole base URL, and how the credential is sent.

    Parts of the URL that belong to an account stand in braces (``{resource}``); the configuration writes them.
    """

    url: str
    auth: AuthScheme = "bearer"
    """How an ``api_key`` is sent."""
    path: str | None = None
    """Instead of the operation's own path; ``{model}`` is the upstream model."""
    stream_path: str | None = None
    """The same for streams, where it differs."""


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the URLs that belongs to an account; the configuration says it under ``parameters:``."""

    meaning: str
    default: str | None = None
    spelled: dict[str, str] = {}
    """Other values by that of this parameter, for a part of a URL that follows from it: ``{name}_host`` in the URL.
    ``*`` is any other value, and ``{}`` in it the value itself."""


class ModelAnswers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Dialect answers that hold for the upstream models that ``match`` a glob."""

    match: str
    dialects: dict[str, dict[str, Any]]


class Preset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A known provider. ``docs`` is the page that the facts were taken from."""

    name: str
    display_name: str
    docs: str
    endpoints: dict[str, PresetEndpoint]
    """By protocol, the preferred first. Protocols that are known but not spoken yet may stand here."""
    account: Literal["aws", "google", "entra"] | None = None
    """What stands for a missing ``api_key``: signatures of an AWS account, tokens of Google or of Entra."""
    parameters: dict[str, Parameter] = {}
    """What the braces in its URLs stand for, where more is known than the name."""
    credential: bool = True
    """Whether the provider wants a credential at all."""
    dialects: dict[str, dict[str, Any]] = {}
    """Answers to the protocols' dialect questions."""
    models: tuple[ModelAnswers, ...] = ()


@functools.cache
def load_presets() -> dict[str, Preset]:
    """All presets by name, read when first asked for. Raises msgspec.ValidationError for a file that is none."""
    folder = resources.files("plexus.providers") / "presets"
    found = {}
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".toml"):
            name = entry.name.removesuffix(".toml")
            found[name] = msgspec.convert({"name": name, **tomllib.loads(entry.read_text(encoding="utf-8"))}, Preset)
    return found
