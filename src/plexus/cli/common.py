"""What several commands need: settings, a loaded configuration, output as text or JSON."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import typer

from plexus.configuration.compile import Rules
from plexus.configuration.load import Loaded, load_text
from plexus.configuration.problems import ConfigurationError
from plexus.configuration.secrets import digester
from plexus.protocols.registry import DIALECTS, PROTOCOLS
from plexus.settings import Settings, SettingsError, load_or_make_root_key

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Configuration file (PLEXUS_CONFIG, config/plexus.yaml).")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def fail(message: str, status: int = 1) -> NoReturn:
    """Say what is wrong and exit."""
    sys.stderr.write(message + "\n")
    raise typer.Exit(status)


def settings_for(config: Path | None = None) -> Settings:
    """The settings, with another configuration file where one was named. Exits with 2 when they cannot be used."""
    try:
        settings = Settings.from_environ(os.environ)
    except SettingsError as wrong:
        fail(str(wrong), 2)
    return settings if config is None else replace(settings, config=config)


def load_configuration(settings: Settings) -> Loaded:
    """The configuration file, compiled. Exits with 2 when it cannot be used."""
    try:
        text = settings.config.read_text(encoding="utf-8")
    except OSError as missing:
        fail(f"{settings.config} cannot be read: {missing.strerror}. `plexus init` writes a first one.", 2)
    try:
        rules = Rules(digest=digester(load_or_make_root_key(settings)), dialects=DIALECTS, protocols=PROTOCOLS)
        return load_text(text, os.environ, settings.config.parent, rules)
    except ConfigurationError as wrong:
        fail("\n".join(f"{settings.config}:{problem}" for problem in wrong.problems), 2)
    except SettingsError as wrong:
        fail(str(wrong), 2)


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
