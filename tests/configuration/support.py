"""What the tests of the configuration share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from plexus.configuration.errors import ConfigurationError, Problem
from plexus.configuration.load import Loaded, load
from plexus.domain.provider import Provider
from plexus.domain.snapshot import Snapshot
from plexus.protocols.anthropic_messages.dialect import MessagesDialect
from plexus.protocols.openai_chat.dialect import ChatDialect

PEPPER = b"p" * 32
SPOKEN = frozenset({"openai_chat", "anthropic_messages"})
DIALECTS: dict[str, type[msgspec.Struct]] = {"openai_chat": ChatDialect, "anthropic_messages": MessagesDialect}
SECRET = "sk-0123456789abcdef"


def loaded(source: str | Path, environ: Mapping[str, str] | None = None) -> Loaded:
    return load(
        source, environ or {}, pepper=PEPPER, known_protocols=SPOKEN, dialects=DIALECTS, clock=lambda: 1_700_000_000.5
    )


def snapshot(text: str, environ: Mapping[str, str] | None = None) -> Snapshot:
    return loaded(text, environ).snapshot


def provider(members: str, *, name: str = "acme", environ: Mapping[str, str] | None = None) -> Provider:
    """The provider made of one line of YAML, e.g. ``base_url: https://acme.example``."""
    return snapshot(f"providers: {{ {name}: {{ {members} }} }}", environ).providers[name]


def mistakes(source: str | Path, environ: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
    """What is reported; () for a configuration without mistakes."""
    try:
        loaded(source, environ)
    except ConfigurationError as error:
        return error.problems
    return ()


def mistake(source: str, environ: Mapping[str, str] | None = None) -> Problem:
    """The only mistake."""
    found = mistakes(source, environ)
    assert len(found) == 1, found
    return found[0]
