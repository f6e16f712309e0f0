"""``plexus version``."""

from __future__ import annotations

import platform

import typer

from plexus import __version__
from plexus.cli.common import JsonOption, print_json


def version(as_json: JsonOption = False) -> None:
    """Print the version."""
    if as_json:
        print_json({"plexus": __version__, "python": platform.python_version()})
    else:
        typer.echo(f"plexus {__version__} (Python {platform.python_version()})")
