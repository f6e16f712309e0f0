"""``plexus init``: a first configuration."""

from __future__ import annotations

import typer

from plexus.cli.common import ConfigOption, fail, settings_for
from plexus.configuration.starter import write_starter


def init(config: ConfigOption = None) -> None:
    """Write a first configuration that works at once: the mock provider, and a key of its own."""
    path = settings_for(config).config
    try:
        secret = write_starter(path)
    except OSError as refused:
        if path.exists():
            fail(f"{path} exists already and stays as it is.")
        fail(f"{path} cannot be written: {refused.strerror}.")
    typer.echo(f"{path} is written. The client key in it: {secret}")
